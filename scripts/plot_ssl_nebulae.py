"""Starts without labels on nebulae: by resolution, and by the sources that stand around them."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures import self_supervision_nebulae as ssl
from fewsky.figures import style
from fewsky.figures.atlas import looks_of, metric_words
from fewsky.files import load_table
from fewsky.paper.tables import load_metrics
from fewsky.provenance import record, simulated


def points(ax, table, starts, x):
    """Values with their bars, a colour a start; `x` gives the place of each row of a start."""
    looks = looks_of([{"start": start, "words": "", "panel": ""} for start in starts])
    for k, start in enumerate(starts):
        own = table[table["start"] == start]
        place = ssl.moved(x(own), k, len(starts), 0.08)
        style.error_bars(ax, place, own, label=ssl.start_words(start), **looks[start])
    if table.empty:
        style.note(ax, "not scored")


def over_sizes(ax, table, starts, sizes):
    """A measure against the side of the images, coarse to fine."""
    table = table.sort_values("size")
    points(ax, table, starts, lambda own: own["size"].map(sizes.index).to_numpy(float))
    ax.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    ax.set(xlabel="Side of an image (px)", xlim=(-0.5, len(sizes) - 0.5))


def over_bins(ax, table, starts, size, column):
    """Accuracy in the bins of a column, at one resolution."""
    table = table[table["size"] == size]
    bins = ssl.bins_of(table["subset"], column)
    names = [name for name, _ in bins]
    table = table.sort_values("subset", key=lambda column: column.map(names.index))
    points(ax, table, starts, lambda own: own["subset"].map(names.index).to_numpy(float))
    ax.set_xticks(range(len(bins)), [words for _, words in bins])
    ax.set(title=f"{size} px, by sources around", xlabel=f"Sources in the outer ring ({column})",
           ylabel="Accuracy")  # fmt: skip


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    starts, column = settings["starts"], settings["column"]
    metrics = load_metrics(snakemake.input.metrics)
    comparisons = pd.concat([load_table(path) for path in snakemake.input.comparisons])
    sizes = ssl.resolutions(starts)

    fig = style.figure(style.PAGE, 4.6)
    axes = fig.subplots(2, 2)
    over_sizes(axes[0, 0], ssl.by_size(metrics, starts, "mcc"), list(starts), sizes)
    axes[0, 0].set(title="By resolution", ylabel="Matthews correlation")
    over_sizes(axes[0, 1], ssl.gains(comparisons, starts), list(starts), sizes)
    axes[0, 1].axhline(0, color=style.GREY, lw=0.8, zorder=0)
    told = " and ".join(metric_words(name) for name in comparisons["metric"].unique())
    axes[0, 1].set(title="Gain over random weights", ylabel=f"Difference,\n{told}")
    binned = ssl.by_size(metrics, starts, "accuracy", column)
    for ax, size in zip(axes[1], (sizes[-1], sizes[0]), strict=True):
        over_bins(ax, binned, list(starts), size, column)
    limits = np.array([ax.get_ylim() for ax in axes[1]])
    for ax in axes[1]:
        ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())
    words = [ssl.start_words(start) for start in starts]
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center",
               ncols=style.columns_fitting(words))  # fmt: skip
    style.letter(axes.flat)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
