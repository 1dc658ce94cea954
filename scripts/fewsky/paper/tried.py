"""What was tried and found no better, judged row by row and as a whole.

A row is better or worse where its comparison says so; else it is no better where even the upper end
of its interval is a gain below the margin that was declared; else it cannot be told. The claim is
about all rows at once: it falls with a row that stays better after Holm's (1979) correction for
their number, and stands where every row is worse or no better.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fewsky.metrics.stats import LEVEL, holm

VERDICTS = ("better", "no better", "worse", "cannot be told")
KEPT = ["difference", "lower", "upper", "p", "minimum_detectable", "n_replicates"]


def judged(
    comparisons: pd.DataFrame, rows: Sequence[Mapping[str, Any]], margin: float
) -> pd.DataFrame:
    """A table of the rows with their comparison in MCC, their `verdict`, and p after Holm.

    `comparisons` is that of the task; `rows` have name, against and grid (tried.told_tried). What
    is held against nothing has NaN, and no verdict; `p_holm` is of the rows of the grids.
    """
    found = comparisons[comparisons["metric"] == "mcc"].set_index(["a", "b"])
    table = pd.DataFrame(list(rows))
    keys = [*zip(table["name"], table["against"], strict=True)]
    told = found.reindex(pd.MultiIndex.from_tuples(keys, names=["a", "b"])).reset_index(drop=True)
    table = table.assign(**{key: told[key] for key in KEPT})
    table["verdict"] = [
        verdict(*row, margin) for row in zip(told["verdict"], told["upper"], strict=True)
    ]
    return table.assign(p_holm=holm(table["p"].where(table["grid"] != "")))


def verdict(told: str | float, upper: float, margin: float) -> str:
    """The verdict on a row from that of its comparison and the upper end of its interval."""
    if told in ("better", "worse"):
        return str(told)
    if pd.isna(told):
        return ""
    return "no better" if upper < margin else "cannot be told"


def claim(table: pd.DataFrame) -> dict[str, Any]:
    """The claim that nothing tried is better, by a table of `judged`.

    `verdict` is holds, fails or cannot be told; `counts` are rows by verdict, `better` names those
    that stay better after the correction, `nominal` those that are better without it.
    """
    rows = table[table["grid"] != ""]
    counts = counted(rows)
    nominal = rows[rows["verdict"] == "better"]
    better = nominal[nominal["p_holm"] < 1 - LEVEL]
    apart = counts["worse"] + counts["no better"] == len(rows)
    told = "fails" if len(better) else "holds" if apart else "cannot be told"
    return {
        "verdict": told,
        "counts": counts,
        "better": better["name"].tolist(),
        "nominal": nominal["name"].tolist(),
    }


def counted(rows: pd.DataFrame) -> dict[str, int]:
    """How many rows have each verdict."""
    return {name: int((rows["verdict"] == name).sum()) for name in VERDICTS}


def extremes(table: pd.DataFrame) -> dict[str, Any]:
    """The rows of the grids with the largest and the smallest difference, and the median of the
    differences that would have been found."""
    rows = table[(table["grid"] != "") & np.isfinite(table["difference"])]
    return {
        "highest": rows.loc[rows["difference"].idxmax(), "name"],
        "lowest": rows.loc[rows["difference"].idxmin(), "name"],
        "detectable": float(rows["minimum_detectable"].median()),
    }
