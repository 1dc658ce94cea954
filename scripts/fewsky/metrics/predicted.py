"""Predictions of all shards as one table, and what there is to say of it: no label is known."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.files import load_table
from fewsky.metrics.priors import find_prior

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


def as_catalogued(table: pd.DataFrame) -> pd.DataFrame:
    """The table with object_ids as in the catalogue, where they do not begin with the field."""
    pairs = zip(table["object_id"], table["field"], strict=True)
    return table.assign(object_id=[name.removeprefix(f"{field}-") for name, field in pairs])


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
        "shares_in_training": dict(zip(classes, prior.round(DIGITS).tolist(), strict=True)),
        "shares_expected": dict(zip(classes, np.round(shares, DIGITS).tolist(), strict=False)),
        "shares_expected_by": "EM on the probabilities of objects inside, without labels",
    }


def counted(words: pd.Series) -> dict[str, int]:
    """How often each word stands in a column, empty ones apart."""
    found = words[words != ""].value_counts().sort_index()
    return {str(word): int(n) for word, n in found.items()}
