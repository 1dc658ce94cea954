"""Ruhmer's figure 6: confusion matrices of ours and of his, in both readings of his classes."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.paper.tables import load_metrics, load_published, scored, spread
from fewsky.provenance import record, simulated

READINGS = {
    "Ruhmer's class 0 is galaxy and 1 is star, as his report says": ("galaxy", "star"),
    "Ruhmer's class 0 is star and 1 is galaxy, as his code reads": ("star", "galaxy"),
}


def matrix(ax, counts, cells, classes, title):
    """A two by two matrix, coloured by the share of each row, with text in its cells."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, origin="upper")
    for (row, column), part in np.ndenumerate(shares):
        ax.text(column, row, f"{cells[row][column]}\n{100 * part:.0f} %", ha="center", va="center",
                color="white" if part > 0.6 else "black", fontsize=7.5)  # fmt: skip
    ax.set(xticks=[0, 1], xticklabels=classes, yticks=[0, 1])
    ax.set_title(title, loc="center", fontsize=7.5)
    ax.set_yticklabels(classes, rotation=90, va="center")
    ax.tick_params(length=0)
    ax.spines[:].set(visible=True, color=style.GREY, linewidth=0.5)


def ours(rows, classes):
    """Counts averaged over draws, and what the cells say: mean ± spread."""
    names = [[f"confusion_{true}_{decided}" for decided in classes] for true in classes]
    values = [[rows["value"][rows["metric"] == name] for name in line] for line in names]
    counts = np.array([[cell.mean() for cell in line] for line in values])
    return counts, [[spread(cell, 0) for cell in line] for line in values]


def theirs(published, row):
    """Counts of a published matrix, rows true and columns decided."""
    cells = published[(published["table"] == "confusion") & (published["row"] == row)]
    counts = cells["value"].to_numpy(float).reshape(2, 2)
    return counts, [[f"{cell:.0f}" for cell in line] for line in counts]


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names = settings["experiments"]
    rows = scored(load_metrics(snakemake.input.metrics), names, draws=True)
    rows = rows[rows["subset"] == "all"]
    published = load_published(snakemake.input.published)
    matrices = list(dict.fromkeys(published["row"][published["table"] == "confusion"]))

    n_columns = len(names) + len(matrices)
    fig = style.figure(style.PAGE, 2 * (style.PAGE / n_columns + 0.4))
    halves = fig.subfigures(2, 1, hspace=0.02)
    for half, letter, reading in zip(halves, "ab", READINGS, strict=True):
        classes = READINGS[reading]
        axes = half.subplots(1, n_columns)
        half.suptitle(f"({letter}) {reading}", x=0.01, ha="left", size=8)
        for ax, name in zip(axes, names, strict=False):
            matrix(ax, *ours(rows[rows["experiment"] == name], classes), classes, name)
        for ax, row in zip(axes[len(names) :], matrices, strict=True):
            matrix(ax, *theirs(published, row), classes, f"Ruhmer: {row.split(',')[0]}")
        axes[0].set_ylabel("Class in the catalogue")
        for ax in axes:
            ax.set_xlabel("Class decided")
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
