"""A field, its map in four classes by the catalogue and by a network, and the confusion matrix."""

from pathlib import Path

import numpy as np

from fewsky.console import running
from fewsky.figures import field_map, style
from fewsky.figures.galaxy10 import confusion
from fewsky.figures.star_galaxy import aligned_field, compass, row_of, scale_bar
from fewsky.files import load_table
from fewsky.paper.tables import load_metrics, number, one, scored
from fewsky.provenance import record, simulated


def show_field(ax, field, band, name):
    """The reference band of the field, dark sources on white, on an asinh scale."""
    image, noise = field.images[band], field.noise[band]
    shown = np.where(np.isfinite(image), style.stretch(image, noise, 150 * noise), np.nan)
    style.mark_no_data(ax)
    ax.imshow(1 - shown, cmap="gray", vmin=-0.1, vmax=1)
    ax.set(xlabel="x (pixels)", ylabel="y (pixels)", title=f"Field {name}, band {band}")
    scale_bar(ax, field.wcs)
    compass(ax, field.wcs)


with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    classes, name = settings["classes"], settings["field"]
    row = row_of(load_table(given.fields), name, given.fields)
    field = aligned_field(row, Path(given.fields).parent)
    shape = next(iter(field.images.values())).shape
    table = load_table(given.map)
    stated = table[[f"p_{label}" for label in classes]].to_numpy(float)
    table["decided"] = np.array(classes, dtype=object)[stated.argmax(axis=1)]
    agreed = load_table(given.agreement[0]).set_index("metric")["value"]
    rows = scored(load_metrics(given.metrics), [settings["network"]], draws=True)

    high = (style.PAGE / 2 - 0.5) * shape[0] / shape[1]
    fig = style.figure(style.PAGE, 2 * high + 1.3)
    axes = fig.subplots(2, 2).ravel()
    show_field(axes[0], field, settings["reference_band"], name)
    for ax, column, words in (
        (axes[1], "target", "Map by the catalogue"),
        (axes[2], "decided", f"Map by {settings['network']}, first draw"),
    ):
        field_map.draw(ax, table, column, settings["step_px"], shape)
        ax.set_title(words)
    if "accuracy" in agreed:
        axes[2].set_title(f"{axes[2].get_title(loc='left')}: {number(agreed['accuracy'])} agree")
    counts = confusion(rows[rows["subset"] == "all"], classes)
    n = one(scored(load_metrics(given.metrics), [settings["network"]]), "macro_f1")[0]
    field_map.matrix(axes[3], counts, classes)
    axes[3].set_title(f"Patches of the test part, macro-F1 {number(n)}")
    style.letter(axes)
    fig.legend(handles=field_map.handles(classes), loc="outside lower center", ncols=6)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
