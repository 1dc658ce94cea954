"""Every trial of the search: accuracy against operations and against parameters, and the front."""

from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10 import front
from fewsky.figures.runs import looks
from fewsky.paper.trials import MONITORED, load_exports, load_trials
from fewsky.provenance import record, simulated

COSTS = {"flops": "Operations for one image (millions)", "parameters": "Parameters (thousands)"}
SCALE = {"flops": 1e-6, "parameters": 1e-3}


def trials(ax, table, cost, higher):
    """Trials as points, the front as a line of steps, the chosen trial as a star."""
    x, y = table[cost] * SCALE[cost], table["value"]
    best = front(x, y if higher else -y)
    ax.plot(x, y, ls="none", marker="o", ms=3.2, color=style.SKY, mec=style.BLUE, mew=0.4,
            label="trial")  # fmt: skip
    edge = table[best].assign(x=x[best]).sort_values("x")
    ax.step(edge["x"], edge["value"], where="post", color=style.BLUE, lw=1.1, label="Pareto front")
    chosen = table[table["chosen"]]
    ax.plot(chosen[cost] * SCALE[cost], chosen["value"], ls="none", marker="*", ms=9, mec="white",
            mew=0.5, color=style.VERMILLION, label="chosen", zorder=5)  # fmt: skip


def others(ax, exports, cost):
    """The exported networks on the same validation objects."""
    names = ["", "", *exports["experiment"]]
    for row in exports.to_dict("records"):
        look = {**looks(names)[row["experiment"]], "mfc": "white"}
        ax.plot(row[cost] * SCALE[cost], row["accuracy.torch"], ls="none", ms=4.5,
                label=row["experiment"], **look)  # fmt: skip


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metric = settings["metric"]
    table = load_trials(snakemake.input.trials, snakemake.input.best)
    exports = load_exports(snakemake.input.exports)
    exports = exports[exports["experiment"] != settings["search"]]  # it is the star
    fig = style.figure(style.PAGE, 3.0)
    axes = fig.subplots(1, len(COSTS), sharey=True)
    for ax, (cost, words) in zip(axes, COSTS.items(), strict=True):
        trials(ax, table, cost, metric != "val_loss")
        if metric == "val_accuracy":
            others(ax, exports, cost)
        ax.set(xscale="log", xlabel=words)
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
        ax.xaxis.set_minor_locator(NullLocator())
    axes[0].set_ylabel(f"{MONITORED[metric]} on validation objects")
    handles, words = axes[0].get_legend_handles_labels()
    fig.legend(handles, words, loc="outside lower center", ncols=style.columns_fitting(words))
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
