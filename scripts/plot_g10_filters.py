"""What channels of networks look for: inputs found by gradient ascent, for three convolutions."""

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10_explained import (
    GAP,
    TITLE,
    Page,
    load_explanations,
    show,
)
from fewsky.provenance import record, simulated

CHANNELS = 8
NAMES, WORDS = 0.85, 0.14  # inches for the names of convolutions and of channels
SIDE = (style.PAGE - NAMES) / CHANNELS - GAP


def draw(page, one, y):
    """One experiment: a line a convolution, a pattern a channel."""
    for number in range(CHANNELS):
        middle = NAMES + number * (SIDE + GAP) + SIDE / 2
        page.words(middle, y, f"channel {number + 1}", ha="center")
    for k, layer in enumerate(one.told["filters"]):
        top = y + WORDS + k * (SIDE + GAP)
        words = f"{layer['kind']} {layer['number']}\n{layer['channels']} channels"
        page.words(NAMES - GAP, top + SIDE / 2, words, ha="right", va="center")
        for j, pattern in enumerate(one.arrays[f"filters/{k:02d}"]):
            show(page.axes(NAMES + j * (SIDE + GAP), top, SIDE), pattern)


with running(snakemake.log[0]):
    given = snakemake.input
    found = load_explanations(given.tensors, given.tables, given.told)
    heights = [TITLE + WORDS + (SIDE + GAP) * len(one.told["filters"]) for one in found]
    page, y = Page(sum(heights)), 0
    for number, (one, height) in enumerate(zip(found, heights, strict=True)):
        page.title(y, number, one.name)
        draw(page, one, y + TITLE)
        y += height
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(page.figure, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
