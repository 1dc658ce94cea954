"""Helpers of the atlas's figures and tables: starts and ways in words, their look, their curves."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from fewsky.console import FewskyError
from fewsky.figures import style
from fewsky.files import load_table

NONE = "none"
# Colour and marker by start, the same in every figure; others take what is left, in their order.
STARTS = {
    NONE: ("nothing", style.BLACK, "o"),
    "imagenet": ("ImageNet", style.BLUE, "s"),
    "magnitudes": ("magnitudes", style.VERMILLION, "^"),
    "pretext": ("properties, catalogue", style.VERMILLION, "^"),
    "measured": ("properties, measured", style.ORANGE, "D"),
    "contrastive": ("contrastive", style.GREEN, "v"),
    "masked": ("masked", style.PURPLE, "P"),
}
OTHERS = (
    (style.SKY, "X"), (style.GREY, "*"), (style.YELLOW, "h"),
    (style.SKY, "d"), (style.GREY, "<"), (style.YELLOW, ">"),
)  # fmt: skip
WAYS = {"probe": ("frozen, probe", ":"), "lpft": ("LP-FT", "-"), "tuned": ("fine-tuned", "--")}
METRICS = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "mcc": "Matthews correlation",
    "auroc": "AUROC",
}
ENDING = ".curves.csv"
Row = Mapping[str, str]


def starts_of(rows: Sequence[Row]) -> dict[str, str]:
    """Starts of some rows of the atlas in words: from nothing first, then those with a colour."""
    words = {row["start"]: row["words"] for row in rows}
    order = [*(name for name in STARTS if name in words), *sorted(set(words) - set(STARTS))]
    return {name: words[name] or STARTS.get(name, (name,))[0] for name in order}


def ways_of(rows: Sequence[Row]) -> dict[str, str]:
    """Ways of some rows of the atlas in words."""
    found = {row["way"] for row in rows}
    return {way: words for way, (words, _) in WAYS.items() if way in found}


def looks_of(rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Colour and marker of each start."""
    unknown = [name for name in starts_of(rows) if name not in STARTS]
    extra = {name: OTHERS[k % len(OTHERS)] for k, name in enumerate(unknown)}
    return {
        name: dict(zip(("color", "marker"), extra.get(name) or STARTS[name][1:], strict=True))
        for name in starts_of(rows)
    }


def metric_words(metric: str) -> str:
    """A measure in words, `Balanced accuracy`."""
    return METRICS.get(metric, metric.replace("_", " "))


def load_curves(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Curves of several tasks in one tidy table, each task named in the column `task`."""
    tables = [load_table(path).assign(task=Path(path).name.removesuffix(ENDING)) for path in paths]
    return pd.concat(tables, ignore_index=True)


def curve(curves: pd.DataFrame, row: Row, metric: str) -> pd.DataFrame:
    """One experiment at each budget, rising; columns of the curves as on the page of outputs."""
    found = points(curves, row, metric)
    return found[found["budget"] > 0].sort_values("budget", ignore_index=True)


def area(curves: pd.DataFrame, row: Row, metric: str) -> pd.Series:
    """The area under one experiment's curve, with NaN where there is but one budget."""
    found = points(curves, row, metric)
    found = found[found["budget"] == 0]
    return found.iloc[0] if len(found) else pd.Series(np.nan, found.columns)


def points(curves: pd.DataFrame, row: Row, metric: str) -> pd.DataFrame:
    """All rows of one experiment; raise FewskyError where it has none of this measure."""
    own = (curves["task"] == row["task"]) & (curves["experiment"] == row["experiment"])
    found = curves[own & (curves["metric"] == metric)]
    if found.empty:
        raise FewskyError(
            f"metrics/{row['task']}.curves.csv: wanted {metric} of {row['experiment']}; found no "
            "such rows. Delete it and run again."
        )
    return found


def label_axis(ax: Axes, budgets: Sequence[int], title: str) -> None:
    """A logarithmic axis of labels seen, a tick at each budget, with its number if it has room."""
    ax.set(xscale="log", title=title)
    kept = ticks(budgets)
    ax.set_xticks(kept, [f"{n:,}" for n in kept])
    ax.set_xticks(sorted(set(map(int, budgets)) - set(kept)), minor=True)
    ax.xaxis.set_minor_formatter(NullFormatter())


def ticks(budgets: Sequence[int], room: float = 0.2) -> list[int]:
    """Budgets to be written: both ends, and others a share `room` of the axis from their like."""
    every = sorted(set(map(int, budgets)))
    kept = sorted({*every[:1], *every[-1:]})
    for budget in every[-2:0:-1]:
        near = min(abs(np.log(budget / one)) for one in kept)
        if near >= room * np.log(every[-1] / every[0]):
            kept.append(budget)
    return sorted(kept)


def handles(rows: Sequence[Row], *, markers: bool) -> list[Line2D]:
    """Entries of a legend: a colour a start, then a line a way in grey."""
    looks, words = looks_of(rows), starts_of(rows)
    found = [
        Line2D([], [], color=look["color"], marker=look["marker"] if markers else "",
               lw=1.6, label=words[name])
        for name, look in looks.items()
    ]  # fmt: skip
    return found + [
        Line2D([], [], color=style.GREY, ls=WAYS[way][1], label=told)
        for way, told in ways_of(rows).items()
    ]
