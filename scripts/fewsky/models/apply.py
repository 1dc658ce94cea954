"""Trained networks applied to new objects: calibrated probabilities, and what is outside."""

from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.extra_columns import column_of
from fewsky.metrics.temperature import apply_temperature
from fewsky.models import domain
from fewsky.models.members import Member, filled, look

FEWEST = 10  # training objects that neighbours are looked for among
PLACE = ["object_id", "ra", "dec", "field", "x", "y"]
ARRAYS = ("centre", "spread", "points")


def fit_domain(
    members: list[Member], images: np.ndarray, catalog: pd.DataFrame, settings: dict[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What predictions need of the training objects: references by name, and their card.

    `images` `(n, band, y, x)` and `catalog`, measured columns joined, are those of the experiment's
    dataset; `settings` has `outside` and `reference_band`. A temperature, the limits of both
    representations and that of the larger of them are taken from validation objects inside the
    budget, never from tested ones.
    """
    outside = settings["outside"]
    columns = compared(members[0], catalog)
    arrays, runs, pooled, trained = {}, [], [], np.zeros(len(catalog), bool)
    for number, member in enumerate(members):
        rows = {part: member.rows(part, catalog) for part in ("train", "val")}
        check_enough(member, len(rows["train"]))
        values = {
            part: represented(member, images[own], catalog.iloc[own], columns)
            for part, own in rows.items()
        }
        references = {
            kind: domain.fit_reference(values["train"][kind], values["val"][kind], outside["share"])
            for kind in domain.KINDS
        }
        judged = "val" if len(rows["val"]) else "train"
        pooled.append(domain.unlikeness(references, values[judged]))
        trained[rows["train"]] = True
        arrays |= packed(number, references)
        limits = {kind: one.limit for kind, one in references.items()}
        runs.append({**member.told(), "limits": limits, "limits_from": judged})
        say(f"draw {runs[-1]['draw']}: temperature {runs[-1]['temperature']:.3f}")
    every = catalog[trained]
    spans = domain.ranges(every, images[trained], settings["reference_band"], **outside)
    limit = domain.upper(np.concatenate(pooled), outside["share"])
    names = sorted(every["object_id"])
    card = {"columns": columns, "limit": limit, "ranges": spans, "runs": runs, "trained_on": names}
    return arrays, card


def apply(
    members: list[Member],
    images: np.ndarray,
    catalog: pd.DataFrame,
    arrays: dict[str, np.ndarray],
    card: dict[str, Any],
) -> pd.DataFrame:
    """One row an object: PLACE, probabilities, decision, spread, score, outside, why, conditions.

    `images` are `(n, band, y, x)` with the experiment's bands, `catalog` has the measured columns
    joined; no label is read. p_CLASS is the mean over networks of the probability at each one's
    temperature, p_CLASS_raw the mean without; `spread` is the standard deviation over networks of
    the decided class's, NaN of one. `score` is the unlikeness, 1 at the limit.
    """
    classes = members[0].card["classes"]
    raw, scaled, score = answers(members, images, catalog, arrays, card)
    mean, plain = scaled.mean(axis=0), raw.mean(axis=0)
    decided = mean.argmax(axis=1)
    own = scaled[:, np.arange(len(decided)), decided]
    table = catalog.reindex(columns=PLACE).reset_index(drop=True)
    for k, name in enumerate(classes):
        table[f"p_{name}"], table[f"p_{name}_raw"] = mean[:, k], plain[:, k]
    table["decided"] = np.array(classes, object)[decided]
    table["spread"] = own.std(axis=0, ddof=1) if len(members) > 1 else np.nan
    why = domain.reasons(score, images, catalog, members[0].card["bands"], card["ranges"])
    table["score"] = score
    table["outside"] = np.array([bool(words) for words in why], bool)
    table["why_outside"] = np.array(why, object)
    conditions = [f"{kind}_{card['ranges']['band']}" for kind in ("snr", "psf_fwhm")]
    known = {name: catalog[name].to_numpy() for name in conditions if name in catalog}
    return table.assign(**known)


def compared(member: Member, catalog: pd.DataFrame) -> list[str]:
    """Columns that new objects are held against training in: feat_*, and what a network reads."""
    read = {column_of(item["name"]) for item in member.card["input"]["extra"]}
    return sorted(read | {name for name in catalog if name.startswith("feat_")})


def answers(members, images, catalog, arrays, card) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities as stated and at the temperatures, `(member, n, class)`, and scores `(n,)`."""
    check_known(members[0], catalog)
    whole, measured = filled(images), catalog[card["columns"]].to_numpy(float)
    raw, scaled, far = [], [], []
    for number, (member, run) in enumerate(zip(members, card["runs"], strict=True)):
        stated, features = look(member, whole, catalog)
        values = {"features": features, "measured": measured}
        references = unpacked(number, arrays, run["limits"])
        far.append(domain.unlikeness(references, values) / card["limit"])
        raw.append(stated)
        scaled.append(apply_temperature(stated, run["temperature"]))
    return np.stack(raw), np.stack(scaled), np.mean(far, axis=0)


def check_known(member: Member, catalog: pd.DataFrame) -> None:
    """Raise FewskyError where a column that the network reads is known of no new object.

    One that training has taught to go without, by a flag or by a draw, may be.
    """
    told = {item["name"]: item for item in member.card["input"]["extra"]}
    for name, item in told.items():
        column = column_of(name)
        if name.startswith("known(") or f"known({name})" in told or "drawn" in item:
            continue
        if column not in catalog or (len(catalog) and catalog[column].isna().all()):
            raise FewskyError(
                f"experiment {member.card['experiment']}: wanted {column} of the new objects, "
                "which it reads; found none in their catalogue. Take a catalogue that has it, or "
                "another experiment."
            )


def check_enough(member: Member, found: int) -> None:
    """Raise FewskyError where there are too few training objects to be compared with."""
    if found < FEWEST:
        raise FewskyError(
            f"experiment {member.card['experiment']}: wanted at least {FEWEST} training objects to "
            f"compare new ones with; found {found}. Raise its budget and train it again."
        )


def represented(member: Member, images, catalog, columns) -> dict[str, np.ndarray]:
    """Both representations of some objects, `(n, column)` each."""
    features = look(member, filled(images), catalog)[1]
    return {"features": features, "measured": catalog[columns].to_numpy(float)}


def packed(number: int, references: dict[str, domain.Reference]) -> dict[str, np.ndarray]:
    """The arrays of a network's references, each under a name of its own."""
    return {
        f"{number}.{kind}.{name}": getattr(one, name)
        for kind, one in references.items()
        for name in ARRAYS
    }


def unpacked(
    number: int, arrays: dict[str, np.ndarray], limits: dict[str, float]
) -> dict[str, domain.Reference]:
    """The references of a network, from what `packed` gave."""
    return {
        kind: domain.Reference(*(arrays[f"{number}.{kind}.{name}"] for name in ARRAYS), limit)
        for kind, limit in limits.items()
    }
