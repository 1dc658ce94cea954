"""How far fine-tuning moves the features, and the score on each side of the survey change."""

from textwrap import fill

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.planetary_nebulae import PLATES, dots
from fewsky.files import load_table
from fewsky.paper.tables import load_metrics, scored
from fewsky.provenance import record, simulated

COLOURS = (style.SKY, style.BLUE, style.VERMILLION)


def changes(paths, inside, outside):
    """Relative change of each object's features at the largest budget, the mean over draws."""
    tables = []
    for path in paths:
        table = load_table(path)
        own = table[table["budget"] == table.groupby("draw")["budget"].transform("max")]
        tables.append(own.assign(experiment=path.split("/")[-2]))
    if not tables:
        return pd.DataFrame(columns=["experiment", "group", "object_id", "relative"])
    table = pd.concat(tables, ignore_index=True)
    table["group"] = np.select(
        [table["field"].isin(inside) & (table["part"] == "train"), table["field"].isin(inside)],
        ["trained", "inside"],
        np.where(table["field"].isin(outside), "outside", ""),
    )
    table = table[table["group"] != ""]
    keys = ["experiment", "group", "object_id"]
    return table.groupby(keys, as_index=False)["relative"].mean()


def boxes(ax, table, experiments, groups):
    """Median, quartiles and 5 to 95 % of the objects' changes, a box an experiment and group."""
    step = 0.8 / max(len(groups), 1)
    for j, (group, (words, colour)) in enumerate(groups.items()):
        for k, name in enumerate(experiments):
            own = table["relative"][(table["experiment"] == name) & (table["group"] == group)]
            if own.empty:
                continue
            place = k + step * (j - (len(groups) - 1) / 2)
            ax.boxplot(own, positions=[place], widths=0.8 * step, whis=(5, 95), showfliers=False,
                       manage_ticks=False, patch_artist=True, boxprops={"fc": colour, "lw": 0.6},
                       medianprops={"color": "black", "lw": 1.2}, whiskerprops={"lw": 0.7},
                       capprops={"lw": 0.7})  # fmt: skip
        n = table.loc[table["group"] == group, "object_id"].nunique()
        ax.bar(0, 0, color=colour, label=f"{words} (n = {n})")
    ax.set_xticks(range(len(experiments)), [fill(name, 16) for name in experiments])
    ax.set(xlim=(-0.6, len(experiments) - 0.4), ylabel="Relative change of features",
           title="Change of features", ylim=(0, ax.get_ylim()[1]))  # fmt: skip
    if table.empty:
        style.note(ax, "nothing fine-tuned")


def scores(metrics, experiments):
    """MCC on objects of the other survey with its interval; on validation objects without one."""
    outside = scored(metrics, experiments)
    outside = outside[outside["subset"] == "all"].assign(place="outside")
    inside = scored(metrics, experiments, draws=True, part="val")
    inside = inside.groupby(["experiment", "metric"], as_index=False)["value"].mean()
    found = pd.concat([outside, inside.assign(place="inside", lower=np.nan, upper=np.nan)])
    return found[found["metric"] == "mcc"]


def words_of(fields):
    """Plate surveys in words."""
    return ", ".join(PLATES.get(name, name) for name in fields)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    experiments, inside, outside = (settings[key] for key in ("experiments", "inside", "outside"))
    table = changes(list(snakemake.input.distortions), inside, outside)
    tuned = [name for name in experiments if (table["experiment"] == name).any()]
    words = (f"{words_of(inside)}, trained on", f"{words_of(inside)}, held out", words_of(outside))
    groups = dict(zip(("trained", "inside", "outside"), zip(words, COLOURS, strict=True),
                      strict=True))  # fmt: skip
    groups = {name: told for name, told in groups.items() if (table["group"] == name).any()}

    fig = style.figure(style.PAGE, 2.8)
    halves = fig.subfigures(1, 2, wspace=0.04)
    axes = [half.subplots() for half in halves]
    boxes(axes[0], table, tuned, groups)
    found = scores(load_metrics(snakemake.input.metrics), experiments)
    places = {
        "inside": f"{words_of(inside)}\n(validation)",
        "outside": f"{words_of(outside)}\n(test)",
    }
    dots(axes[1], found, experiments, list(places))
    axes[1].set_yticklabels(places.values())
    axes[1].set(xlabel="Matthews correlation", title="Score")
    for half, ax in zip(halves, axes, strict=True):
        handles, named = ax.get_legend_handles_labels()
        ncols = style.columns_fitting(named, style.PAGE / 2)
        half.legend(handles, named, loc="outside lower center", ncols=ncols)
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
