"""Ruhmer's figure 4: stars and galaxies in every band, from bright to faint."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures import style
from fewsky.files import load_arrays, load_table
from fewsky.provenance import record, simulated

QUANTILES = (0.03, 0.2, 0.45, 0.8)  # of r magnitude within a class: bright to faint


def chosen(catalog, label, magnitude):
    """One object of a class at each quantile of magnitude."""
    rows = catalog[
        (catalog["label"] == label) & catalog["complete"] & np.isfinite(catalog[magnitude])
    ]
    rows = rows.sort_values([magnitude, "object_id"])
    places = dict.fromkeys(round(q * (len(rows) - 1)) for q in QUANTILES) if len(rows) else []
    return rows.iloc[list(places)]


def patches_of(rows, paths):
    """Patches by object_id, one shard in memory at a time."""
    found = {}
    for shard, part in rows.groupby("shard"):
        images = load_arrays(paths[shard])["images"]
        found |= {item.object_id: images[item.row] for item in part.itertuples()}
    return found


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    bands, magnitude = settings["bands"], settings["magnitude"]
    tables = [
        table.assign(shard=k, row=range(len(table)))
        for k, table in enumerate(map(load_table, snakemake.input.catalogs))
    ]
    catalog = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    rows = {label: chosen(catalog, label, magnitude) for label in settings["plurals"]}
    patches = patches_of(pd.concat(rows.values()), list(snakemake.input.images))

    fig = style.figure(
        style.PAGE, 0.15 + 0.66 * len(QUANTILES), w_pad=0.01, h_pad=0.01, wspace=0, hspace=0
    )
    for half, (label, objects) in zip(fig.subfigures(1, 2, wspace=0.03), rows.items(), strict=True):
        axes = half.subplots(len(QUANTILES), len(bands), squeeze=False)
        for ax in axes.flat:
            style.picture(ax)
        for line, item in zip(axes, objects.itertuples(), strict=False):
            for ax, band, image in zip(line, bands, patches[item.object_id], strict=True):
                noise = getattr(item, f"noise_{band}")
                ax.imshow(
                    style.stretch(image, noise, max(float(np.nanmax(image)), 10 * noise)),
                    cmap="gray",
                    vmin=0,
                    vmax=1,
                )
            line[0].set_ylabel(f"{item.field}\nr = {getattr(item, magnitude):.1f}", fontsize=7)
        for ax, band in zip(axes[0], bands, strict=True):
            ax.set_title(band, loc="center")
        colour = style.CLASSES[label]
        half.suptitle(settings["plurals"][label].capitalize(), color=colour, weight="bold", size=8)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
