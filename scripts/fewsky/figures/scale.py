"""Helpers of the figures on scale: curves over fields and patch sizes, and what mistakes cost."""

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fewsky.figures import style
from fewsky.paper.careless import SPLITS, TESTED, in_order

SPREAD = 0.26  # of the distance of two lines, from one kind of test to the other
FILLED = {"own": True, "shared": False}


def looks(names: Sequence[str]) -> dict[str, dict]:
    """Colour and marker of each experiment."""
    return {
        name: {"color": style.CYCLE[k % 7], "marker": style.MARKERS[k % 7]}
        for k, name in enumerate(names)
    }


def by_fields(ax: Axes, table: pd.DataFrame, names: Sequence[str]) -> None:
    """A line an experiment over the number of fields; the labels seen stand along the top."""
    rows = table[table["quantity"] == "score"]
    fields = np.sort(rows["fields"].unique())
    for k, (name, look) in enumerate(looks(names).items()):
        own = rows[rows["experiment"] == name].sort_values("fields")
        x = own["fields"] * 1.025 ** (k - (len(names) - 1) / 2)
        style.error_bars(ax, x, own, label=name, **look)
    ax.set_xscale("log")
    ax.set_xticks(fields, [str(n) for n in fields])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("Training fields")
    labels = rows.groupby("fields")["labels"].median().astype(int)
    above(ax, fields, [f"{labels[n]:,}" for n in fields], "Labels seen, validation included")


def above(ax: Axes, places: Sequence[float], words: Sequence[str], title: str) -> None:
    """A second axis along the top with other words for the same places."""
    top = ax.secondary_xaxis("top")
    top.set_xticks(places, words)
    top.set_xticks([], minor=True)
    top.set_xlabel(title)


def by_sizes(ax: Axes, rows: pd.DataFrame, sizes: Mapping[str, Mapping[str, float]]) -> None:
    """The score by the side of the patch, in pixels below and in arcsec above.

    Thin lines are draws, the marks their mean with its interval. `rows` are those of a metrics
    table, draw -1 the mean.
    """
    px = rows["experiment"].map({name: size["px"] for name, size in sizes.items()})
    rows = rows.assign(px=px).sort_values("px")
    for _, one in rows[rows["draw"] >= 0].groupby("draw"):
        ax.plot(one["px"], one["value"], color=style.GREY, lw=0.5, alpha=0.6, zorder=1)
    mean = rows[rows["draw"] == -1]
    style.error_bars(ax, mean["px"], mean, color=style.BLUE, marker="o", zorder=3)
    places = [size["px"] for size in sizes.values()]
    ax.set_xticks(places)
    ax.set_xlabel("Side of the patch (px)")
    above(ax, places, [f"{size['arcsec']:.1f}" for size in sizes.values()], "(arcsec)")


def costs(ax: Axes, own: pd.DataFrame, splits: Sequence[str], color: str) -> None:
    """A line a mistake: what one probe's score gains by it, with its interval, on either test."""
    for k, tested in enumerate(TESTED):
        rows = own[own["tested"] == tested]
        y = rows["protocol"].map({split: j for j, split in enumerate(splits)}).astype(float)
        bars(ax, rows, y + SPREAD * (k - 0.5), tested, color)
    ax.axvline(0, color=style.GREY, lw=0.8, zorder=0)
    ax.set_yticks(range(len(splits)), [SPLITS[split] for split in splits])
    ax.set_ylim(len(splits) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)


def panels(fig: Figure, table: pd.DataFrame, probes: Mapping[str, str]) -> list[Axes]:
    """The axes of a figure, one a probe, each with a scale of its own, all with the same lines."""
    axes = list(fig.subplots(1, len(probes), squeeze=False, sharey=True)[0])
    splits = in_order(table["protocol"])
    for k, (ax, (name, words)) in enumerate(zip(axes, probes.items(), strict=True)):
        costs(ax, table[table["experiment"] == name], splits, style.CYCLE[k % 7])
        ax.set_title(fill(words, 36))
        ax.locator_params(axis="x", nbins=5)
    return axes


def bars(ax: Axes, own: pd.DataFrame, y: Sequence[float], tested: str, color: str) -> None:
    """Differences with bars from `lower` to `upper`; a missing limit has no bar."""
    below = (own["difference"] - own["lower"]).fillna(0).clip(lower=0)
    over = (own["upper"] - own["difference"]).fillna(0).clip(lower=0)
    face = color if FILLED[tested] else "white"
    ax.errorbar(own["difference"], y, xerr=[below, over], ls="none", marker="o", color=color,
                mfc=face, capsize=1.5, elinewidth=0.8, capthick=0.8)  # fmt: skip


def handles() -> list[Line2D]:
    """Entries of the legend: what is tested."""
    faces = {tested: style.GREY if FILLED[tested] else "white" for tested in TESTED}
    return [
        Line2D([], [], ls="none", marker="o", color=style.GREY, mfc=face, label=TESTED[tested])
        for tested, face in faces.items()
    ]
