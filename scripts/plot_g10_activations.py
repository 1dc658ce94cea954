"""What the layers of networks make of one galaxy: first channels of convolutions and poolings."""

from fewsky.console import running
from fewsky.figures import galaxy10_explained as explained
from fewsky.figures import style
from fewsky.provenance import record, simulated

NAMES = 0.85  # inches left of the maps, for the names of the layers


def named(layer):
    """A layer in words: its kind and number, how many maps it gives and their side."""
    return f"{layer['kind']} {layer['number']}\n{layer['channels']} maps, {layer['side']} px"


def draw(half, one, shape, letter):
    """One experiment: the galaxy, then a line of maps a layer."""
    told = one.told["activations"]
    axes = half.subplots(*shape, squeeze=False)
    for ax in axes.flat:
        explained.frame(ax)
        ax.patch.set_visible(False)
    explained.show(axes[0, 0], one.arrays["activations/image"])
    axes[0, 0].set_ylabel("image", rotation=0, ha="right", va="center", fontsize=explained.SMALL)
    item = one.table[one.table["object_id"] == told["object_id"]].iloc[0]
    axes[0, 1].text(0.1, 0.5, explained.verdict(item, 40), size=explained.SMALL, va="center",
                    transform=axes[0, 1].transAxes).set_in_layout(False)  # fmt: skip
    for k, (line, layer) in enumerate(zip(axes[1:], told["layers"], strict=False)):
        maps = one.arrays[f"activations/{k:02d}"]
        for ax, values in zip(line, maps, strict=False):
            ax.imshow(values, cmap=explained.MAP, origin="upper")
        line[0].set_ylabel(named(layer), rotation=0, ha="right", va="center",
                           fontsize=explained.SMALL)  # fmt: skip
    half.suptitle(f"({letter}) {one.name}", x=0.01, ha="left", size=8)


with running(snakemake.log[0]):
    given = snakemake.input
    found = explained.load_explanations(given.tensors, given.tables, given.told)
    width = style.PAGE / len(found)
    n = 8 if len(found) == 1 else 6
    side = min((width - NAMES) / n, 0.68)
    rows = 1 + max(len(one.told["activations"]["layers"]) for one in found)
    pads = dict.fromkeys(("w_pad", "h_pad"), 0.012) | dict.fromkeys(("wspace", "hspace"), 0)
    fig = style.figure(style.PAGE, 0.3 + (side + 0.02) * rows, **pads)
    halves = fig.subfigures(1, len(found), squeeze=False)[0]
    for half, one, letter in zip(halves, found, "abcdefgh", strict=False):
        draw(half, one, (rows, n), letter)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
