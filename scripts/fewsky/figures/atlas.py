"""Helpers of the atlas's figures and tables: starts and ways in words, their look, their curves."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullFormatter

from fewsky.console import FewskyError
from fewsky.figures import style
from fewsky.files import load_table

NONE = "none"
# Words, colour and marker by start, the same in every figure where no other of a panel has them.
STARTS = {
    NONE: ("nothing", style.BLACK, "o"),
    "imagenet": ("ImageNet", style.BLUE, "s"),
    "magnitudes": ("magnitudes", style.VERMILLION, "^"),
    "pretext": ("properties, catalogue", style.VERMILLION, "^"),
    "measured": ("properties, measured", style.ORANGE, "D"),
    "contrastive": ("contrastive", style.GREEN, "v"),
    "masked": ("masked", style.PURPLE, "P"),
    "colours": ("colours", style.SKY, "X"),
    "shapes": ("shapes", style.YELLOW, "h"),
    "mergers": ("mergers", style.SKY, "<"),
    "splus": ("splus", style.VERMILLION, ">"),
    "label-the-sky": ("label-the-sky", style.PURPLE, "d"),
}
# What others take. Grey is left to the ways in legends; yellow is last, since it is faint on white.
COLOURS = (style.SKY, style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE, style.PURPLE,
           style.BLACK, style.YELLOW)  # fmt: skip
MARKERS = ("p", "*", "8", "d", "<", ">", "X", "h", "s", "^", "D", "v", "P", "o")
EDGE = "#6B6300"  # around what is yellow
# Lines of the ways; what is frozen has open markers.
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


def panels_of(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by the title of their panel: a task and, where it is not the task's own, a network.

    So a start stands beside the training from nothing that it is held against, whose start is
    `none` in every panel.
    """
    start = {row["experiment"]: row["start"] for row in rows}
    found: dict[str, list[Row]] = {}
    for row in rows:
        network = start[row["against"] or row["experiment"]].removeprefix(NONE)
        network = network.removeprefix("-").removeprefix("timm-")
        title = f"{row['task']}, {network}" if network else row["task"]
        named = {} if row["against"] else {"start": NONE, "words": ""}
        found.setdefault(title, []).append({**row, **named, "panel": title})
    return found


def looks_of(rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Colour and marker of each start: within a panel no two share a colour, or a marker.

    Where a panel has more starts than there are, those come again that are there the least.
    """
    looks: dict[str, dict[str, str]] = {}
    for name in starts_of(rows):
        panels = {row["panel"] for row in rows if row["start"] == name}
        beside = {row["start"] for row in rows if row["panel"] in panels} & set(looks)
        own = STARTS.get(name, (name, "", ""))[1:]
        looks[name] = {
            key: _free([look[key] for look in looks.values()], [looks[one][key] for one in beside],
                       wanted, every)
            for key, wanted, every in zip(("color", "marker"), own, (COLOURS, MARKERS), strict=True)
        }  # fmt: skip
    return looks


def _free(taken: Sequence[str], beside: Sequence[str], wanted: str, every: Sequence[str]) -> str:
    """What is wanted if none beside has it, else what is there, and then anywhere, the least."""
    if wanted and wanted not in beside:
        return wanted
    return min(every, key=lambda one: (beside.count(one), taken.count(one)))


def line_look(look: Mapping[str, str], way: str, size: float, width: float) -> dict[str, Any]:
    """How the curve of a start in one way is drawn: markers `size` and lines `width` points."""
    faint = look["color"] == style.YELLOW
    return {
        **look,
        "ls": WAYS[way][1],
        "lw": width,
        "ms": size,
        "mew": 0.8,
        "mec": EDGE if faint else look["color"],
        "mfc": "white" if way == "probe" else look["color"],
        "path_effects": [withStroke(linewidth=width + 1.0, foreground=EDGE)] if faint else None,
    }


def bars(ax: Axes, x: Sequence[float], table: pd.DataFrame, look: Mapping[str, Any]) -> None:
    """A curve with bars from `lower` to `upper`; only its line has an outline."""
    outline = look.get("path_effects")
    style.error_bars(ax, x, table, ecolor=look["mec"], **{**look, "path_effects": None})
    ax.containers[-1].lines[0].set_path_effects(outline)


def share_heights(axes: Sequence[Axes], questions: Sequence[Sequence[str]]) -> None:
    """Give the same vertical axis to panels of the same question: those with the same classes."""
    for question in {tuple(one) for one in questions}:
        own = [ax for ax, one in zip(axes, questions, strict=True) if tuple(one) == question]
        limits = np.array([ax.get_ylim() for ax in own])
        for ax in own:
            ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())


def moved(budgets: Sequence[float], k: int, n: int, every: Sequence[int]) -> np.ndarray:
    """Budgets of the k-th of n curves, moved sideways on a log axis to keep them apart.

    A step is a fortieth of the axis that `every` budget spans, or less where two of them are near.
    """
    places = np.log(sorted(set(every)))
    gaps = np.diff(places) if len(places) > 1 else np.array([1.0])
    step = min(gaps.sum() / 40, 0.7 * gaps.min() / max(n - 1, 1))
    return np.asarray(budgets, float) * np.exp(step * (k - (n - 1) / 2))


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


def handles(rows: Sequence[Row]) -> list[Line2D]:
    """Entries of a legend: a colour and marker a start, then a line a way in grey."""
    words = starts_of(rows)
    found = [
        Line2D([], [], label=words[name], **line_look(look, "lpft", 4, 1.2))
        for name, look in looks_of(rows).items()
    ]
    grey = {"color": style.GREY, "marker": "o"}
    return found + [
        Line2D([], [], label=told, **line_look(grey, way, 3, 1.1))
        for way, told in ways_of(rows).items()
    ]


def legend_height(shown: Sequence[Line2D], width: float = style.PAGE) -> float:
    """Inches of a legend of these entries below a figure so many inches wide."""
    return 0.15 * ceil(len(shown) / _across(shown, width)) + 0.1


def legend_below(fig: Figure, shown: Sequence[Line2D], width: float = style.PAGE) -> None:
    """A legend of these entries below all panels."""
    fig.legend(handles=shown, loc="outside lower center", handlelength=3,
               ncols=_across(shown, width))  # fmt: skip


def _across(shown: Sequence[Line2D], width: float) -> int:
    return style.columns_fitting([one.get_label() for one in shown], width)
