"""Confusion matrices: what objects of each class are taken for, in per cent of the class."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10 import PARTS, class_words, confusion, named
from fewsky.paper.tables import load_metrics, scored
from fewsky.provenance import record, simulated

COLUMNS = 3


def matrix(ax, counts):
    """A matrix coloured by the share of each row, shares in per cent; what rounds to 0 is empty."""
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown = ax.imshow(shares, cmap="Blues", vmin=0, vmax=100, origin="upper")
    for (row, column), part in np.ndenumerate(shares):
        if part >= 0.5:
            ax.text(column, row, f"{part:.0f}", ha="center", va="center", fontsize=6.5,
                    color="white" if part > 55 else "black")  # fmt: skip
    ax.spines[:].set(visible=True, color=style.GREY, linewidth=0.5)
    ax.tick_params(length=0)
    return shown


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    experiments, classes = named(settings["reports"]), settings["classes"]
    rows = scored(load_metrics(snakemake.input.metrics), list(experiments.values()), draws=True)
    rows = rows[rows["subset"] == "all"]
    columns = min(COLUMNS, len(experiments))
    lines = -(-len(experiments) // columns)
    side = (style.PAGE - 1.6) / COLUMNS
    fig = style.figure(style.PAGE, 0.55 + (side + 0.62) * lines)
    axes = fig.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    numbers = range(1, len(classes) + 1)
    words = [f"{class_words(name)}  {k}" for k, name in zip(numbers, classes, strict=True)]
    for k, (ax, (part, name)) in enumerate(zip(axes, experiments.items(), strict=False)):
        shown = matrix(ax, confusion(rows[rows["experiment"] == name], classes))
        ax.set_title(f"({chr(97 + k)}) {PARTS[part]}\n{name}", fontsize=7.5)
        ax.set_xticks(range(len(classes)), numbers)
        ax.set_xlabel("Class decided")
        if k % columns == 0:
            ax.set_ylabel("Class in the catalogue")
    axes[0].set_yticks(range(len(classes)), words)
    for ax in axes[len(experiments) :]:
        ax.set_visible(False)
    bar = fig.colorbar(shown, ax=list(axes), location="bottom", shrink=0.4, pad=0.02, aspect=35)
    bar.set_label("Share of the class (%)")
    bar.outline.set_visible(False)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
