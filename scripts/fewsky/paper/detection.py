"""Cells of the detection chapter's tables: which boxes scores are held against, and folds."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from fewsky.console import FewskyError
from fewsky.files import load_table
from fewsky.paper.kinds import WORDS

AUTHORS = {"S1": "Tessa & Terranova: "}
PRINTED = "Tessa & Terranova, printed"
DIGITS = 2  # of what they print
COLUMNS = {
    "map_50": "mAP@.50",
    "map_50_95": "mAP @[.50:.95]",
    "ar_1": "AR@1",
    "ar_10": "AR@10",
}
# Where boxes come from, by the source of the least known of them.
BOXES = {
    "true": "true",
    "corrected": "corrected by a person",
    "catalogue": "from a catalogue",
    "proposed": "proposed by a rule",
}
SAMPLE = "sample"  # the experiment of the rows that describe the boxes
PROPOSER = "segments"  # the opponent that is the rule that proposes boxes


def load_scores(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Metrics of some tasks in one table, each task named in the column `task`.

    Words such as true, a source of boxes, stay words.
    """
    words = {"reference": str, "subset": str}
    tables = [load_table(path, dtype=words).assign(task=Path(path).stem) for path in paths]
    return pd.concat(tables, ignore_index=True)


def reference_of(metrics: pd.DataFrame) -> str:
    """The source of the boxes that the scores of one task are held against: a key of BOXES.

    Raises FewskyError where there is none, or more than one.
    """
    found = sorted(set(metrics["reference"].dropna()))
    if len(found) != 1 or found[0] not in BOXES:
        raise FewskyError(
            f"metrics: wanted scores against one of {', '.join(BOXES)} boxes; found "
            f"{', '.join(found) or 'none'}. Score the task again."
        )
    return found[0]


def in_bins(rows: pd.DataFrame, start: str) -> pd.DataFrame:
    """Metrics rows whose subset is a bin such as `brightness -12.0--11.0`, with low and high.

    Rows come in order of the bins; unlike those of other tasks, edges may be negative.
    """
    edges = rows["subset"].str.extract(rf"^{start} (-?[\d.]+)-(inf|-?[\d.]+)(?: \w+)?$")
    found = rows.assign(low=edges[0].astype(float), high=edges[1].astype(float))
    return found.dropna(subset=["low", "high"]).sort_values("low", kind="stable")


def defines(family: str | None, reference: str) -> bool:
    """Whether an opponent is what the boxes come from, so that it is not ranked against them."""
    return family == PROPOSER and reference == "proposed"


def kind_told(kind: str, family: str | None, reference: str) -> str:
    """What an experiment is, in the words of the main table."""
    return WORDS["definition"] if defines(family, reference) else kind


def by_fold(metrics: pd.DataFrame, experiment: str, metric: str) -> pd.DataFrame:
    """Value, number of boxes and labelled images of each fold of the first draw, by fold."""
    rows = metrics[
        (metrics["experiment"] == experiment) & (metrics["metric"] == metric)
        & (metrics["draw"] == 0) & (metrics["fold"] >= 0) & (metrics["part"] == "test")
        & (metrics["subset"] == "all")
    ]  # fmt: skip
    rows = rows[rows["budget"] == rows.groupby("fold")["budget"].transform("max")]
    return rows.set_index("fold").sort_index()[["value", "n", "budget"]]
