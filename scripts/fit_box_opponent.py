"""Fit one opponent of the detectors: every draw, fold and budget."""

from fewsky.boxes.table import check_boxes
from fewsky.console import running
from fewsky.files import load_table, save_json, save_table
from fewsky.models.opponents_boxes import fit_draws
from fewsky.provenance import record
from fewsky.rooms import load_boxes, load_catalog, load_images, load_manifest

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    images = load_images(snakemake.input.images)
    catalog = load_catalog(snakemake.input.catalogs)
    boxes = load_boxes(snakemake.input.boxes)
    predictions = fit_draws(
        settings["opponent"],
        images,
        catalog,
        check_boxes(boxes, catalog["object_id"], images.shape[3], images.shape[2]),
        load_manifest(snakemake.input.manifest),
        load_table(snakemake.input.draws),
        settings["task"],
        settings["budgets"],
    )
    save_table(predictions, snakemake.output.predictions)
    save_json(settings, snakemake.output.card)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.predictions, snakemake.output.card],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
