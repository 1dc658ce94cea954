"""Helpers of the atlas's figures and tables: starts and ways in words, their look, their curves."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from fewsky.figures import style
from fewsky.paper.tables import scored

NONE = "none"
# Colour and marker by start, the same in every figure; others take what is left, in their order.
STARTS = {
    NONE: ("nothing", style.BLACK, "o"),
    "imagenet": ("ImageNet", style.BLUE, "s"),
    "pretext": ("properties, catalogue", style.VERMILLION, "^"),
    "measured": ("properties, measured", style.ORANGE, "D"),
    "contrastive": ("contrastive", style.GREEN, "v"),
    "masked": ("masked", style.PURPLE, "P"),
}
OTHERS = ((style.SKY, "X"), (style.GREY, "*"), (style.YELLOW, "h"))
WAYS = {"probe": ("frozen, probe", ":"), "lpft": ("LP-FT", "-"), "tuned": ("fine-tuned", "--")}
METRICS = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "mcc": "Matthews correlation",
    "auroc": "AUROC",
}
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


def curve(metrics: pd.DataFrame, row: Row, metric: str) -> pd.DataFrame:
    """The mean over draws of one experiment at each budget, rising: budget, value, lower, upper."""
    own = metrics[metrics["task"] == row["task"]]
    found = scored(own, [row["experiment"]], every_budget=True)
    found = found[(found["metric"] == metric) & (found["subset"] == "all")]
    return found.sort_values("budget")[["budget", "value", "lower", "upper", "n"]]


def label_axis(ax: Axes, budgets: Sequence[int], title: str) -> None:
    """A logarithmic axis of labels seen, a tick at each budget, with its number if it has room."""
    ax.set(xscale="log", title=title)
    kept = ticks(budgets)
    ax.set_xticks(kept, [f"{n:,}" for n in kept])
    ax.set_xticks(sorted(set(map(int, budgets)) - set(kept)), minor=True)
    ax.xaxis.set_minor_formatter(NullFormatter())
    if not len(budgets):
        style.note(ax, "not scored")


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
