"""Score against the number of labels, a panel a task: every start in every way, with intervals."""

from math import ceil

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

ACROSS = 3
HEIGHT = 1.9  # inches of a row of panels


def panel(ax, curves, rows, looks, task, metric):
    """The curves of one task; their intervals are bands, the training from nothing on top."""
    own = [row for row in rows if row["task"] == task]
    budgets = set()
    for k, row in enumerate(reversed(own)):
        found = curve(curves, row, metric)
        color = looks[row["start"]]["color"]
        ax.fill_between(found["budget"], found["lower"].astype(float),
                        found["upper"].astype(float), color=color, alpha=0.07, lw=0)  # fmt: skip
        ax.plot(found["budget"], found["value"], color=color, ls=WAYS[row["way"]][1],
                marker=".", ms=2.5, lw=0.9, zorder=3 + k)  # fmt: skip
        budgets |= set(found["budget"].astype(int))
    label_axis(ax, budgets, task)
    ax.set(xlabel="Labels seen")


def explain(fig, spare, rows):
    """The legend, in the first panel that no task takes, else below all."""
    shown = handles(rows, markers=False)
    if len(spare):
        spare[0].set_axis_off()
        spare[0].legend(handles=shown, loc="center left", borderaxespad=0)
        return
    fig.legend(handles=shown, loc="outside lower center",
               ncols=style.columns_fitting([h.get_label() for h in shown]))  # fmt: skip


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    curves = load_curves(snakemake.input.curves)
    tasks, rows, metric = settings["tasks"], settings["rows"], settings["metric"]
    down = ceil(len(tasks) / ACROSS)
    spare = down * ACROSS > len(tasks)
    fig = style.figure(style.PAGE, HEIGHT * down + (0 if spare else 0.55))
    axes = fig.subplots(down, ACROSS, squeeze=False).ravel()
    looks = looks_of(rows)
    for ax, task in zip(axes, tasks, strict=False):
        panel(ax, curves, rows, looks, task, metric)
    for ax in axes[len(tasks) + 1 :]:
        ax.remove()
    style.letter(axes[: len(tasks)])
    for ax in axes[: len(tasks) : ACROSS]:
        ax.set(ylabel=metric_words(metric))
    explain(fig, axes[len(tasks) :], rows)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
