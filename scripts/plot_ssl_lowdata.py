"""Few labels as in the original study: nothing, ImageNet, properties, contrastive."""

from math import ceil

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.atlas import (
    bars,
    curve,
    handles,
    label_axis,
    legend_below,
    legend_height,
    line_look,
    load_curves,
    looks_of,
    metric_words,
    moved,
    panels_of,
)
from fewsky.provenance import record, simulated
from fewsky.studied import of_the_study

ACROSS, HEIGHT = 3, 2.5  # panels of a row, and inches of one


def panel(ax, curves, own, looks, title, metric):
    """Points with bars, moved sideways a little to keep them apart, and lines between them."""
    found = [curve(curves, row, metric) for row in own]
    budgets = {budget for one in found for budget in one["budget"].astype(int)}
    for k, (row, one) in enumerate(zip(own, found, strict=True)):
        place = moved(one["budget"], k, len(own), budgets)
        bars(ax, place, one, line_look(looks[row["start"]], row["way"], 3.5, 1.0))
    label_axis(ax, budgets, title)
    ax.set(xlabel="Labels seen")


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    curves = load_curves(snakemake.input.curves)
    panels = panels_of(of_the_study(settings["rows"]))
    rows = [row for own in panels.values() for row in own]
    looks, shown = looks_of(rows), handles(rows)
    width = style.COLUMN if len(panels) == 1 else style.PAGE
    across, down = min(len(panels), ACROSS), ceil(len(panels) / ACROSS)
    fig = style.figure(width, HEIGHT * down + legend_height(shown, width))
    axes = fig.subplots(down, across, squeeze=False, sharey=True).ravel()
    for ax, (title, own) in zip(axes, panels.items(), strict=False):
        panel(ax, curves, own, looks, title, settings["metric"])
    for ax in axes[len(panels) :]:
        ax.remove()
    for ax in axes[: len(panels) : across]:
        ax.set(ylabel=metric_words(settings["metric"]))
    style.letter(axes[: len(panels)])
    legend_below(fig, shown, width)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
