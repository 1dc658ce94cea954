"""The course project's table 1 with thumbnails: nebulae and mimics, in colour and by band."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.planetary_nebulae import (
    class_colours,
    class_words,
    images_of,
    kind_words,
    load_objects,
    shown_objects,
)
from fewsky.paper.tables import number
from fewsky.provenance import record, simulated

SIDE = 0.62  # inches of a thumbnail
TITLES = ("ID", "Name", "RA (deg)", "Dec (deg)", "Label", "Kind")
PLACES = (0.02, 0.19, 0.42, 0.565, 0.71, 0.825)  # of the columns, in widths of the text
WIDTHS = (14, 17, 99, 99, 99, 15)  # characters that a column holds in a line


def panels(image, bands):
    """Pictures of one object with their titles: the composite, then each band, 0 to 1."""
    grey = dict(zip(bands, image, strict=True))
    if len(image) != 3:
        return grey
    known = np.isfinite(image).all(axis=0)
    colours = np.dstack([*np.nan_to_num(image).clip(0, 1), known.astype(float)])
    return {"colour": colours, **grey}


def in_lines(words, width):
    """Words broken at spaces, and inside what is longer than a line."""
    lines = [""]
    for word in words.split(" "):
        while len(word) > width:
            lines, word = [*lines, word[:width]], word[width:]
        joined = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], joined] if len(joined) <= width else [*lines, word]
    return "\n".join(line for line in lines if line)


def cells(item):
    """What stands beside an object's thumbnails."""
    position = [number(value, 5) for value in (item.ra, item.dec)]
    told = (item.object_id, item.name or "–", *position)
    return (*told, class_words(item.label), kind_words(item.kind))


def length_of_bar(arcsec):
    """A round length of about a quarter of the field, arcsec; None where the field is not known."""
    return arcsec and max([1, *(length for length in (2, 5, 10, 30, 60) if length < arcsec / 3)])


def bar(ax, pixels):
    """A bar of some pixels in the lower left corner, black on white."""
    for colour, width in (("white", 2.6), ("black", 1.2)):
        ax.plot([4, 4 + pixels], [5, 5], color=colour, lw=width, solid_capstyle="butt")


def beside(ax, item, colour):
    """Write what is known of an object beside its thumbnails."""
    ax.axis("off")
    for title, place, width, cell in zip(TITLES, PLACES, WIDTHS, cells(item), strict=True):
        look = {"color": colour, "weight": "bold"} if title == "Label" else {}
        ax.text(place, 0.5, in_lines(cell, width), va="center", size=7, **look)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    objects = load_objects(snakemake.input.catalogs)
    shown = shown_objects(objects, settings["sample"], settings["classes"])
    images = images_of(shown, list(snakemake.input.images))
    # Rows of plates run north; those of a folder's pictures, which have no such field, run down.
    origin = "upper" if settings["field_arcsec"] is None else "lower"
    bands = settings["bands"]
    n_panels = len(panels(images[shown["object_id"].iloc[0]], bands))

    fig = style.figure(
        style.PAGE, 0.4 + SIDE * len(shown), w_pad=0.01, h_pad=0.01, wspace=0, hspace=0
    )
    widths = [*[SIDE] * n_panels, style.PAGE - SIDE * n_panels]
    axes = fig.subplots(len(shown), n_panels + 1, width_ratios=widths, squeeze=False)
    colours, length = class_colours(settings["classes"]), length_of_bar(settings["field_arcsec"])
    for line, item in zip(axes, shown.itertuples(), strict=True):
        shown_as = panels(images[item.object_id], bands)
        for ax, image in zip(line, shown_as.values(), strict=False):
            style.picture(ax)
            style.mark_no_data(ax)
            ax.imshow(image, cmap="gray", vmin=0, vmax=1, origin=origin)
        if length:
            bar(line[0], image.shape[1] * length / settings["field_arcsec"])
        beside(line[-1], item, colours[item.label])
    for ax, title in zip(axes[0], shown_as, strict=False):
        ax.set_title(title, loc="center", fontsize=7.5)
    for place, title in zip(PLACES, TITLES, strict=True):
        axes[0, -1].text(place, 1.05, title, va="bottom", size=7.5)
    if length:
        axes[-1, 0].set_xlabel(f"bar: {length}″", fontsize=7)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
