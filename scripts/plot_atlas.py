"""Score against the number of labels, a panel a task: every start in every way, with intervals."""

from math import ceil
from textwrap import fill

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.atlas import (
    curve,
    handles,
    label_axis,
    legend_below,
    legend_height,
    line_look,
    load_curves,
    looks_of,
    metric_words,
    panels_of,
    share_heights,
)
from fewsky.provenance import record, simulated

FEW = 9  # panels up to which three stand in a row, else four
HEIGHTS = {3: 1.9, 4: 1.55}  # inches of a row of so many panels
LETTERS = {3: 32, 4: 22}  # of a line of a title, beside the letter of its panel


def panel(ax, curves, own, looks, title, metric):
    """The curves of one task; their intervals are bands, the training from nothing on top."""
    budgets = set()
    for k, row in enumerate(reversed(own)):
        found = curve(curves, row, metric)
        look = looks[row["start"]]
        low, high = found["lower"].astype(float), found["upper"].astype(float)
        ax.fill_between(found["budget"], low, high, color=look["color"], alpha=0.07, lw=0)
        ax.plot(found["budget"], found["value"], zorder=3 + k,
                **line_look(look, row["way"], 3.2, 0.9))  # fmt: skip
        budgets |= set(found["budget"].astype(int))
    label_axis(ax, budgets, title)
    ax.set(xlabel="Labels seen")


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    curves = load_curves(snakemake.input.curves)
    panels = panels_of(settings["rows"])
    rows = [row for own in panels.values() for row in own]
    looks, shown = looks_of(rows), handles(rows)
    across = 3 if len(panels) <= FEW else 4
    down = ceil(len(panels) / across)
    fig = style.figure(style.PAGE, HEIGHTS[across] * down + legend_height(shown))
    axes = fig.subplots(down, across, squeeze=False).ravel()
    for ax, (title, own) in zip(axes, panels.items(), strict=False):
        panel(ax, curves, own, looks, fill(title, LETTERS[across]), settings["metric"])
    for ax in axes[len(panels) :]:
        ax.remove()
    axes = axes[: len(panels)]
    share_heights(axes, [settings["questions"][own[0]["task"]] for own in panels.values()])
    style.letter(axes)
    for ax in axes[::across]:
        ax.set(ylabel=metric_words(settings["metric"]))
    legend_below(fig, shown)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
