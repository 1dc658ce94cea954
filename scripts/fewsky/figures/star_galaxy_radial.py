"""Helpers of the figure of influence profiles: what was measured, rings as points, panels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Circle

from fewsky.figures import style
from fewsky.files import load_arrays, load_json, load_table

# Method and state of each profile, and its look.
PROFILES = {
    ("gradients", "trained"): ("gradients, as trained", {"color": style.BLUE, "marker": "o"}),
    ("occlusion", "trained"): ("occlusion, as trained", {"color": style.VERMILLION, "marker": "s"}),
    ("gradients", "randomised"): ("gradients, weights anew", {"color": style.BLUE, "ls": "--"}),
    ("occlusion", "randomised"): (
        "occlusion, weights anew",
        {"color": style.VERMILLION, "ls": "--"},
    ),
    ("light", "light"): ("light", {"color": style.BLACK, "ls": "-."}),
}
ERASED = {
    "only-inside": ("only what is nearer kept", {"color": style.GREEN, "marker": "^"}),
    "no-inside": ("what is nearer erased", {"color": style.PURPLE, "marker": "v"}),
}
PLACES = {
    "changed_neighbour": ("neighbour erased", {"color": style.ORANGE, "marker": "D"}),
    "changed_control": ("mirrored place erased", {"color": style.GREY, "marker": "P"}),
}
DARKEST = 0.02  # of the brightest pixel of a map
FEWEST = 0.1  # of the answers: an axis never ends below this


class Influenced(NamedTuple):
    """What the rule measure_influence left of one experiment."""

    table: pd.DataFrame
    neighbours: pd.DataFrame
    maps: dict[str, np.ndarray]
    told: dict[str, Any]

    def rows(self, method: str, measure: str, state: str = "trained") -> pd.DataFrame:
        """Rows of all objects and bands, means over draws, weights as trained or all set anew."""
        table = self.table.query("draw == -1 and `class` == 'all' and band == 'all'")
        own = table[(table["method"] == method) & (table["measure"] == measure)]
        own = own[own["state"] == state]
        return own[own["layers"] == own["layers"].max()].sort_values("r_high_px")


def load_influences(
    tables: Sequence[str | Path],
    neighbours: Sequence[str | Path],
    maps: Sequence[str | Path],
    told: Sequence[str | Path],
) -> list[Influenced]:
    """What was measured of some experiments, in the order of their files."""
    return [
        Influenced(load_table(a), load_table(b), load_arrays(c), load_json(d))
        for a, b, c, d in zip(tables, neighbours, maps, told, strict=True)
    ]


def show_map(ax: Axes, one: Influenced):
    """Draw the mean map of attributions on a logarithmic scale; returns the image."""
    influence = one.maps["trained/all"] * one.maps["trained/all"].size
    half = influence.shape[0] / 2
    top = max(float(influence.max()), 1e-6)
    image = ax.imshow(
        influence, norm=LogNorm(DARKEST * top, top), cmap="viridis", extent=(-half, half) * 2
    )
    ax.set_facecolor(image.cmap(0.0))  # what has no influence at all
    ax.add_patch(Circle((0, 0), one.told["fwhm_px"], fill=False, color="white", lw=0.8))
    ax.set(xlabel="x and y (px)")
    return image


def show_profiles(ax: Axes, one: Influenced) -> None:
    """Draw influence a pixel by radius, with intervals as bands."""
    for (method, state), (words, look) in PROFILES.items():
        rows = one.rows(method, "density", state)
        x = middles(rows)
        ax.plot(x, rows["value"], ms=3, label=words, **look)
        lower = rows["lower"].clip(lower=np.finfo(float).tiny)  # a logarithmic axis has no 0
        ax.fill_between(x, lower, rows["upper"], color=look["color"], alpha=0.18, lw=0)
    values = np.concatenate([line.get_ydata() for line in ax.lines])
    ax.axvline(one.told["fwhm_px"], color=style.GREY, lw=0.7, ls=":")
    ax.axhline(1, color=style.GREY, lw=0.5)
    known = values[values > 0]
    ends = (known.min() / 2, known.max() * 2) if len(known) else (0.1, 10)
    ax.set(yscale="log", xlim=(0, None), ylim=ends)
    ax.set(xlabel="Radius (px)", ylabel="Influence / mean")


def show_erased(ax: Axes, one: Influenced) -> None:
    """Draw accuracy where all within a radius is kept alone, and where it is erased."""
    for method, (words, look) in ERASED.items():
        rows = one.rows(method, "accuracy")
        style.error_bars(ax, rows["r_high_px"], rows, ms=3, label=words, **look)
    ax.axhline(one.rows("whole", "accuracy")["value"].item(), color=style.GREY, lw=0.7, ls=":")
    ax.set(xlim=(0, None), ylim=(None, 1), xlabel="Radius (px)", ylabel="Accuracy")


def show_neighbours(ax: Axes, one: Influenced) -> None:
    """Draw the share of answers that change where neighbours, or mirrored places, are erased."""
    subsets = [name for name in ("all", "brighter", "fainter") if name in set(subsets_of(one))]
    for k, (measure, (words, look)) in enumerate(PLACES.items()):
        rows = one.neighbours[one.neighbours["measure"] == measure].set_index("subset")
        rows = rows.reindex(subsets)
        x = np.arange(len(subsets)) + 0.2 * (k - 0.5)
        style.error_bars(ax, x, rows, ls="none", ms=3.5, label=words, **look)
    if not subsets:
        ax.set(xticks=[], yticks=[])
        style.note(ax, "no neighbours\nto erase")
        return
    counts = one.neighbours.groupby("subset")["n"].max()
    ax.set_xticks(range(len(subsets)), [f"{name}\nn = {counts[name]}" for name in subsets])
    ax.set(xlim=(-0.5, len(subsets) - 0.5), xlabel="Neighbour", ylabel="Answers changed")
    top = max(ax.get_ylim()[1], FEWEST)
    ax.set_ylim(-0.03 * top, top)


def subsets_of(one: Influenced) -> pd.Series:
    """The subset of each row of the neighbours' test."""
    return one.neighbours["subset"] if len(one.neighbours) else pd.Series(dtype=str)


def middles(rows: pd.DataFrame) -> np.ndarray:
    """Radii in pixels at which rings are drawn: halfway between their edges."""
    return ((rows["r_low_px"] + rows["r_high_px"]) / 2).to_numpy()
