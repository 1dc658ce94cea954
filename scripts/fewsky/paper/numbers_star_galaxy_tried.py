"""Numbers and facts of what was tried and found no better, for the star/galaxy chapter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.files import load_table
from fewsky.paper.numbers import Numbers, interval, keyed, number
from fewsky.paper.numbers_star_galaxy import of_split
from fewsky.paper.tried import claim, counted, extremes, judged

MAKERS = {"tried": "rule compare, from the comparisons of the task of what was tried"}


def collect(
    settings: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[Numbers, dict[str, Any] | None]:
    """Numbers and facts of the part; none of both where the chapter leaves it out.

    `settings` and `files` are those of the chapter.
    """
    told = settings.get("tried")
    if not told:
        return {}, None
    task = settings["experiments"][told["rows"][0]["name"]]["task"]
    numbers, facts = of_tried(told, files["comparisons"][task])
    numbers |= of_split("tried", files["audits"][task], settings["tasks"][task])
    return numbers, facts


def of_tried(settings: Mapping[str, Any], path: str | Path) -> tuple[Numbers, dict]:
    """Numbers tried.ROW.difference, tried.rows and others, and the facts of the claim.

    `settings` is what the grid is told (tried.told_tried), `path` its comparisons.
    """
    table = judged(load_table(path), settings["rows"], settings["margin"])
    rows = table[table["grid"] != ""]
    ends = extremes(table)
    numbers: Numbers = keyed(
        {
            "rows": (len(rows), "d"),
            "margin": (settings["margin"], "g"),
            "detectable": (ends["detectable"], ".3f"),
            "draws": (int(rows["n_replicates"].max()), "d"),
        },
        path,
        "tried",
    )
    for row in table[table["against"] != ""].itertuples():
        told = pd.Series({key: getattr(row, key) for key in ("lower", "upper")})
        told["value"] = row.difference
        numbers |= interval(f"tried.{row.name}.difference", told, "+.3f", path)
    undecided = int((rows["verdict"] == "cannot be told").sum())
    facts = {
        "claim": {**claim(table), "undecided": number(undecided, "d", path)["text"]},
        "reference": table["name"].iloc[0],
        "highest": ends["highest"],
        "lowest": ends["lowest"],
        "beside": table.loc[(table["grid"] == "") & (table["against"] != ""), "name"].tolist(),
        "grids": [
            {"about": about, **_tally(own)} for about, own in rows.groupby("grid", sort=False)
        ],
        "larger": _larger(rows, table["side"].iloc[0]),
    }
    return numbers, facts


def _tally(rows: pd.DataFrame) -> dict[str, Any]:
    """How many rows there are, whether it is one, and how many have each verdict that occurs."""
    known = {verdict: n for verdict, n in counted(rows).items() if n}
    tally = [{"n": str(n), "verdict": verdict} for verdict, n in known.items()]
    return {"n": str(len(rows)), "one": len(rows) == 1, "tally": tally}


def _larger(rows: pd.DataFrame, side: int) -> dict[str, Any] | None:
    """Rows that see more of the sky than the reference does, if any, and their verdicts."""
    own = rows[rows["side"] > side]
    sides = sorted({int(value) for value in own["side"]})
    return {**_tally(own), "sides": [str(value) for value in sides]} if len(own) else None
