"""Does a neighbour spoil the answer? Error rate by distance and brightness of the nearest one."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.runs import in_bins, looks
from fewsky.paper.tables import load_metrics, one, scored
from fewsky.provenance import record, simulated

PANELS = {
    "neighbour ": "Distance of the nearest neighbour (arcsec)",
    "neighbour r ": "r magnitude of the nearest neighbour",
}


def words(low, high):
    """A bin in words, `5 to 10`, open at an infinite edge."""
    if np.isinf(low):
        return f"below {high:g}"
    return f"over {low:g}" if np.isinf(high) else f"{low:g} to {high:g}"


def panel(ax, rows, names, start):
    """Error rate by bin, a colour an experiment; the number of test objects under each bin."""
    bins = in_bins(rows[rows["metric"] == "error_rate"], start)
    edges = bins[["low", "high"]].drop_duplicates().to_numpy()
    place = {tuple(edge): k for k, edge in enumerate(edges)}
    for k, name in enumerate(names):
        own = bins[bins["experiment"] == name]
        x = [
            place[low, high] + 0.13 * (k - (len(names) - 1) / 2)
            for low, high in zip(own["low"], own["high"], strict=True)
        ]
        style.error_bars(ax, x, own, ls="none", ms=3.5, label=name, **looks(names)[name])
        overall = one(rows[rows["experiment"] == name], "error_rate")[0]
        ax.axhline(overall, color=looks(names)[name]["color"], lw=0.5, ls=":", zorder=0)
    sizes = bins.groupby(["low", "high"])["n"].max()
    ax.set_xticks(
        range(len(edges)), [f"{words(*edge)}\nn = {sizes[tuple(edge)]}" for edge in edges]
    )
    ax.set(
        xlabel=PANELS[start], ylabel="Error rate, test part", xlim=(-0.5, max(len(edges), 1) - 0.5)
    )
    if not len(edges):
        style.note(ax, "no neighbours measured")


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    rows = scored(load_metrics(snakemake.input.metrics), settings["experiments"])
    fig = style.figure(style.PAGE, 2.9)
    axes = fig.subplots(1, len(PANELS), sharey=True)
    for ax, start in zip(axes, PANELS, strict=True):
        panel(ax, rows, settings["experiments"], start)
    axes[0].set_ylim(bottom=-0.02 * axes[0].get_ylim()[1])
    handles = axes[0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=min(len(handles[0]), 4))
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
