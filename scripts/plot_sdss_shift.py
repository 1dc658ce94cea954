"""Scores inside and outside the training fields' run, above cuts on signal to noise."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.files import load_table
from fewsky.provenance import record, simulated

SIDES = {
    "inside": {"color": style.BLUE, "marker": "o", "label": "fields of the training fields' run"},
    "outside": {"color": style.VERMILLION, "marker": "s", "label": "fields of other runs"},
}


def panel(ax, rows, names, sides):
    """One measure of one subset: a row an experiment, a point a side."""
    for k, side in enumerate(sides):
        look, own = SIDES[side], rows[rows["side"] == side]
        own = own.set_index("experiment").reindex(names)
        place = np.arange(len(names)) + 0.36 * (k - (len(sides) - 1) / 2)
        spread = np.stack([own["value"] - own["lower"], own["upper"] - own["value"]])
        ax.errorbar(own["value"], place, xerr=np.nan_to_num(spread.clip(0)), ls="none", ms=4,
                    lw=1, **look)  # fmt: skip
    ax.set(ylim=(len(names) - 0.5, -0.5), yticks=range(len(names)))
    ax.grid(axis="x", lw=0.4, color="0.85")


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    table, names = load_table(snakemake.input.metrics), settings["experiments"]
    subsets = {"all": "All"} | {f"snr>{cut:g}": f"S/N > {cut:g}" for cut in settings["snr"]}
    label = settings["label"]
    measures = {
        "auroc": "AUROC",
        "accuracy": "Accuracy",
        f"recall_{label}": f"Completeness, {label}",
    }
    table = table[table["value"].notna()]
    sides = [side for side in SIDES if (table["side"] == side).any()]
    measures = {name: words for name, words in measures.items() if (table["metric"] == name).any()}
    fig = style.figure(style.PAGE, 1.4 + (0.6 + 0.17 * len(names)) * len(measures))
    axes = fig.subplots(len(measures), len(subsets), sharey=True, sharex="row", squeeze=False)
    for line, (metric, words) in zip(axes, measures.items(), strict=True):
        for ax, (subset, title) in zip(line, subsets.items(), strict=True):
            panel(
                ax, table[(table["metric"] == metric) & (table["subset"] == subset)], names, sides
            )
            ax.set(xlabel=words, title=title)
        line[0].set_yticks(range(len(names)), names)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2)
    style.letter(axes.flat)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
