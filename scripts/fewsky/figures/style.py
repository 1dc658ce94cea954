"""One look for every figure: sizes, fonts, colours, image stretch, and how a figure is saved."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fewsky.files import published

COLUMN, PAGE = 3.5, 7.1  # widths in inches of one and of two columns of a journal page
STAMP = 0.20  # height in inches of the strip above a simulated figure
DPI = 200

# Okabe & Ito (2008), distinct for all common forms of colour blindness and in grey.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#767676"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
CLASSES = {"star": BLUE, "galaxy": VERMILLION}
BANDS = {"u": PURPLE, "g": GREEN, "r": VERMILLION, "i": ORANGE, "z": BLACK}
NO_DATA = "#B9A7C9"

RC = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
    "image.origin": "lower",
    "image.interpolation": "nearest",
    "pdf.fonttype": 42,
    "savefig.dpi": DPI,
}


def figure(width: float, height: float, **layout) -> Figure:
    """An empty figure of that size in inches, in our style; `layout` goes to constrained layout."""
    matplotlib.use("Agg")
    matplotlib.rcParams.update({**matplotlib.rcParamsDefault, "backend": "Agg", **RC})
    pads = {"w_pad": 0.03, "h_pad": 0.03, "wspace": 0.02, "hspace": 0.02, **layout}
    canvas = Figure(figsize=(width, height), layout="constrained")
    canvas.get_layout_engine().set(**pads)
    return canvas


def save(fig: Figure, pdf: str | Path, png: str | Path, *, simulated: bool) -> None:
    """Write a figure as PDF and PNG, the same bytes each time, stamped if it is simulated."""
    if simulated:
        stamp(fig)
    fig.draw_without_rendering()  # axes of equal aspect find their places at the second drawing
    with published(pdf) as path:
        fig.savefig(path, metadata={"CreationDate": None})
    with published(png) as path:
        fig.savefig(path, metadata={"Software": None})


def stamp(fig: Figure) -> None:
    """Add a strip above the drawing that says SIMULATED; the drawing keeps its size."""
    width, height = fig.get_size_inches()
    fig.set_size_inches(width, height + STAMP)
    share = STAMP / (height + STAMP)
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - share))
    strip = Rectangle((0, 1 - share), 1, share, transform=fig.transFigure, color="#FBE3D5", lw=0)
    fig.add_artist(strip)
    words = "SIMULATED" if width < 5 else "SIMULATED  -  made from the demo sky, not measured"
    fig.text(0.5, 1 - share / 2, words, color="#8A3A00", size=8, weight="bold",
             ha="center", va="center")  # fmt: skip


def letter(axes: Sequence[Axes]) -> None:
    """Write (a), (b), ... before the titles of the axes."""
    for k, ax in enumerate(axes):
        ax.set_title(f"({chr(97 + k)}) {ax.get_title(loc='left')}".rstrip(), loc="left")


def columns_fitting(words: Sequence[str], width: float = PAGE) -> int:
    """How many columns a legend of these words can have in a width in inches."""
    longest = 0.35 + 0.062 * max(map(len, words), default=0)
    return max(1, min(len(words), int(width / longest)))


def picture(ax: Axes) -> None:
    """Take ticks and frame from an axes that shows an image."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def note(ax: Axes, words: str) -> None:
    """Say in the middle of an empty axes why nothing is drawn there."""
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color=GREY)


def stretch(image: np.ndarray, noise: float, top: float) -> np.ndarray:
    """Brightness 0 to 1 on an asinh scale: 0 at -2 noise, linear to about 3 noise, 1 at `top`.

    Image, noise and top share one unit; NaN stays NaN. Lupton, Gunn & Szalay (1999).
    """
    soft = 3 * noise
    low, high = np.arcsinh(-2 * noise / soft), np.arcsinh(max(top, 5 * noise) / soft)
    return np.clip((np.arcsinh(image / soft) - low) / (high - low), 0, 1)


def composite(red, green, blue, noise: Sequence[float], top: float) -> np.ndarray:
    """RGBA picture `(y, x, 4)` of three bands; see-through where any band has no data.

    The asinh stretch acts on the mean of the bands, each divided by its noise, so that colours are
    kept (Lupton et al. 2004). `top` is the brightness, in units of noise, that becomes white.
    """
    pairs = zip((red, green, blue), noise, strict=True)
    bands = np.stack([band / max(rms, 1e-30) for band, rms in pairs])
    known = np.isfinite(bands).all(axis=0)
    bands = np.nan_to_num(bands)
    mean = bands.mean(axis=0)
    scale = stretch(mean, 1.0, top) / np.maximum(mean, 0.5)
    colours = np.where(mean > 0.5, bands * scale, stretch(bands, 1.0, top))
    # Scaling back by the largest channel keeps the colour of what would be brighter than white.
    colours = np.clip(colours, 0, None) / np.maximum(colours.max(axis=0), 1)
    return np.dstack([*colours, known.astype(float)]).astype(np.float32)


def mark_no_data(ax: Axes) -> None:
    """Hatch the ground of an axes, which then shows wherever its image is see-through."""
    ax.set_facecolor("white")
    look = {"facecolor": NO_DATA, "edgecolor": "white", "hatch": "////", "lw": 0, "zorder": -10}
    ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, **look))


def error_bars(ax: Axes, x, table, **options) -> None:
    """Points at column `value` with bars from `lower` to `upper`; a missing limit has no bar."""
    value = np.asarray(table["value"], float)
    below = np.nan_to_num(value - np.asarray(table["lower"], float)).clip(0)
    above = np.nan_to_num(np.asarray(table["upper"], float) - value).clip(0)
    options = {"capsize": 1.5, "elinewidth": 0.8, "capthick": 0.8, **options}
    ax.errorbar(x, value, yerr=[below, above], **options)
