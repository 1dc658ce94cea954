"""How far sources lie from their place in the reference band, before and after alignment."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures import style
from fewsky.files import load_table
from fewsky.provenance import record, simulated

GOAL_PX = 0.1
STAGES = {"before": (style.VERMILLION, "s"), "after": (style.BLUE, "o")}


def spread(ax, table, bands):
    """One point a field: the centroids' scatter against the reference band; bars at the median."""
    ax.axhline(GOAL_PX, color=style.GREY, lw=0.8, ls=":")
    ax.text(
        len(bands) - 0.45, GOAL_PX, f"{GOAL_PX:g} px", va="bottom", ha="right", color=style.GREY
    )
    for stage, (colour, marker) in STAGES.items():
        for k, band in enumerate(bands):
            values = table["scatter_px"][
                (table["stage"] == stage) & (table["band"] == band)
            ].dropna()
            place = k + np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else [k]
            ax.plot(place, values, marker, color=colour, ms=3, alpha=0.7, lw=0)
            if len(values):
                ax.hlines(values.median(), k - 0.3, k + 0.3, color=colour, lw=1.4)
                ax.text(k + 0.05, values.max() * 1.15, f"{values.median():.2g}",
                        ha="center", va="bottom", color=colour)  # fmt: skip
        ax.plot([], [], marker, color=colour, label=stage)
    ax.set(yscale="log", xticks=range(len(bands)), xticklabels=bands, xlim=(-0.5, len(bands) - 0.4),
           xlabel="Band", ylabel="Distance from place (pixels)", title="Bright stars")  # fmt: skip
    ax.set_ylim(top=ax.get_ylim()[1] * 3)
    ax.legend(loc="upper right", ncols=2, handletextpad=0.2, columnspacing=0.8)


def offsets(ax, table, bands):
    """Mean offset of each field's centroids, one marker a band and stage."""
    for stage, (colour, _) in STAGES.items():
        for band, marker in zip(bands, style.MARKERS, strict=False):
            part = table[(table["stage"] == stage) & (table["band"] == band)]
            ax.plot(part["offset_x"], part["offset_y"], marker, color=colour, lw=0, alpha=0.8)
    for band, marker in zip(bands, style.MARKERS, strict=False):
        ax.plot([], [], marker, color=style.GREY, lw=0, label=band)
    ax.axhline(0, color=style.GREY, lw=0.5, zorder=0)
    ax.axvline(0, color=style.GREY, lw=0.5, zorder=0)
    ax.set(xlabel="Offset in x (pixels)", ylabel="Offset in y (pixels)", title="Median offset")
    ax.margins(0.15)
    ax.legend(loc="best", handletextpad=0.2)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    table = pd.concat([load_table(path) for path in snakemake.input.tables], ignore_index=True)
    bands = [band for band in settings["bands"] if band != settings["reference_band"]]
    fig = style.figure(style.PAGE, 2.7)
    left, right = fig.subplots(1, 2, width_ratios=(3, 2))
    spread(left, table, bands)
    offsets(right, table, bands)
    style.letter([left, right])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
