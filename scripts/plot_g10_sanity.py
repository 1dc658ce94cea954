"""Do maps of evidence depend on the weights? Maps with layers set anew, and how like they stay."""

import numpy as np

from fewsky.console import running
from fewsky.figures import galaxy10_explained as explained
from fewsky.figures import style
from fewsky.provenance import record, simulated

SIDE = 0.56  # inches of a picture
WORDS, PANEL = 1.15, 2.0  # inches of the words left of pictures, and of the panel right of them
LIKENESS = {"spearman": ("rank correlation", style.SKY),
            "ssim": ("structural similarity", style.ORANGE)}  # fmt: skip


def pictures(part, one, items):
    """A line an object: image, map as trained, maps with more and more layers set anew."""
    states = sorted(set(one.table["randomised"]))
    axes = part.subplots(len(items), len(states) + 1, squeeze=False)
    for line, item in zip(axes, items.itertuples(), strict=True):
        image = one.arrays["sanity/images"][item.picture]
        explained.show(line[0], image)
        for ax, maps in zip(line[1:], one.arrays["sanity/maps"], strict=True):
            explained.show_evidence(ax, image, maps[item.picture])
        line[0].set_ylabel(explained.verdict(item, 22), rotation=0, ha="right", va="center",
                           fontsize=explained.SMALL, linespacing=1.05)  # fmt: skip
    words = ["image", "as trained", *(f"{n} anew" for n in states[1:])]
    for ax, title in zip(axes[0], words, strict=True):
        ax.set_title(title, fontsize=explained.SMALL, loc="center", pad=2)


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
    ax.set(xlim=(-0.6, len(states) - 0.4), ylim=(-1.05, 1.05),
           ylabel=f"Likeness to the map\nas trained (n = {n})",
           xlabel=f"Layers set anew, of {one.told['weighted_layers']}")  # fmt: skip
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), borderaxespad=0)


with running(snakemake.log[0]):
    given = snakemake.input
    found = explained.load_explanations(given.tensors, given.tables, given.told)
    shown = [one.pictured("sample").head(4 if len(found) == 1 else 3) for one in found]
    heights = [max(0.4 + (SIDE + 0.05) * len(items), 2.3) for items in shown]
    fig = style.figure(style.PAGE, sum(heights) + 0.5, w_pad=0.02, h_pad=0.02)
    parts = fig.subfigures(len(found) + 1, 1, height_ratios=[*heights, 0.5], squeeze=False)[:, 0]
    for part, one, items, letter in zip(parts, found, shown, "abcdefgh", strict=False):
        part.suptitle(f"({letter}) {one.name}", x=0.01, ha="left", size=8)
        left, right = part.subfigures(1, 2, width_ratios=(style.PAGE - PANEL, PANEL))
        pictures(left, one, items)
        likeness(right.subplots(), one)
    explained.evidence_bar(parts[-1])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
