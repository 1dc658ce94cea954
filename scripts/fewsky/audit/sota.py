"""Study, ours and the best published figure side by side, read from their file; light.

A row is a mapping: question, measure, differs (how the protocols differ, in words); study and best,
keys of report/published.csv or null; ours, {experiment, metric} and perhaps `complement: true`,
which gives one minus the metric.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fewsky.audit.claims import load_rows
from fewsky.console import FewskyError

NEEDED = ("question", "measure", "study", "ours", "best", "differs")
OURS = ("experiment", "metric", "complement")


def load_sota(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a file, checked; raises FewskyError, one line, for the first fault."""
    rows = load_rows(path, "rows")
    for row in rows:
        where = f"{path}: {row.get('question', 'a row')}"
        missing = next((key for key in NEEDED if key not in row), None)
        unknown = next((key for key in row if key not in NEEDED), None)
        unknown = unknown or next((key for key in row.get("ours") or {} if key not in OURS), None)
        if missing:
            raise FewskyError(f"{where}: wanted the key '{missing}'; found none. Add it.")
        if unknown:
            known = ", ".join((*NEEDED, *OURS))
            raise FewskyError(f"{where}: wanted keys among {known}; found '{unknown}'. Mend it.")
    return rows


def placed(rows: Sequence[Mapping[str, Any]], plan: Any, scored: Sequence[str]) -> list[dict]:
    """The rows with the `task` of our experiment, None where no chapter shows one of this run."""
    return [{**row, "task": _task(row["ours"], plan, scored)} for row in rows]


def _task(ours: Mapping[str, Any] | None, plan: Any, scored: Sequence[str]) -> str | None:
    if not ours or ours["experiment"] not in plan.experiments:
        return None
    task = plan.experiments[ours["experiment"]]["task"]
    return task if task in scored else None
