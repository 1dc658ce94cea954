"""Detections in whole frames: completeness by magnitude, of galaxies and of stars, and purity."""

from pathlib import Path

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.runs import looks
from fewsky.files import load_table
from fewsky.provenance import record, simulated

KINDS = {"galaxy": "Galaxies", "star": "Stars"}
PURE = {"galaxy": "a galaxy", "star": "a star", "either": "either"}
HEIGHT, LEGEND = 3.3, 0.45  # inches, of a field and below all
CATALOGUED = "#D9D9D9"


def by_magnitude(ax, rows, look, shift):
    """Share of the catalogued objects that are found, and, dotted, what chance finds."""
    place = (rows["low"] + rows["high"]) / 2
    style.error_bars(ax, place + shift, rows, ms=3.5, lw=0.9, **look)
    ax.plot(place, rows["chance"], color=look["color"], lw=0.9, ls=":")


def counted(ax, rows):
    """How many objects of the catalogue stand in each bin."""
    edges = np.append(rows["low"], rows["high"].max())
    ax.bar(rows["low"], rows["n"], rows["high"] - rows["low"], align="edge", color=CATALOGUED,
           ec="white", lw=0.4)  # fmt: skip
    ax.set(xlabel="r magnitude", yscale="log", ylim=(0.7, 3 * max(rows["n"].max(), 1)),
           xlim=(edges.min() - 0.3, edges.max() + 0.3))  # fmt: skip


def pure(ax, table, names, look):
    """Share of the detections of each detector that are objects of the catalogue."""
    for k, name in enumerate(names):
        own = table[(table["experiment"] == name) & (table["measure"] == "purity")]
        own = own.set_index("kind").reindex(list(PURE))
        shift = 0.16 * (k - (len(names) - 1) / 2)
        style.error_bars(ax, np.arange(len(PURE)) + shift, own, ms=4, ls="none", **look[name])
    ax.set(xticks=range(len(PURE)), xlim=(-0.5, len(PURE) - 0.5), ylim=(-0.03, 1.04),
           title="Purity", ylabel="Share of the detections",
           xlabel="What a detection is")  # fmt: skip
    ax.set_xticklabels(list(PURE.values()))


def field_of(figure, table, names, look):
    """The panels of one field; returns those that carry letters."""
    grid = figure.add_gridspec(2, 3, height_ratios=[3, 1], width_ratios=[1.15, 1.15, 0.9])
    lettered = []
    for column, (kind, words) in enumerate(KINDS.items()):
        rows = table[(table["measure"] == "completeness") & (table["kind"] == kind)]
        ax = figure.add_subplot(grid[0, column])
        below = figure.add_subplot(grid[1, column], sharex=ax)
        for k, name in enumerate(names):
            own = rows[rows["experiment"] == name]
            by_magnitude(ax, own, look[name], 0.06 * (k - (len(names) - 1) / 2))
        ax.set(title=words, ylim=(-0.03, 1.04))
        ax.tick_params(labelbottom=False)
        if len(rows):
            counted(below, rows[rows["experiment"] == rows["experiment"].iloc[0]])
        else:
            style.note(ax, "none in the catalogue")
        if column == 0:
            ax.set_ylabel("Share found")
            below.set_ylabel("Number")
        lettered.append(ax)
    lettered.append(figure.add_subplot(grid[:, 2]))
    pure(lettered[-1], table, names, look)
    return lettered


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names = settings["detectors"]
    tables = {Path(path).stem: load_table(path) for path in snakemake.input.tables}
    look = looks(names)
    fig = style.figure(style.PAGE, LEGEND + HEIGHT * len(tables))
    parts = fig.subfigures(len(tables), 1, squeeze=False).ravel()
    axes = []
    for figure, (field, table) in zip(parts, tables.items(), strict=True):
        figure.suptitle(f"Field {field}", x=0.005, ha="left", size=8)
        axes += field_of(figure, table, names, look)
    lines = [axes[0].plot(np.nan, np.nan, ms=4, **look[name])[0] for name in names]
    lines += axes[0].plot(np.nan, np.nan, color=style.GREY, ls=":", lw=0.9)
    words = [*names, "found by chance"]
    fig.legend(lines, words, loc="outside lower center", ncols=style.columns_fitting(words))
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
