"""Cells of the Galaxy10 chapter's tables: printed rows beside ours, comparisons, folds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.files import load_json, load_table
from fewsky.metrics.printed import hard_label_range
from fewsky.metrics.stats import nadeau_bengio, wilcoxon_exact
from fewsky.paper.hypothesis import turned
from fewsky.paper.tables import UNKNOWN, interval, number, quoted

AUTHORS = {"S1": "Tessa & Terranova: "}
PRINTED = "Tessa & Terranova, printed"
DIGITS = 2  # of what they print
SHORT = {"mcc": "MCC", "macro_f1": "macro F1", "auroc": "AUROC", "log_loss": "log-loss"}
VARIANTS = {
    "simple": "simple",
    "bigger": "bigger",
    "dropout": "bigger, dropout",
    "dropout-reg-bn": "bigger, dropout, L1 + L2, batch norm",
    "dropout-bn": "bigger, dropout, batch norm",
    "dropout-reg": "bigger, dropout, L1 + L2",
    "reg-bn": "bigger, L1 + L2, batch norm",
}


def load_comparisons(paths: Sequence[str | Path]) -> pd.DataFrame:
    """The comparisons of some tasks in one table."""
    return pd.concat([load_table(path) for path in paths], ignore_index=True)


def compared(
    table: pd.DataFrame, a: str, b: str | None, metric: str | None = None
) -> dict[str, Any] | None:
    """The comparison of a with b, primary before others, in one measure or in any.

    It is turned round where it was made as b with a; None where there is none.
    """
    rows = [r for r in table.to_dict("records") if {r["a"], r["b"]} == {a, b} and a != b]
    rows = [row for row in rows if metric in (None, row["metric"])]
    if not rows:
        return None
    row = max(rows, key=lambda one: one["primary"])
    return row if row["a"] == a else turned(row)


def difference_cells(row: dict[str, Any] | None, heading: str, verdict: str) -> dict[str, str]:
    """The difference of a comparison, with its measure, and its verdict under two headings.

    Dashes where there is none.
    """
    if row is None:
        return {heading: UNKNOWN, verdict: UNKNOWN}
    measure = SHORT.get(row["metric"], row["metric"].replace("_", " "))
    words = row["verdict"] if row["primary"] else f"{row['verdict']} (exploratory)"
    told = interval(row["difference"], row["lower"], row["upper"])
    return {heading: f"{measure} {told}", verdict: words}


def whole(value: float) -> str:
    """A number without decimals, thousands set apart; a dash where it is not known."""
    return UNKNOWN if pd.isna(value) else f"{value:,.0f}"


def printed_cells(published: pd.DataFrame, table: str, row: str, columns: Mapping[str, str]):
    """Numbers that a publication printed, under the headings `columns`; dashes for the others."""
    return {w: number(quoted(published, table, row, key), DIGITS) for key, w in columns.items()}


def supports(published: pd.DataFrame) -> list[float]:
    """Objects of each class in Tessa and Terranova's test part."""
    return published.loc[published["table"] == "g10-test", "value"].astype(float).tolist()


def range_of_hard_labels(published: pd.DataFrame, row: str) -> str:
    """What accuracy and macro recall of a printed row leave open for the area of hard labels."""
    told = [quoted(published, "g10-scratch", row, key) for key in ("accuracy", "macro_recall")]
    low, high = hard_label_range(*told, supports(published))
    return f"{number(low)} to {number(high)}"


def by_fold(metrics: pd.DataFrame, experiment: str, metric: str) -> pd.DataFrame:
    """Value, number of objects and labels of each fold of the first draw, indexed by fold."""
    rows = metrics[
        (metrics["experiment"] == experiment) & (metrics["metric"] == metric)
        & (metrics["draw"] == 0) & (metrics["fold"] >= 0) & (metrics["part"] == "test")
        & (metrics["subset"] == "all") & (metrics["reference"] == "catalogue")
    ]  # fmt: skip
    rows = rows[rows["budget"] == rows.groupby("fold")["budget"].transform("max")]
    return rows.set_index("fold").sort_index()[["value", "n", "budget"]]


def fold_tests(a: pd.DataFrame, b: pd.DataFrame) -> dict[str, Any] | None:
    """Differences a - b over common folds: their mean, exact signed-rank p and its minimum, and the
    p of the corrected t test; None with fewer than two folds.
    """
    folds = a.index.intersection(b.index)
    if len(folds) < 2:
        return None
    d = (a["value"] - b["value"]).loc[folds].to_numpy()
    p, least = wilcoxon_exact(d, primary=False)
    sizes = {"n_train": a.loc[folds, "budget"].mean(), "n_test": a.loc[folds, "n"].mean()}
    _, corrected = nadeau_bengio(d, [[fold] for fold in folds], **sizes)
    return {"mean": d.mean(), "wilcoxon": p, "least": least, "corrected": corrected,
            "folds": len(folds)}  # fmt: skip


def member_weights(cards: Sequence[str | Path]) -> pd.DataFrame:
    """Weights of ensembles at the largest number of labels: experiment, member, draw, weight,
    objects that they were found on.
    """
    rows = []
    for path in cards:
        card = load_json(path)
        runs = pd.DataFrame(card["runs"])
        runs = runs[runs["fold"] == -1]
        runs = runs[runs["budget"] == runs.groupby("draw")["budget"].transform("max")]
        rows += [
            {"experiment": Path(path).parts[-3], "member": member, "draw": run.draw,
             "weight": weight, "objects": run.objects}
            for run in runs.itertuples()
            for member, weight in run.weights.items()
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=["experiment", "member", "draw", "weight", "objects"])


def medians(runs: pd.DataFrame, name: str, key: str) -> float:
    """Median over draws of a number of the cards at the largest number of labels."""
    own = runs[runs["experiment"] == name]
    return float(np.median(own.loc[own["budget"] == own["budget"].max(), key].astype(float)))
