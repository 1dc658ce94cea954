"""Maps of classes over a field: from positions to a picture, one colour a class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch

from fewsky.figures import style

COLOURS = {"sky": "#D9D9D9", "star": style.BLUE, "galaxy": style.VERMILLION, "both": style.YELLOW}
UNDECIDED = "not decided"
NOT_MAPPED = "not mapped"


def raster(table: pd.DataFrame, column: str, step: int) -> tuple[np.ndarray, tuple[float, ...]]:
    """Colours `(y, x, 4)` of a column of classes at positions `step` px apart, and their extent.

    A position that is not in the table is see-through, and one whose class is "" is white.
    """
    x, y = (table[axis].to_numpy(float) for axis in "xy")
    column_of, row_of = (np.rint((v - v.min()) / step).astype(int) for v in (x, y))
    shown = np.zeros((row_of.max() + 1, column_of.max() + 1, 4))
    colours = {name: to_rgba(colour) for name, colour in {**COLOURS, "": "white"}.items()}
    shown[row_of, column_of] = [colours[name] for name in table[column]]
    ends = (x.min(), x.max(), y.min(), y.max())
    return shown, tuple(end + sign * step / 2 for end, sign in zip(ends, (-1, 1) * 2, strict=True))


def draw(ax, table: pd.DataFrame, column: str, step: int, shape: tuple[int, int]) -> None:
    """The map on axes in pixels of the whole field `(y, x)`; hatched where there is none."""
    shown, extent = raster(table, column, step)
    style.mark_no_data(ax)
    ax.imshow(shown, extent=extent)
    ax.set(xlim=(-0.5, shape[1] - 0.5), ylim=(-0.5, shape[0] - 0.5), aspect="equal")
    ax.set(xlabel="x (pixels)", ylabel="y (pixels)")


def handles(classes: Sequence[str]) -> list[Patch]:
    """What a legend needs: a patch of each class's colour, of what is not decided or not mapped."""
    edge = {"edgecolor": style.GREY, "linewidth": 0.5}
    found = [Patch(facecolor=COLOURS[name], label=name, **edge) for name in classes]
    found.append(Patch(facecolor="white", label=UNDECIDED, **edge))
    hatched = {"facecolor": style.NO_DATA, "edgecolor": "white", "hatch": "////", "linewidth": 0}
    return [*found, Patch(label=NOT_MAPPED, **hatched)]


def matrix(ax, counts: np.ndarray, classes: Sequence[str]) -> None:
    """A confusion matrix `(true, decided)`: mean counts and shares of the row, its colours."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, origin="upper")
    for (row, column), part in np.ndenumerate(shares):
        ax.text(column, row, f"{counts[row, column]:.0f}\n{100 * part:.0f} %", ha="center",
                va="center", color="white" if part > 0.6 else "black", fontsize=7.5)  # fmt: skip
    ax.set_xticks(range(len(classes)), classes)
    ax.set_yticks(range(len(classes)), classes)
    ax.set(xlabel="Class decided", ylabel="Class by the catalogue")
    ax.tick_params(length=0)
    ax.spines[:].set(visible=True, color=style.GREY, linewidth=0.5)
