"""What the layers of networks make of one galaxy: first channels of convolutions and poolings."""

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.galaxy10_explained import (
    GAP,
    MAP,
    TITLE,
    Page,
    frame,
    load_explanations,
    show,
    verdict,
)
from fewsky.provenance import record, simulated

NAMES = 0.95  # inches left of the maps, for the names of the layers


def named(layer):
    """A layer in words: its kind and number, how many maps it gives and their side."""
    return f"{layer['kind']} {layer['number']}\n{layer['channels']} maps, {layer['side']} px"


def draw(page, one, left, n, side):
    """One experiment: the galaxy, then a line of maps a layer."""
    told, step = one.told["activations"], side + GAP
    item = one.table[one.table["object_id"] == told["object_id"]].iloc[0]
    show(page.axes(left + NAMES, TITLE, side), one.arrays["activations/image"])
    page.words(left + NAMES + step + GAP, TITLE + side / 2, verdict(item, 40), va="center")
    for k, (words, y) in enumerate(
        zip(["image", *map(named, told["layers"])], rows(told, step), strict=True)
    ):
        page.words(left + NAMES - GAP, y + side / 2, words, ha="right", va="center")
        maps = one.arrays[f"activations/{k - 1:02d}"][:n] if k else []
        for j, values in enumerate(maps):
            ax = page.axes(left + NAMES + j * step, y, side)
            frame(ax)
            ax.imshow(values, cmap=MAP, origin="upper")


def rows(told, step):
    """Where the image and the layers begin, inches from above."""
    return [TITLE + k * step for k in range(len(told["layers"]) + 1)]


with running(snakemake.log[0]):
    given = snakemake.input
    found = load_explanations(given.tensors, given.tables, given.told)
    width = style.PAGE / len(found)
    n = 8 if len(found) == 1 else 6
    side = (width - NAMES) / n - GAP
    page = Page(max(rows(one.told["activations"], side + GAP)[-1] for one in found) + side + GAP)
    for number, one in enumerate(found):
        page.title(0, number, one.name, number * width + 0.05)
        draw(page, one, number * width, n, side)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(page.figure, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
