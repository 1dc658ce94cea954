"""Cells of the tables of the audit: printed claims, and study, ours and the best published."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fewsky.audit.runs import measured
from fewsky.audit.verdicts import NOT_RUN
from fewsky.paper.tables import UNKNOWN, interval

# First authors: a narrow column has no room for more.
STUDIES = {
    "S0": "Hadidjojo",
    "S1": "Tessa",
    "S2": "Ruhmer",
    "S3": "Martinazzo",
    "astroNN": "astroNN",
}
PUBLISHERS = {"KB17": "Kim", "AI20": "Awang Iskandar", "AC18": "Ackermann"}
PUBLISHERS |= {"GD22": "Gharat", "P23": "Pandya", "D23": "Dagli"}


def rows_of(audit: pd.DataFrame) -> list[dict[str, str]]:
    """Rows of the table of printed claims, from the audit (audit.table.COLUMNS)."""
    return [
        {
            "Study": STUDIES[row.study],
            "Claim": row.words,
            "Printed": row.printed,
            "Re-derived": row.derived or UNKNOWN,
            "Our runs": ours_in_words(row),
            "Verdict": row.verdict,
        }
        for row in audit.itertuples()
    ]


def ours_in_words(row: Any) -> str:
    """Our measure with its interval, said to be simulated where it is; why there is none."""
    if row.found in ("", NOT_RUN):
        return row.found or UNKNOWN
    told = f"{row.measure} {interval(*map(float, (row.ours, row.lower, row.upper)))}"
    return f"SIMULATED {told}" if row.simulated else told


def compared_rows(
    rows: Sequence[Mapping[str, Any]], metrics: Mapping[str, pd.DataFrame], printed: pd.DataFrame
) -> list[dict[str, str]]:
    """Rows of the table of study, ours and the best published.

    `rows` are those of audit.sota.placed, `metrics` the tables by task, `printed` the table
    report/published.csv.
    """
    by_claim = printed.set_index("claim")
    return [
        {
            "Question": row["question"],
            "Measure": row["measure"],
            "Study": told(row["study"], by_claim),
            "Ours": ours_of(row, metrics),
            "Best published": told(row["best"], by_claim),
            "What differs": row["differs"],
        }
        for row in rows
    ]


def told(claim: str | None, by_claim: pd.DataFrame) -> str:
    """A figure as printed, and who printed it; a dash where there is none."""
    if not claim:
        return UNKNOWN
    row = by_claim.loc[claim]
    who = STUDIES.get(row["study"]) or PUBLISHERS.get(row["study"]) or row["row"]
    return f"{row['value']} ({who})"


def ours_of(row: Mapping[str, Any], metrics: Mapping[str, pd.DataFrame]) -> str:
    """Our score with its interval."""
    if not row["task"]:
        return NOT_RUN
    ours = {**row["ours"], "task": row["task"]}
    value, lower, upper = measured(ours, {"metrics": metrics}, ours["metric"])
    if ours.get("complement"):
        value, lower, upper = 1 - value, 1 - upper, 1 - lower
    return NOT_RUN if np.isnan(value) else interval(value, lower, upper)
