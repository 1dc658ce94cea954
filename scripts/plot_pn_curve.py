"""Score against the number of labels: every recipe with its interval, and what others printed."""

import numpy as np
from matplotlib.ticker import NullLocator

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.planetary_nebulae import STUDIES
from fewsky.figures.runs import looks
from fewsky.paper.tables import load_metrics, load_published, scored
from fewsky.provenance import record, simulated

METRICS = {"mcc": "Matthews correlation", "auroc": "AUROC", "accuracy": "Accuracy"}
DASHES = ("--", ":")


def curves(ax, rows, names, metric):
    """The mean over draws at each number of labels, moved sideways a little to keep them apart."""
    rows = rows[rows["metric"] == metric]
    for k, name in enumerate(names):
        own = rows[rows["experiment"] == name].sort_values("budget")
        moved = own["budget"] * 1.03 ** (k - (len(names) - 1) / 2)
        style.error_bars(ax, moved, own, label=name, ms=3.5, **looks(names)[name])
    budgets = ticks(np.unique(rows["budget"]))
    ax.set(xscale="log", xlabel="Labels seen", ylabel=METRICS[metric])
    ax.set_xticks(budgets, [str(n) for n in budgets])
    ax.xaxis.set_minor_locator(NullLocator())
    if rows.empty:
        style.note(ax, "not scored")


def ticks(budgets):
    """The numbers of labels to be written: the largest, and those below it with room between."""
    kept = []
    room = (max(budgets) / min(budgets)) ** 0.13 if len(budgets) else 1
    for budget in sorted(map(int, budgets), reverse=True):
        if not kept or budget * room <= kept[-1]:
            kept.append(budget)
    return kept[::-1]


def printed(ax, published, metric):
    """Levels that were published for this metric, across the panel; a dash a study."""
    rows = published[(published["table"] == "pn") & (published["metric"] == metric)]
    for row in rows.itertuples():
        dash = DASHES[list(STUDIES).index(row.study)] if row.study in STUDIES else "-"
        ax.axhline(float(row.value), color=style.GREY, lw=1, ls=dash, zorder=0,
                   label=STUDIES.get(row.study, row.study))  # fmt: skip


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names = settings["experiments"]
    published = load_published(snakemake.input.published)
    rows = scored(load_metrics(snakemake.input.metrics), names, every_budget=True)
    rows = rows[rows["subset"] == "all"]

    fig = style.figure(style.PAGE, 2.9)
    axes = fig.subplots(1, len(METRICS), sharex=True)
    for ax, metric in zip(axes, METRICS, strict=True):
        curves(ax, rows, names, metric)
        printed(ax, published, metric)
    found = {}
    for ax in axes:
        handles, words = ax.get_legend_handles_labels()
        found |= dict(zip(words, handles, strict=True))
    order = [*names, *(word for word in found if word not in names)]
    order = [word for word in order if word in found]
    fig.legend([found[word] for word in order], order, loc="outside lower center",
               ncols=style.columns_fitting(order))  # fmt: skip
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
