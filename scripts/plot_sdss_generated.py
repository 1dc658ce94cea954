"""Real patches beside those of each generator, from bright to faint."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures import style
from fewsky.files import load_arrays, load_table
from fewsky.provenance import record, simulated
from fewsky.rooms import load_catalog, load_images

MIDDLE = 4  # pixels to each side of the centre whose light a patch is ranked by
WORDS = {"real": "real", "mixture": "mixture", "sky": "simulated"}
PLURALS = {"star": "stars", "galaxy": "galaxies"}


def real_patches(given, settings):
    """Patches and rows of the labels that the generators of the first draw have learned from."""
    catalog = load_catalog(given.catalogs)
    draws = load_table(given.draws)
    one = draws[draws["draw"] == 0].sort_values("rank").iloc[: settings["budget"]]
    rows = pd.Index(catalog["object_id"]).get_indexer(one.loc[one["role"] == "train", "object_id"])
    return load_images(given.images)[rows], catalog.iloc[rows]


def made_patches(images, table, budget):
    """Patches and rows of a generator at one budget."""
    rows = load_table(table)
    own = (rows["budget"] == budget).to_numpy()
    return load_arrays(images)["images"][own], rows[own]


def spread(images, rows, label, band, settings):
    """Some patches of a class and their noise, evenly from the brightest to the faintest."""
    own = np.flatnonzero((rows["label"] == label).to_numpy())
    centre = images.shape[-1] // 2
    part = slice(centre - MIDDLE, centre + MIDDLE + 1)
    noise = rows[f"noise_{settings['band']}"].to_numpy()
    order = own[np.argsort(-images[own, band, part, part].sum(axis=(1, 2)), kind="stable")]
    places = np.linspace(0, len(order) - 1, min(settings["shown"], len(order))).round().astype(int)
    return [(images[k, band], noise[k]) for k in order[places]]


with running(snakemake.log[0]):
    given, settings = snakemake.input, snakemake.params.settings
    band = settings["bands"].index(settings["band"])
    found = {"real": real_patches(given, settings)} | {
        kind: made_patches(images, table, settings["budget"])
        for kind, images, table in zip(settings["kinds"].values(), given.patches, given.tables,
                                       strict=True)
    }  # fmt: skip
    height = 0.45 + style.PAGE / 2 / (settings["shown"] + 0.6) * len(found)
    fig = style.figure(style.PAGE, height, w_pad=0.01, h_pad=0.01, wspace=0, hspace=0)
    halves = fig.subfigures(1, len(settings["classes"]), wspace=0.02, squeeze=False)[0]
    for half, label in zip(halves, settings["classes"], strict=True):
        axes = half.subplots(len(found), settings["shown"], squeeze=False)
        for ax in axes.flat:
            style.picture(ax)
        for line, (kind, (images, rows)) in zip(axes, found.items(), strict=True):
            for ax, (image, noise) in zip(line, spread(images, rows, label, band, settings),
                                          strict=False):  # fmt: skip
                top = max(float(np.nanmax(image)), 10 * noise)
                ax.imshow(style.stretch(image, noise, top), cmap="gray", vmin=0, vmax=1)
            line[0].set_ylabel(WORDS[kind], fontsize=7)
        colour = style.CLASSES.get(label, style.BLACK)
        title = PLURALS.get(label, label).capitalize()
        half.suptitle(title, color=colour, weight="bold", size=8)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
