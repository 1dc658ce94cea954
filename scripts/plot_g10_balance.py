"""Class sizes as trained on: raw, weighed in the loss, brought to one size, and evened in part."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10 import balances, class_words, named
from fewsky.provenance import record, simulated

TITLES = {
    "none": "raw",
    "weights": "raw, weights in the loss",
    "down-and-up": "all of one size",
    "partial-and-weights": "evened in part, and weights",
}


def bars(ax, table, classes):
    """A bar a class: objects that are shown, further views of them, and those left out."""
    table = table.set_index("label").loc[classes]
    objects, views = table["objects"].to_numpy(), table["views"].to_numpy()
    y, shown = np.arange(len(classes)), np.minimum(objects, views)
    told = {"height": 0.72, "align": "center"}
    ax.barh(y, shown, color=style.BLUE, label="objects, each shown once", **told)
    ax.barh(y, views - shown, left=shown, color=style.ORANGE, label="repeated views", **told)
    ax.barh(y, objects - shown, left=shown, fc="white", ec=style.GREY, hatch="/////", lw=0.5,
            label="objects left out", **told)  # fmt: skip
    end = np.maximum(views, objects)
    for k, (place, weight) in enumerate(zip(end, table["weight"], strict=True)):
        words = "" if (table["weight"] == 1).all() else f"  × {weight:.2f}"
        ax.text(place, k, f" {views[k]:,.0f}{words}", va="center", size=7)
    return end.max()


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    table = balances(snakemake.input.cards)
    shown = {way: name for way, name in named(settings["imbalance"]).items()}
    shown = {way: shown[way] for way in TITLES if way in shown}
    classes = settings["classes"]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    fig = style.figure(style.PAGE, 0.35 + rows * (0.55 + 0.165 * len(classes)))
    axes = fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    longest = 0.0
    for ax, (way, name) in zip(axes, shown.items(), strict=False):
        longest = max(longest, bars(ax, table[table["experiment"] == name], classes))
        ax.set_title(f"{TITLES[way]}: {name}")
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    axes[0].set(ylim=(len(classes) - 0.4, -0.6), xlim=(0, 1.36 * longest))
    axes[0].set_yticks(range(len(classes)), [class_words(name) for name in classes])
    for ax in axes[-columns:]:
        ax.set_xlabel("Training images in an epoch")
    for ax in axes:
        ax.tick_params(axis="y", length=0)
    handles, words = axes[0].get_legend_handles_labels()
    fig.legend(handles, words, loc="outside lower center", ncols=3)
    style.letter(axes[: len(shown)])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
