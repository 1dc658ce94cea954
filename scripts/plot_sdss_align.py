"""Ruhmer's figures 1 and 2: one region of a field before and after the bands are aligned."""

from pathlib import Path

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.star_galaxy import (
    aligned_field,
    brightest_in,
    busiest_edge,
    peaks,
    row_of,
    served_frames,
    show_colours,
)
from fewsky.files import load_table
from fewsky.provenance import record, simulated

ZOOM, STAR = 30, 20  # half sides in pixels of the two smaller views
SATURATED = 60.0  # nanomaggies a pixel: cores of stars brighter than r = 15.5 or so are left out


def around(x, y, half):
    return slice(max(y - half, 0), y + half + 1), slice(max(x - half, 0), x + half + 1)


def contours(ax, images, region, sources_at):
    """Each band's contour at a third of the height of the brightest source."""
    y, x = (np.arange(part.start, part.stop) for part in region)
    for band, image in images.items():
        part = image[region]
        if np.isfinite(part).any():
            level = np.nanmedian(part) + (np.nanmax(part) - np.nanmedian(part)) / 3
            ax.contour(x, y, part, levels=[level], colors=style.BANDS[band], linewidths=1.0)
            ax.plot([], [], color=style.BANDS[band], label=band)
    ax.set(aspect="equal", xlim=(x[0] - 0.5, x[-1] + 0.5), ylim=(y[0] - 0.5, y[-1] + 0.5))
    ax.plot(*sources_at, "+", color=style.GREY, ms=6, mew=0.8)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    name, reference, colours = settings["field"], settings["reference_band"], settings["colours"]
    row = row_of(load_table(snakemake.input.fields), name, snakemake.input.fields)
    after = aligned_field(row, Path(snakemake.input.fields).parent)
    files = load_table(snakemake.input.files, keep_default_na=False)
    before = served_frames(files, snakemake.resources.store, name)

    known = np.isfinite(np.stack(list(after.images.values()))).all(axis=0)
    sources = peaks(after.images[reference], after.noise[reference], SATURATED)
    region = busiest_edge(known, sources, settings["cutout_px"])
    star = brightest_in(sources, region, ZOOM)
    zoom, small = around(*star, ZOOM), around(*star, STAR)

    fig = style.figure(style.PAGE, 4.95)
    axes = fig.subplots(2, 3)
    for (wide, near, lines), images, stage in zip(
        axes, (before, after.images), ("before", "after"), strict=True
    ):
        show_colours(wide, images, after.noise, region, colours, 60)
        show_colours(near, images, after.noise, zoom, colours, 200)
        contours(lines, images, small, star)
        wide.set_title(f"Field {name}, {stage}")
        near.set_title(f"Around its brightest star, {stage}")
        lines.set_title(f"Contours by band, {stage}")
        for ax in (wide, near, lines):
            ax.set(xlabel="x (pixels)", ylabel="y (pixels)")
            ax.locator_params(nbins=5)
    fig.legend(*axes[0, 2].get_legend_handles_labels(), loc="outside lower right", ncols=5)
    style.letter(axes.flat)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
