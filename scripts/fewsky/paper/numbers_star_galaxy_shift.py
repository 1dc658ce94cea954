"""Numbers and facts of the star/galaxy chapter under shift, from the table of rule score_shift."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.files import load_table
from fewsky.paper.numbers import Numbers, interval, number

MAKERS = {"shift": "rule score_shift, from the predictions of paper.star-galaxy.shift"}
SIDES = ("inside", "outside")
# What is done to finished probabilities: the measure before and after, and whether more is better.
REMEDIES = {
    "prior": ("accuracy", "accuracy_prior_corrected", True),
    "temperature": ("ece", "ece_calibrated", False),
}
DECIDES = ("auroc", "accuracy", "recall_star")  # the first of these that is known everywhere


def collect(
    settings: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[Numbers, dict[str, Any] | None]:
    """Numbers and facts of the section; none of both where it is left out."""
    block = settings["chapter"].get("shift")
    if not block:
        return {}, None
    return of_shift(files["shift"]), facts_of(files["shift"], block)


def of_shift(path: str | Path) -> Numbers:
    """Keys shift.EXPERIMENT.SIDE.MEASURE; a subset other than all stands before the measure."""
    numbers: Numbers = {}
    for row in load_table(path).itertuples():
        stem = f"shift.{row.experiment}.{row.side}"
        stem += "" if row.subset == "all" else f".{row.subset}"
        numbers[f"{stem}.n"] = number(int(row.n), ",d", path)
        if pd.notna(row.value):
            numbers |= interval(f"{stem}.{row.metric}", row, ".3f", path)
    return numbers


def facts_of(path: str | Path, told: Mapping[str, Any]) -> dict[str, Any]:
    """The experiments, the sides that have test objects, and the best on foreign fields.

    `best` is by AUROC over all foreign objects, by accuracy where it is not defined; `surely` says
    whether the intervals of the next one and of the best keep apart, which is a stricter demand
    than a paired test makes. `remedies` holds by the name of each of REMEDIES whether it helped the
    declared recipe there, by the same demand (see `judged`).
    """
    table = load_table(path)
    rows = table[table["subset"] == "all"]
    sides = [side for side in SIDES if (rows["side"] == side).any()]
    foreign = rows[rows["side"] == sides[-1]]
    ranked, metric = _ranked(foreign)
    surely = len(ranked) > 1 and bool(ranked["lower"].iloc[0] > ranked["upper"].iloc[1])
    return {
        "experiments": list(told["experiments"]),
        "recipe": told["recipe"],
        "sides": sides,
        "metric": metric,
        "best": ranked["experiment"].iloc[0],
        "surely": surely,
        "auroc": metric == "auroc",
        "remedies": {
            name: judged(foreign[foreign["experiment"] == told["recipe"]], *told_of)
            for name, told_of in REMEDIES.items()
        },
    }


def judged(rows: pd.DataFrame, before: str, after: str, more_is_better: bool) -> str | None:
    """helps or harms where the intervals of two measures keep apart, else open; None if unknown."""
    own = rows.set_index("metric")
    if not {before, after} <= set(own.index[own["value"].notna()]):
        return None
    one, other = own.loc[before], own.loc[after]
    if one["upper"] < other["lower"]:
        return "helps" if more_is_better else "harms"
    if other["upper"] < one["lower"]:
        return "harms" if more_is_better else "helps"
    return "open"


def _ranked(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Experiments by the first measure that is known of all, best first, and its name."""
    for metric in DECIDES:
        own = rows[rows["metric"] == metric]
        if len(own) and own["value"].notna().all():
            break
    return own.sort_values(["value", "experiment"], ascending=[False, True]), metric
