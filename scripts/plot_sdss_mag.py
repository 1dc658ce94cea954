"""Completeness and purity of each class, and AUROC, by magnitude; against catalogue and truth."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.runs import in_bins, looks
from fewsky.paper.tables import load_metrics, scored
from fewsky.provenance import record, simulated

FEWEST = 5  # objects of a class in a bin, below which nothing is drawn


def line(ax, rows, metric, look, shift, label):
    """One measure by magnitude: a point a bin, with its interval."""
    rows = rows[rows["metric"] == metric]
    style.error_bars(ax, (rows["low"] + rows["high"]) / 2 + shift, rows, ms=3, label=label, **look)


def shown(sample):
    """Range of magnitudes in which some class has enough objects."""
    filled = sample[sample["metric"].str.startswith("count_") & (sample["value"] >= FEWEST)]
    return (filled["low"].min() - 0.2, filled["high"].max() + 0.2) if len(filled) else (14, 24)


def numbers(ax, sample, classes):
    """How many test objects of each class stand in each bin."""
    for label in classes:
        rows = sample[sample["metric"] == f"count_{label}"]
        if len(rows):
            width = (rows["high"] - rows["low"]).iloc[0]
            # Bins without an object have no row.
            edges = np.arange(rows["low"].min(), rows["high"].max() + width / 2, width)
            counts, _ = np.histogram(rows["low"] + width / 2, edges, weights=rows["value"])
            ax.stairs(counts, edges, color=style.CLASSES[label], lw=1.1, label=label)
    ax.legend(loc="upper left", handlelength=1, ncols=len(classes))


def block(axes, bins, sample, names, classes):
    """Two rows of panels for one reference: completeness above purity, AUROC above numbers."""
    few = sample[sample["metric"].str.startswith("count_") & (sample["value"] < FEWEST)]
    look = looks(names)
    for k, name in enumerate(names):
        own, shift = bins[bins["experiment"] == name], 0.05 * (k - (len(names) - 1) / 2)
        for column, label in enumerate(classes):
            lacking = few["subset"][few["metric"] == f"count_{label}"]
            told = own[~own["subset"].isin(lacking)]
            line(axes[0, column], told, f"recall_{label}", look[name], shift, name)
            line(axes[1, column], told, f"precision_{label}", look[name], shift, name)
        line(axes[0, 2], own[~own["subset"].isin(few["subset"])], "auroc", look[name], shift, name)
    numbers(axes[1, 2], sample, classes)
    for column, label in enumerate(classes):
        axes[0, column].set(title=f"Completeness, {label}", ylim=(-0.04, 1.04))
        axes[1, column].set(title=f"Purity, {label}", ylim=(-0.04, 1.04))
    for ax in [*axes[0], *axes[1, : len(classes)]]:
        if not any(np.isfinite(drawn.get_ydata()).any() for drawn in ax.lines):
            style.note(ax, f"fewer than {FEWEST}\nof a class in every bin")
    axes[0, 2].set(title="AUROC", ylim=(0.4, 1.03))
    axes[1, 2].set(title="Test objects a bin", ylim=(0, axes[1, 2].get_ylim()[1] * 1.25))


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names, classes, band = settings["experiments"], settings["classes"], settings["band"]
    metrics = load_metrics(snakemake.input.metrics)
    references = [name for name in ("catalogue", "truth") if (metrics["reference"] == name).any()]
    test = metrics[metrics["task"] == settings["task"]]

    samples = {
        name: in_bins(scored(test, ["sample"], reference=name), f"{band} ") for name in references
    }

    fig = style.figure(style.PAGE, 0.5 + 3.1 * len(references))
    axes = fig.subplots(2 * len(references), 3, sharex=True, squeeze=False)
    for k, reference in enumerate(references):
        bins = in_bins(scored(metrics, names, reference=reference), f"{band} ")
        block(axes[2 * k : 2 * k + 2], bins, samples[reference], names, classes)
        for ax in axes[2 * k : 2 * k + 2, 0]:
            ax.set_ylabel(f"Against the {reference}")
    axes[0, 0].set_xlim(*shown(pd.concat(samples.values())))
    for ax in axes[-1]:
        ax.set_xlabel(f"{band} magnitude")
    handles = axes[0, 0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=min(len(names), 4))
    style.letter(axes.flat)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
