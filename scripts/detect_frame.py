"""Find galaxies in a whole frame: by a network in tiles, or by segmentation."""

from pathlib import Path

from fewsky.console import running
from fewsky.cutouts.frames import frame_wcs, with_sky
from fewsky.files import load_arrays, load_table, save_table
from fewsky.machine import choose_device, reproducible
from fewsky.models.frames_by import by_network, by_opponent
from fewsky.models.named import used_score
from fewsky.provenance import record
from fewsky.rooms import load_boxes, load_manifest

with running(snakemake.log[0]), reproducible(snakemake.params.settings["threads"]):
    given, settings = snakemake.input, snakemake.params.settings
    image = load_arrays(given.image)["image"]
    if settings["opponent"]:
        found = by_opponent(image, settings)
    else:
        boxes = load_boxes(given.boxes)
        known = load_table(given.predictions[0]), boxes, load_manifest(given.manifest[0])
        least = used_score(*known, settings["boxes"]["classes"])
        folder = Path(given.card[0]).parent
        device = str(choose_device(snakemake.resources.device))
        found = by_network(image, folder, settings, least, device)
    fields = load_table(given.fields, keep_default_na=False)
    wcs = frame_wcs(fields, Path(given.fields).parent, settings["field"])
    save_table(with_sky(found, wcs), snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
