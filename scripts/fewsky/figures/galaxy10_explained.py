"""Helpers of the figures of explanations: what was stored of them, pictures and words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from fewsky.figures.galaxy10 import class_words, colours
from fewsky.files import load_arrays, load_json, load_table

MAP = "viridis"  # even in lightness and distinct for all common forms of colour blindness
DIM = 0.75  # brightness of a picture under a map
SMALL = 6.5  # points


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
        Explanation(load_arrays(a), load_table(b, keep_default_na=False, na_values=GAPS),
                    load_json(c))
        for a, b, c in zip(tensors, tables, told, strict=True)
    ]  # fmt: skip


GAPS = {"spearman": [""], "ssim": [""]}


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


def evidence_bar(part) -> None:
    """A bar across the middle of a part of a figure, half an inch high, for colours of evidence."""
    bar = part.colorbar(
        ScalarMappable(Normalize(0, 1), MAP),
        cax=part.add_axes((0.32, 0.72, 0.36, 0.16)),
        orientation="horizontal",
        label="Evidence for the class, over the largest of the map",
    )
    bar.outline.set_visible(False)
