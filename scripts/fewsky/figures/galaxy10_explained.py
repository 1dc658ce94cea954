"""Helpers of the figures of explanations: what was stored of them, pictures and words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from fewsky.figures import style
from fewsky.figures.galaxy10 import class_words, colours
from fewsky.files import load_arrays, load_json, load_table

MAP = "viridis"  # even in lightness and distinct for all common forms of colour blindness
DIM = 0.75  # brightness of a picture under a map
SMALL = 6.5  # points
TITLE, GAP = 0.24, 0.04  # inches of a line of title, and between pictures
BAR = 0.5  # inches of the bar of colours with its words


class Explanation(NamedTuple):
    """What the rule explain left of one experiment."""

    arrays: dict[str, np.ndarray]
    table: pd.DataFrame
    told: dict[str, Any]

    @property
    def name(self) -> str:
        return self.told["experiment"]

    def pictured(self, *groups: str) -> pd.DataFrame:
        """Objects of some groups that have pictures, in the order of those, as first decided."""
        table = self.table[self.table["group"].isin(groups) & (self.table["randomised"] == 0)]
        return table[table["picture"] >= 0].sort_values("picture")


def load_explanations(
    tensors: Sequence[str | Path], tables: Sequence[str | Path], told: Sequence[str | Path]
) -> list[Explanation]:
    """The explanations of some experiments, in the order of their files."""
    return [
        Explanation(load_arrays(a), load_table(b), load_json(c))
        for a, b, c in zip(tensors, tables, told, strict=True)
    ]


class Page:
    """A figure on which all is placed by hand, in inches from its upper left corner.

    A layout that is solved for so many pictures within pictures differs from run to run.
    """

    def __init__(self, height: float):
        self.height = height
        none = dict.fromkeys(("w_pad", "h_pad", "wspace", "hspace"), 0)
        self.figure = style.figure(style.PAGE, height, **none)
        self.ground = self.figure.subplots()
        self.ground.set_axis_off()
        self.ground.set(xlim=(0, style.PAGE), ylim=(0, height))

    def axes(self, x: float, y: float, width: float, height: float | None = None):
        """Axes whose upper left corner is at (x, y); square unless a height is given."""
        height = width if height is None else height
        place = (x, self.height - y - height, width, height)
        ax = self.ground.inset_axes(place, transform=self.ground.transData)
        ax.set_in_layout(False)
        return ax

    def words(self, x: float, y: float, text: str, **look) -> None:
        """Words at (x, y), by default below and right of it."""
        look = {"size": SMALL, "va": "top", "linespacing": 1.1, **look}
        self.ground.text(x, self.height - y, text, **look).set_in_layout(False)

    def title(self, y: float, number: int, name: str, x: float = 0.05) -> None:
        """The letter and the name of a part of the figure."""
        self.words(x, y + 0.05, f"({chr(97 + number)}) {name}", size=8)

    def evidence_bar(self, y: float) -> None:
        """A bar that tells the colours of evidence, below y."""
        bar = self.figure.colorbar(
            ScalarMappable(Normalize(0, 1), MAP),
            cax=self.axes(0.32 * style.PAGE, y + 0.06, 0.36 * style.PAGE, 0.08),
            orientation="horizontal",
            label="Evidence for the class, over the largest of the map",
        )
        bar.outline.set_visible(False)


def verdict(item: Any, width: int) -> str:
    """True class, decided class and its probability; a class has its own line beyond `width`."""
    true, decided = class_words(item.label), class_words(item.decided)
    told = {"true": true, "decided": decided} if true != decided else {"true, decided": true}
    lines = [
        f"{what}: {name}" if len(what) + len(name) + 2 <= width else f"{what}:\n{name}"
        for what, name in told.items()
    ]
    return "\n".join([*lines, f"p = {item.probability:.2f}"])


def show(ax, image: np.ndarray) -> None:
    """Draw an image `(band, y, x)` of 0 to 1 as a picture in colour, its first row on top."""
    frame(ax)
    ax.imshow(colours(image), origin="upper", interpolation="antialiased")


def show_evidence(ax, image: np.ndarray, evidence: np.ndarray) -> None:
    """Draw a map `(y, x)` of 0 to 1 over the picture in grey: the more evidence, the denser."""
    frame(ax)
    grey = DIM * colours(image).mean(axis=2)
    ax.imshow(grey, cmap="gray", vmin=0, vmax=1, origin="upper", interpolation="antialiased")
    ax.imshow(evidence, cmap=MAP, vmin=0, vmax=1, alpha=0.15 + 0.6 * evidence, origin="upper",
              interpolation="antialiased")  # fmt: skip
    if not evidence.any():
        ax.text(0.5, 0.06, "none", color="white", size=SMALL, ha="center", transform=ax.transAxes)


def frame(ax) -> None:
    """Take ticks and frame from a square axes."""
    ax.set(xticks=[], yticks=[])
    ax.set_box_aspect(1)
    ax.spines[:].set_visible(False)
