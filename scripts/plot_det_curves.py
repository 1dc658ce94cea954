"""Precision against recall, recall by size and by brightness, and score by number of images."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.runs import looks
from fewsky.paper.detection import in_bins, load_scores, reference_of
from fewsky.paper.tables import scored
from fewsky.provenance import record, simulated

CURVE = "precision_at_recall_"
HEIGHT = 4.9  # inches
# Of the boxes: their magnitudes are those of a catalogue, or of the picture's own light.
MAGNITUDES = {"true": "r magnitude"}


def curve(ax, rows, look):
    """Precision at every recall; the table has the interval of the area below."""
    own = rows[rows["metric"].str.startswith(CURVE) & (rows["subset"] == "all")]
    own = own.assign(recall=own["metric"].str.removeprefix(CURVE).astype(float))
    own = own.sort_values("recall")
    ax.plot(own["recall"], own["value"], markevery=20, ms=3.5, **look)


def by_size(ax, rows, look, shift):
    """Average recall of the thirds of the boxes; returns their names."""
    own = in_bins(rows[rows["metric"] == "ar_10"], "size")
    style.error_bars(ax, np.arange(len(own)) + shift, own, ms=4, **look)
    return [size_words(one) for one in own.itertuples()]


def size_words(one):
    if one.low == 0:
        return f"below {one.high:g}"
    return f"above {one.low:g}" if np.isinf(one.high) else f"{one.low:g} to {one.high:g}"


def by_brightness(ax, rows, look, shift):
    own = in_bins(rows[rows["metric"] == "recall_50"], "brightness")
    style.error_bars(ax, (own["low"] + own["high"]) / 2 + shift, own, ms=3.5, lw=0.7, **look)


def by_budget(ax, rows, look):
    """mAP at every number of images; what learns from none is a line."""
    own = rows[(rows["metric"] == "map_50") & (rows["subset"] == "all")].sort_values("budget")
    if (own["budget"] == 0).all():
        for value in own["value"]:
            ax.axhline(value, color=look["color"], lw=0.9, ls="--")
    else:
        style.error_bars(ax, own["budget"], own, ms=3.5, lw=0.9, **look)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names = settings["experiments"]
    metrics = load_scores(snakemake.input.metrics)
    metrics = metrics[metrics["task"] == settings["task"]]
    reference = reference_of(metrics)
    largest = scored(metrics, names, reference=reference)
    every = scored(metrics, names, reference=reference, every_budget=True)
    fig = style.figure(style.PAGE, HEIGHT)
    axes = fig.subplots(2, 2).ravel()
    look, sizes = looks(names), []
    for k, name in enumerate(names):
        rows, shift = largest[largest["experiment"] == name], k - (len(names) - 1) / 2
        curve(axes[0], rows, look[name])
        sizes = by_size(axes[1], rows, {**look[name], "ls": "none"}, 0.12 * shift) or sizes
        by_brightness(axes[2], rows, look[name], 0.06 * shift)
        by_budget(axes[3], every[every["experiment"] == name], look[name])
    axes[0].set(title="Precision and recall, overlap .50", xlabel="Recall", ylabel="Precision",
                xlim=(0, 1.01))  # fmt: skip
    axes[1].set(title="By size", xlabel="Square root of the box's area (px)", ylabel="AR@10",
                xticks=range(len(sizes)), xlim=(-0.5, max(len(sizes), 1) - 0.5))  # fmt: skip
    axes[1].set_xticklabels(sizes)
    axes[2].set(title="By brightness", ylabel="Recall, overlap .50",
                xlabel=MAGNITUDES.get(reference, "Magnitude of the picture's light"))  # fmt: skip
    axes[3].set(title="By number of labelled images", xlabel="Labelled images", ylabel="mAP@.50",
                xscale="log")  # fmt: skip
    budgets = sorted(set(every["budget"]) - {0})
    axes[3].set_xticks(budgets, [f"{n:,}" for n in budgets])
    axes[3].minorticks_off()
    for ax in axes:
        ax.set_ylim(-0.03, 1.04)
        if not any(np.isfinite(line.get_ydata()).any() for line in ax.lines):
            style.note(ax, "not known")
    fig.legend(axes[0].lines, names, loc="outside lower center", ncols=style.columns_fitting(names))
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
