"""ROC curves of each class against the rest, a panel a class, a curve an experiment."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10 import GRID, PARTS, class_words, mean_roc, named, tested
from fewsky.figures.runs import looks
from fewsky.provenance import record, simulated

COLUMNS = (5, 4, 3)  # of panels, the first that leaves no gap
LOWEST = 1e-3


def curves(ax, table, label, names, mark):
    """The mean curve of every experiment, a marker at what it decides, areas beside `mark`."""
    areas = []
    for name in names:
        found = mean_roc(table[table["experiment"] == name], label)
        if found is None:
            areas.append((name, "–"))
            continue
        look = looks(names)[name]
        ax.plot(GRID[1:], found["true"][1:], color=look["color"], lw=1.0)
        false, true = found["point"]
        ax.plot(max(false, LOWEST), true, ls="none", ms=4.5, mec="white", mew=0.5, clip_on=False,
                zorder=5, **look)  # fmt: skip
        areas.append((name, f"{found['area']:.3f}"))
    for k, (name, area) in enumerate(reversed(areas)):
        place = {"transform": ax.transAxes, "zorder": 6}
        box = {"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.6}
        ax.text(0.99, 0.04 + 0.1 * k, area, ha="right", size=7, bbox=box, **place)
        ax.plot(mark, 0.07 + 0.1 * k, ms=3.2, ls="none", **place, **looks(names)[name])


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    experiments, classes = named(settings["reports"]), settings["classes"]
    names = list(experiments.values())
    table = tested(snakemake.input.predictions)
    columns = next((n for n in COLUMNS if len(classes) % n == 0), COLUMNS[0])
    rows = -(-len(classes) // columns)
    fig = style.figure(style.PAGE, 0.45 + 1.55 * rows)
    axes = fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, label in zip(axes, classes, strict=False):
        curves(ax, table, label, names, 1 - 0.37 * columns / COLUMNS[0])
        draws = table[["draw", "object_id", "label"]].drop_duplicates()
        n = round((draws["label"] == label).sum() / draws["draw"].nunique())
        ax.set_title(f"{class_words(label)} ({n})", fontsize=7)
        ax.plot(GRID[1:], GRID[1:], color=style.GREY, lw=0.7, ls=":", zorder=0)
    axes[0].set(xscale="log", xlim=(LOWEST, 1), ylim=(0, 1.0), xticks=[1e-3, 1e-2, 1e-1, 1])
    for k, ax in enumerate(axes):
        ax.set_visible(k < len(classes))
        if k % columns == 0:
            ax.set_ylabel("True-positive rate")
        if k + columns >= len(classes):
            ax.set_xlabel("False-positive rate")
            ax.tick_params(labelbottom=True)
    lines = [axes[0].plot(np.nan, np.nan, lw=1.0, ms=4.5, **looks(names)[name])[0]
             for name in names]  # fmt: skip
    words = [f"{PARTS[part]}: {name}" for part, name in experiments.items()]
    fig.legend(lines, words, loc="outside lower center", ncols=style.columns_fitting(words))
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
