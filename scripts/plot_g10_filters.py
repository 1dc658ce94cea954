"""What channels of networks look for: inputs found by gradient ascent, for three convolutions."""

from fewsky.console import running
from fewsky.figures import galaxy10_explained as explained
from fewsky.figures import style
from fewsky.provenance import record, simulated

SIDE = 0.7  # inches of a pattern
TITLE = 0.38


def draw(part, one, letter):
    """One experiment: a line a convolution, a pattern a channel."""
    layers = one.told["filters"]
    axes = part.subplots(len(layers), 8, squeeze=False)
    for ax in axes.flat:
        explained.frame(ax)
    for k, (line, layer) in enumerate(zip(axes, layers, strict=True)):
        for ax, pattern in zip(line, one.arrays[f"filters/{k:02d}"], strict=False):
            explained.show(ax, pattern)
        words = f"{layer['kind']} {layer['number']}\n{layer['channels']} channels"
        line[0].set_ylabel(words, rotation=0, ha="right", va="center",
                           fontsize=explained.SMALL)  # fmt: skip
    for number, ax in enumerate(axes[0], 1):
        ax.set_title(f"channel {number}", fontsize=explained.SMALL, loc="center", pad=2)
    part.suptitle(f"({letter}) {one.name}", x=0.01, ha="left", size=8)


with running(snakemake.log[0]):
    given = snakemake.input
    found = explained.load_explanations(given.tensors, given.tables, given.told)
    heights = [TITLE + (SIDE + 0.03) * len(one.told["filters"]) for one in found]
    pads = dict.fromkeys(("w_pad", "h_pad"), 0.015) | dict.fromkeys(("wspace", "hspace"), 0)
    fig = style.figure(style.PAGE, sum(heights), **pads)
    parts = fig.subfigures(len(found), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, one, letter in zip(parts, found, "abcdefgh", strict=False):
        draw(part, one, letter)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
