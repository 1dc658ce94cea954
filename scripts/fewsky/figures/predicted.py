"""The picture of a prediction: fields with their objects marked, or sheets of images."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.io import fits
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fewsky.figures import style
from fewsky.figures.style import CLASSES, CYCLE, GREY, MARKERS, PAGE

FIELDS = 4  # fields drawn, the first ones
ACROSS = 8  # images in a row of a sheet
SHEETS = 12  # rows of a sheet at most
MANY = 600  # objects of a field, which are then marked by smaller signs
BINS = np.linspace(0, 1, 21)


def looks(classes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of every class, by name; classes of the star/galaxy study keep theirs."""
    others = [colour for colour in CYCLE if colour not in map(CLASSES.get, classes)]
    return {
        name: (CLASSES.get(name) or others[k % len(others)], MARKERS[k % len(MARKERS)])
        for k, name in enumerate(classes)
    }


def draw_fields(table: pd.DataFrame, fields: pd.DataFrame, folder: Path, settings: dict) -> Figure:
    """The first fields with every object's decision, and the histogram of probabilities.

    `fields` is the list of aligned fields with paths from `folder`.
    """
    shown = [name for name in settings["fields"] if name in set(fields["field"])][:FIELDS]
    across = min(len(shown), 2)
    down = -(-len(shown) // 2)
    fig = style.figure(PAGE, (5.3 if across == 1 else 3.1) * down + 1.9)
    upper, lower = fig.subfigures(2, 1, height_ratios=[fig.get_figheight() - 1.75, 1.75])
    look, handles = looks(settings["classes"]), []
    for k, name in enumerate(shown):
        ax = upper.add_subplot(down, across, k + 1)
        path = folder / fields.loc[fields["field"] == name, "path"].iloc[0]
        handles = mark(ax, path, table[table["field"] == name], look, settings)
        ax.set_title(f"{name}, {settings['reference_band']} band")
        warn(ax, table[table["field"] == name], 60 if across == 2 else 120)
    words = counted(table, settings["classes"])
    title = None if len(shown) == len(settings["fields"]) else (
        f"the first {len(shown)} of {len(settings['fields'])} fields; numbers are of all"
    )  # fmt: skip
    upper.legend(
        handles, words, loc="outside lower center", title=title, title_fontsize=7,
        ncols=style.columns_fitting(words),
    )  # fmt: skip
    histograms(lower, table, look)
    return fig


def warn(ax: Axes, rows: pd.DataFrame, width: int) -> None:
    """Say below a picture in what its field differs as a whole, in lines of `width` letters."""
    words = rows["warning"].iloc[0] if len(rows) else ""
    if words:
        told = textwrap.fill(f"warning: {words}", width)
        ax.set_xlabel(told, fontsize=7, color=style.VERMILLION)


def mark(ax: Axes, path: Path, rows: pd.DataFrame, look: dict, settings: dict) -> list:
    """One field's reference band and its objects; the legend's handles, outside last."""
    with fits.open(path, memmap=False) as hdus:
        plane = hdus[0].data[list(hdus[0].header["BANDS"]).index(settings["reference_band"])]
    known = plane[np.isfinite(plane)]
    noise = 1.4826 * float(np.median(np.abs(known - np.median(known)))) or 1.0
    ax.imshow(style.stretch(plane, noise, 60 * noise), cmap="gray_r", vmin=0, vmax=1.4)
    style.picture(ax)
    handles, size = [], 16 if len(rows) < MANY else 8
    for name, (colour, marker) in look.items():
        own = rows[(rows["decided"] == name) & ~rows["outside"]]
        open_mark = {"marker": marker, "facecolors": "none", "edgecolors": colour}
        handles.append(ax.scatter(own["x"], own["y"], s=size, lw=0.6, **open_mark))
    out = rows[rows["outside"]]
    crosses = {"marker": "x", "color": style.BLACK}
    return [*handles, ax.scatter(out["x"], out["y"], s=size, lw=0.6, **crosses)]


def counted(table: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """Words of the legend: each class and how many inside were decided to be it, and the rest."""
    inside = table.loc[~table["outside"], "decided"]
    told = [f"{name} ({(inside == name).sum():,})" for name in classes]
    return [*told, f"outside the training domain ({table['outside'].sum():,})"]


def histograms(part, table: pd.DataFrame, look: dict) -> None:
    """How many objects have which probability of the class decided, inside and outside."""
    axes = part.subplots(1, 2)
    for ax in axes:
        ax.yaxis.get_major_locator().set_params(integer=True)
    inside = ~table["outside"]
    for name, (colour, _) in look.items():
        values = table.loc[inside & (table["decided"] == name), f"p_{name}"]
        axes[0].hist(values, BINS, histtype="step", color=colour, lw=1.1, label=name)
    chosen = table[[f"p_{name}" for name in look]].max(axis=1)
    axes[0].hist(chosen[~inside], BINS, histtype="stepfilled", color=GREY, alpha=0.35,
                 label="outside")  # fmt: skip
    axes[0].set(xlabel="Calibrated probability of the class decided", ylabel="Objects",
                xlim=(1 / len(look) - 0.03, 1.01))  # fmt: skip
    scores = table["score"].clip(upper=4)
    axes[1].hist(scores[inside], np.linspace(0, 4, 33), color=style.SKY, label="inside")
    axes[1].hist(scores[~inside], np.linspace(0, 4, 33), histtype="stepfilled", color=GREY,
                 alpha=0.6, label="outside")  # fmt: skip
    axes[1].axvline(1, color=style.BLACK, lw=0.8, ls=":")
    axes[1].set(xlabel="Unlikeness to training, in units of the limit (4: 4 or more)",
                ylabel="Objects")  # fmt: skip
    handles = [*axes[0].get_legend_handles_labels()[0], axes[1].get_legend_handles_labels()[0][0]]
    words = [*axes[0].get_legend_handles_labels()[1], "inside, all classes"]
    part.legend(handles, words, loc="outside lower center", ncols=style.columns_fitting(words))


def draw_sheets(table: pd.DataFrame, images: np.ndarray, settings: dict) -> Figure:
    """The surest images of every class, those most unlike training, and the histograms.

    Row i of `table` is image i of `images` `(n, band, y, x)` in 0..1.
    """
    rows = sheets(table, settings["classes"][: SHEETS - 1])
    side = PAGE / (ACROSS + 1.6)
    height = side * 1.12 * len(rows)
    fig = style.figure(PAGE, height + 1.9)
    upper, lower = fig.subfigures(2, 1, height_ratios=[height, 1.9])
    axes = upper.subplots(max(len(rows), 1), ACROSS, squeeze=False)
    look = looks(settings["classes"])
    for line, (words, numbers, values) in zip(axes, rows, strict=True):
        line[0].set_ylabel(words, rotation=0, ha="right", va="center", labelpad=4)
        for ax in line:
            style.picture(ax)
        for ax, i, value in zip(line, numbers, values, strict=False):
            ax.imshow(pixels(images[i]), cmap="gray", vmin=0, vmax=1, origin="upper")
            ax.set_title(value, fontsize=6, pad=1, loc="center")
    warn(axes[-1, ACROSS // 2], table, 120)
    histograms(lower, table, look)
    return fig


def sheets(table: pd.DataFrame, classes: Sequence[str]) -> list[tuple[str, list[int], list[str]]]:
    """Words, numbers of the images and what to print above each, a row each, best first."""
    found, inside = [], ~table["outside"].to_numpy()
    for name in classes:
        chance = table[f"p_{name}"].to_numpy()
        rows = np.flatnonzero(inside & (table["decided"] == name).to_numpy())
        rows = rows[np.argsort(-chance[rows], kind="stable")][:ACROSS]
        found.append((name, rows.tolist(), [f"{chance[i]:.2f}" for i in rows]))
    score = table["score"].to_numpy()
    rows = np.flatnonzero(~inside)
    rows = rows[np.argsort(-score[rows], kind="stable")][:ACROSS]
    return [*found, ("outside", rows.tolist(), [f"{score[i]:.1f} limits" for i in rows])]


def pixels(image: np.ndarray) -> np.ndarray:
    """An image `(band, y, x)` as matplotlib shows it: grey `(y, x)` or colour `(y, x, 3)`."""
    return image[0] if len(image) == 1 else np.moveaxis(np.nan_to_num(image), 0, -1).clip(0, 1)
