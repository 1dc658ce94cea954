"""Score detection followed by classification: named rightly or not, missed, invented."""

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.metrics.detection_named import score_named
from fewsky.metrics.named_truth import classed_boxes, judged_images
from fewsky.provenance import record
from fewsky.rooms import load_boxes, load_catalog, load_manifest

with running(snakemake.log[0]):
    given, settings = snakemake.input, snakemake.params.settings
    predictions, manifest = load_table(given.predictions), load_manifest(given.manifest)
    boxes = load_boxes(given.boxes)
    truth = next(map(load_table, given.truth), None)
    true = classed_boxes(boxes, truth, load_catalog(given.catalogs), settings)
    classes, scoring = settings["task"]["classes"], settings["scoring"]
    found = {(settings["detector"], 0): predictions}
    scores = score_named(found, true, manifest, classes, scoring, seed=scoring["seed"])
    save_table(scores, snakemake.output.table)
    save_table(judged_images(predictions, true, manifest, classes), snakemake.output.judged)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table, snakemake.output.judged],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
