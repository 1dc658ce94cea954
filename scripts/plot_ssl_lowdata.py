"""Few labels as in the original study: nothing, ImageNet, properties, contrastive."""

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.atlas import (
    WAYS,
    curve,
    handles,
    label_axis,
    load_curves,
    looks_of,
    metric_words,
)
from fewsky.provenance import record, simulated

STARTS = ("none", "imagenet", "magnitudes", "pretext", "contrastive")


def of_the_study(rows):
    """Rows of the starts of the study; frozen and LP-FT, and from nothing what there is."""
    return [
        row
        for row in rows
        if row["start"] in STARTS and (row["way"] != "tuned" or row["start"] == "none")
    ]


def panel(ax, curves, rows, looks, task, metric):
    """Points with bars, moved sideways a little to keep them apart, and lines between them."""
    own = [row for row in rows if row["task"] == task]
    budgets = set()
    for k, row in enumerate(own):
        found = curve(curves, row, metric)
        moved = found["budget"] * 1.025 ** (k - (len(own) - 1) / 2)
        style.error_bars(ax, moved, found, ls=WAYS[row["way"]][1], ms=3.5, **looks[row["start"]])
        budgets |= set(found["budget"].astype(int))
    label_axis(ax, budgets, task)
    ax.set(xlabel="Labels seen")


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    curves = load_curves(snakemake.input.curves)
    tasks, metric = settings["tasks"], settings["metric"]
    rows = of_the_study(settings["rows"])
    looks = looks_of(rows)
    width = style.COLUMN if len(tasks) == 1 else style.PAGE
    fig = style.figure(width, 3.2 if width == style.COLUMN else 2.9)
    axes = fig.subplots(1, len(tasks), squeeze=False)[0]
    for ax, task in zip(axes, tasks, strict=True):
        panel(ax, curves, rows, looks, task, metric)
    axes[0].set(ylabel=metric_words(metric))
    style.letter(axes)
    shown = handles(rows, markers=True)
    fig.legend(handles=shown, loc="outside lower center",
               ncols=style.columns_fitting([h.get_label() for h in shown], width))  # fmt: skip
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
