"""Predictions of all shards as one table, and what there is to say of it: no label is known."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.files import load_table
from fewsky.metrics.priors import find_prior
from fewsky.models.domain import warnings

DIGITS = 6


def join(paths: Iterable[str], settings: dict[str, Any]) -> pd.DataFrame:
    """The rows of all shards; probabilities, spread and score have six digits.

    Raises FewskyError where no shard holds an object.
    """
    tables = [load_table(path) for path in paths]
    filled = [table for table in tables if len(table)]
    if not filled:
        what = settings["catalogue"] if settings["fields"] else settings["folder"]
        where = ", ".join(settings["fields"] or []) or "the folder"
        raise FewskyError(
            f"predict.{settings['prediction']}: wanted objects of {what} in {where}; found none. "
            "Check its positions, or leave catalogue out: then sources are found."
        )
    table = pd.concat(filled, ignore_index=True)
    numbers = [name for name in table if name.startswith("p_")] + ["spread", "score"]
    table[numbers] = table[numbers].astype(float).round(DIGITS)
    return table.assign(field=table["field"].fillna("").astype(str))


def with_warnings(table: pd.DataFrame, card: dict[str, Any]) -> pd.DataFrame:
    """The table with the column `warning`: in words, how the row's field differs as a whole.

    `card` is that of the domain. Objects that were trained on are told, too: they are no new ones.
    """
    known = table["object_id"].isin(card["trained_on"])
    words = {}
    for field, rows in table.groupby("field"):
        told = warnings(rows, card["ranges"])
        if again := int(known[rows.index].sum()):
            told.append(f"{again} of {len(rows)} objects were trained on")
        words[field] = "; ".join(told)
    return table.assign(warning=table["field"].map(words))


def as_catalogued(table: pd.DataFrame) -> pd.DataFrame:
    """The table with object_ids as in the catalogue, where they do not begin with the field."""
    pairs = zip(table["object_id"], table["field"], strict=True)
    return table.assign(object_id=[name.removeprefix(f"{field}-") for name, field in pairs])


def closing(card: dict[str, Any], table: str) -> list[str]:
    """What is said of a prediction when it is there, 3 to 6 lines; `table` is its path."""
    fields, n, out = len(card["fields"] or []), card["objects"], card["outside"]
    where = f"{fields} field{'s' * (fields != 1)}" if fields else card["folder"]
    lines = [
        f"{table}: {n:,} objects of {where} by {card['experiment']}, "
        f"mean of {len(card['networks'])} network{'s' * (len(card['networks']) != 1)}"
    ]
    shares = card["shares_expected"] or dict.fromkeys(card["shares_in_training"], float("nan"))
    lines.append("inside: " + ", ".join(
        f"{name} {card['decided_inside'].get(name, 0):,} (share expected {share:.2f}, "
        f"in training {card['shares_in_training'][name]:.2f})" for name, share in shares.items()
    ))  # fmt: skip
    why = ", ".join(f"{word} {count:,}" for word, count in ranked(card["why_outside"]))
    lines.append(f"outside, not to be believed: {out:,} ({out / n:.0%})" + f": {why}" * bool(why))
    told = [f"{name}: {word}" if name else word for name, word in card["warnings"].items()]
    more = f" (and {len(told) - 2} more, in the card)" if len(told) > 2 else ""
    lines += [f"warning: {word}" for word in told[:2]]
    lines[-1] += more
    return [*lines, "card, pictures: " + ", ".join(f".{end}" for end in ("json", "png", "pdf"))]


def ranked(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Words and how often they stand, the commonest first."""
    return sorted(counts.items(), key=lambda item: -item[1])


def describe(table: pd.DataFrame, domain: dict[str, Any], settings: dict[str, Any]) -> dict:
    """The card of a prediction: model, temperatures, limits, counts, and the shares expected.

    These are class shares by Saerens, Latinne and Decaestecker's EM over what is not outside: an
    estimate without labels, that holds where the classes look as they did in training.
    """
    classes = settings["classes"]
    inside = table[~table["outside"]]
    counts = np.sum([[run["trained_on"][c] for c in classes] for run in domain["runs"]], axis=0)
    prior = counts / counts.sum()
    stated = inside[[f"p_{c}" for c in classes]].to_numpy(float)
    shares = find_prior(stated / stated.sum(axis=1, keepdims=True), prior)[0] if len(inside) else []
    words = table.groupby("field")["warning"].first()
    told = {key: settings[key] for key in ("experiment", "draws", "fields", "catalogue", "folder")}
    return {
        **told,
        "prediction": settings["prediction"],
        "networks": domain["runs"],
        "limit": domain["limit"],
        "ranges": domain["ranges"],
        "measured_columns": len(domain["columns"]),
        "objects": len(table),
        "objects_trained_on": int(table["object_id"].isin(domain["trained_on"]).sum()),
        "decided": counted(table["decided"]),
        "decided_inside": counted(inside["decided"]),
        "outside": int(table["outside"].sum()),
        "why_outside": counted(table["why_outside"].str.split("; ").explode()),
        "objects_by_field": counted(table["field"]),
        "warnings": {name: word for name, word in words.items() if word},
        "shares_in_training": dict(zip(classes, prior.round(DIGITS).tolist(), strict=True)),
        "shares_expected": dict(zip(classes, np.round(shares, DIGITS).tolist(), strict=False)),
        "shares_expected_by": "EM on the probabilities of objects inside, without labels",
    }


def counted(words: pd.Series) -> dict[str, int]:
    """How often each word stands in a column, empty ones apart."""
    found = words[words != ""].value_counts().sort_index()
    return {str(word): int(n) for word, n in found.items()}
