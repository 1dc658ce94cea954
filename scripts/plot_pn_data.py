"""The objects by class: kinds, and whether size, latitude or declination give the label away."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.planetary_nebulae import (
    CHANGE,
    class_colours,
    class_words,
    kind_words,
    load_objects,
    separation,
)
from fewsky.provenance import record, simulated

QUANTITIES = {
    "diameter_arcsec": "Diameter (arcsec)",
    "abs_b": "Galactic latitude |b| (deg)",
    "dec": "Declination (deg)",
}
MOST_KINDS = 12  # of a class; rarer ones are drawn together
BINS = 24


def numbers_of_kinds(objects, classes):
    """Class, kind in words and number of objects, the commonest kind of each class first."""
    rows = []
    for label in classes[::-1]:
        counts = objects.loc[objects["label"] == label, "kind"].map(kind_words).value_counts()
        told = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        rest = told[MOST_KINDS:]
        rows += [(label, *item) for item in told[:MOST_KINDS]]
        rows += [(label, f"{len(rest)} rarer kinds", sum(n for _, n in rest))] if rest else []
    return rows


def kinds(ax, objects, classes):
    """A bar a kind, coloured by class, with its number."""
    rows, colours = numbers_of_kinds(objects, classes), class_colours(classes)
    for k, (label, _, n) in enumerate(rows):
        ax.barh(k, n, color=colours[label], height=0.72)
        ax.text(n, k, f" {n}", va="center", size=7)
    ax.set(yticks=range(len(rows)), ylim=(max(len(rows), 6) - 0.4, -0.6), xlabel="Objects",
           title="Kinds", xlim=(0, 1.12 * max(n for *_, n in rows)))  # fmt: skip
    ax.set_yticklabels([kind for _, kind, _ in rows])
    ax.tick_params(axis="y", length=0)


def edges_of(values, quantity):
    """Bins of equal width, in the logarithm for diameters."""
    low, high = values.min(), values.max()
    if quantity == "diameter_arcsec":
        return np.geomspace(low, max(high, 1.01 * low), BINS + 1)
    return np.linspace(low, max(high, low + 1), BINS + 1)


def distribution(ax, objects, classes, quantity):
    """The share of each class in bins of a quantity, and how well it tells them apart alone."""
    ax.set(xlabel=QUANTITIES[quantity], ylabel="Share of class")
    missing = not (quantity in objects and np.isfinite(objects[quantity].astype(float)).any())
    if missing:
        ax.set(xticks=[], yticks=[])
        style.note(ax, "not known")
        return
    values = objects[quantity].astype(float)
    values = values.where(values > 0) if quantity == "diameter_arcsec" else values
    edges = edges_of(values, quantity)
    for label, colour in class_colours(classes).items():
        own = values[(objects["label"] == label) & np.isfinite(values)]
        counts = np.histogram(own, edges)[0] / max(len(own), 1)
        ax.stairs(counts, edges, color=colour, lw=1.2, label=class_words(label))
        ax.stairs(counts, edges, color=colour, fill=True, alpha=0.12)
    area = separation(values, objects["label"], classes[-1])
    ax.set_title(f"AUROC of this alone {area:.2f}" if np.isfinite(area) else "one class only")
    if quantity == "diameter_arcsec":
        ax.set_xscale("log")
    if quantity == "dec" and {"ukst", "poss"} <= set(objects["field"]):
        ax.axvline(CHANGE, color=style.GREY, ls="--", lw=0.9)
        for side, words in (("right", "UKST "), ("left", " POSS")):
            ax.text(CHANGE, 0.99, words, ha=side, va="top", color=style.GREY, size=7,
                    transform=ax.get_xaxis_transform())  # fmt: skip
        ax.set_ylim(top=1.2 * ax.get_ylim()[1])


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    classes = settings["classes"]
    objects = load_objects(snakemake.input.catalogs)
    fig = style.figure(style.PAGE, 5.0)
    axes = fig.subplot_mosaic([["kinds", name] for name in QUANTITIES])
    kinds(axes["kinds"], objects, classes)
    for name in QUANTITIES:
        distribution(axes[name], objects, classes, name)
    colours = class_colours(classes)
    handles = [style.Rectangle((0, 0), 1, 1, color=colours[name]) for name in classes[::-1]]
    words = [f"{class_words(name)} (n = {(objects['label'] == name).sum()})" for name in colours]
    fig.legend(handles, words, loc="outside lower center", ncols=len(handles))
    style.letter([axes[name] for name in ("kinds", *QUANTITIES)])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
