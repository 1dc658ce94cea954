"""Do maps of evidence depend on the weights? Maps with layers set anew, and how like they stay."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10_explained import (
    BAR,
    GAP,
    TITLE,
    Page,
    load_explanations,
    show,
    show_evidence,
    verdict,
)
from fewsky.provenance import record, simulated

NAMES, PANEL = 1.2, 2.0  # inches of the words left of pictures, and of the panel right of them
WORDS, LEGEND, LABELS = 0.14, 0.3, 0.42  # inches above pictures, above and below the panel
LIKENESS = {"spearman": ("rank correlation", style.SKY),
            "ssim": ("structural similarity", style.ORANGE)}  # fmt: skip


def states_of(one):
    """Numbers of layers set anew, from none."""
    return sorted(set(one.table["randomised"]))


def side_of(one):
    """Inches of a picture: the image and a map a state stand in a line."""
    return min((style.PAGE - NAMES - PANEL) / (len(states_of(one)) + 1) - GAP, 0.62)


def pictures(page, one, items, y):
    """A line an object: image, map as trained, maps with more and more layers set anew."""
    side, states = side_of(one), states_of(one)
    left = [NAMES + k * (side + GAP) for k in range(len(states) + 1)]
    titles = ["image", "as trained", *(f"{n} anew" for n in states[1:])]
    for x, title in zip(left, titles, strict=True):
        page.words(x + side / 2, y, title, ha="center")
    for k, item in enumerate(items.itertuples()):
        top, image = y + WORDS + k * (side + GAP), one.arrays["sanity/images"][item.picture]
        page.words(NAMES - GAP, top + side / 2, verdict(item, 24), ha="right", va="center")
        show(page.axes(left[0], top, side), image)
        for x, maps in zip(left[1:], one.arrays["sanity/maps"], strict=True):
            show_evidence(page.axes(x, top, side), image, maps[item.picture])


def likeness(ax, one):
    """Boxes of both similarities to the map as trained, by the number of layers set anew."""
    states = sorted(set(one.table["randomised"]) - {0})
    sample = one.table[one.table["group"] == "sample"]
    for j, (column, (words, colour)) in enumerate(LIKENESS.items()):
        values = [sample.loc[sample["randomised"] == n, column].dropna() for n in states]
        places = np.arange(len(states)) + 0.36 * (j - 0.5)
        ax.boxplot(values, positions=places, widths=0.3, whis=(5, 95), showfliers=False,
                   manage_ticks=False, patch_artist=True, boxprops={"fc": colour, "lw": 0.6},
                   medianprops={"color": "black", "lw": 1.2}, whiskerprops={"lw": 0.7},
                   capprops={"lw": 0.7})  # fmt: skip
        ax.bar(0, 0, color=colour, label=words)
    for level in (0, 1):
        ax.axhline(level, color=style.GREY, lw=0.6, ls=":", zorder=0)
    n = sample["object_id"][sample["ssim"].notna()].nunique()
    ax.set_xticks(range(len(states)), [str(n) for n in states])
    ax.set(xlim=(-0.6, len(states) - 0.4), ylim=(-1.05, 1.05), yticks=(-1, -0.5, 0, 0.5, 1),
           ylabel=f"Likeness to the map\nas trained (n = {n})",
           xlabel=f"Layers set anew, of {one.told['weighted_layers']}")  # fmt: skip
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), borderaxespad=0)


with running(snakemake.log[0]):
    given = snakemake.input
    found = load_explanations(given.tensors, given.tables, given.told)
    shown = [one.pictured("sample").head(4 if len(found) == 1 else 3) for one in found]
    heights = [
        TITLE + max(WORDS + (side_of(one) + GAP) * len(items), 2.0)
        for one, items in zip(found, shown, strict=True)
    ]
    page, y = Page(sum(heights) + BAR), 0
    for number, (one, items, height) in enumerate(zip(found, shown, heights, strict=True)):
        page.title(y, number, one.name)
        pictures(page, one, items, y + TITLE)
        room = height - LEGEND - LABELS
        likeness(page.axes(style.PAGE - PANEL + 0.65, y + LEGEND, PANEL - 0.75, room), one)
        y += height
    page.evidence_bar(y)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(page.figure, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
