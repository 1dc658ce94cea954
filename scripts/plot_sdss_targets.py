"""Ruhmer's figure 3: an aligned field with its catalogue's stars and galaxies marked."""

from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.star_galaxy import aligned_field, compass, row_of, scale_bar
from fewsky.files import load_table
from fewsky.provenance import record, simulated

MARKS = {"star": "o", "galaxy": "s"}


def show(ax, image, noise, region, objects, size):
    """The image of a region on an asinh scale, dark sources on white, its objects in outline."""
    y, x = region
    shown = np.where(
        np.isfinite(image[region]), style.stretch(image[region], noise, 150 * noise), np.nan
    )
    style.mark_no_data(ax)
    ax.imshow(1 - shown, cmap="gray", vmin=-0.1, vmax=1,
              extent=(x.start - 0.5, x.stop - 0.5, y.start - 0.5, y.stop - 0.5))  # fmt: skip
    for label, marker in MARKS.items():
        rows = objects[objects["label"] == label]
        ax.scatter(rows["x"], rows["y"], s=size, marker=marker, facecolors="none", linewidths=0.7,
                   edgecolors=style.CLASSES[label], label=f"{label} ({len(rows)})")  # fmt: skip
    ax.set(xlim=(x.start - 0.5, x.stop - 0.5), ylim=(y.start - 0.5, y.stop - 0.5),
           xlabel="x (pixels)", ylabel="y (pixels)")  # fmt: skip


def fullest(objects, side, shape):
    """The square of `side` px with most objects, on a grid of half its side."""
    places = [
        (y, x)
        for y in range(0, shape[0] - side + 1, side // 2)
        for x in range(0, shape[1] - side + 1, side // 2)
    ]
    inside = [
        (objects["y"].between(y, y + side) & objects["x"].between(x, x + side)).sum()
        for y, x in places
    ]
    y, x = places[int(np.argmax(inside))]
    return slice(y, y + side), slice(x, x + side)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    name, band = settings["field"], settings["reference_band"]
    row = row_of(load_table(snakemake.input.fields), name, snakemake.input.fields)
    field = aligned_field(row, Path(snakemake.input.fields).parent)
    objects = load_table(snakemake.input.catalog)
    objects = objects[objects["field"] == name]
    image, noise = field.images[band], field.noise[band]
    shape = image.shape
    region = fullest(objects, min(settings["cutout_px"], *shape), shape)

    fig = style.figure(style.PAGE, 3.0)
    left, right = fig.subplots(1, 2, width_ratios=(shape[1] / shape[0], 1))
    show(left, image, noise, (slice(0, shape[0]), slice(0, shape[1])), objects, 5)
    inside = objects["y"].between(region[0].start, region[0].stop)
    inside &= objects["x"].between(region[1].start, region[1].stop)
    show(right, image, noise, region, objects[inside], 40)
    y, x = region
    left.add_patch(
        Rectangle((x.start, y.start), x.stop - x.start, y.stop - y.start, fill=False, lw=1.0)
    )
    left.set_title(f"Field {name}, band {band}" + ("" if len(objects) else ": no catalogue"))
    right.set_title("The frame in (a), enlarged")
    for ax in (left, right):
        scale_bar(ax, field.wcs)
        compass(ax, field.wcs)
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    style.letter([left, right])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
