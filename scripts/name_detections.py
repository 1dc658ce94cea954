"""Let a classifier name what a detector has found in tested images."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.machine import choose_device, reproducible
from fewsky.models.named import load_classifier, name_detections, used_score
from fewsky.provenance import record
from fewsky.rooms import load_boxes, load_catalog, load_images, load_manifest

with running(snakemake.log[0]), reproducible(snakemake.params.settings["threads"]):
    given, settings = snakemake.input, snakemake.params.settings
    predictions = load_table(given.predictions)
    boxes = load_boxes(given.boxes)
    manifest = load_manifest(given.manifest)
    device = str(choose_device(snakemake.resources.device))
    table = name_detections(
        predictions,
        load_images(given.images),
        load_catalog(given.catalogs),
        load_classifier(Path(given.card[0]).parent, settings["draw"], settings["bands"], device),
        used_score(predictions, boxes, manifest, settings["boxes"]["classes"]),
        settings["context"],
    )
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
