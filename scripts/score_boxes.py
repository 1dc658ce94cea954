"""Score every experiment of a detection task."""

from fewsky.boxes.table import check_boxes
from fewsky.console import running
from fewsky.files import save_table
from fewsky.metrics.detection import score_detections
from fewsky.metrics.detection_tables import off_centre_windows
from fewsky.provenance import record
from fewsky.rooms import load_boxes, load_catalog, load_manifest, load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names = load_catalog(snakemake.input.catalogs)["object_id"]
    table = score_detections(
        load_predictions(snakemake.input.predictions),
        check_boxes(load_boxes(snakemake.input.boxes), names, settings["size"], settings["size"]),
        load_manifest(snakemake.input.manifest),
        settings["task"],
        settings["scoring"],
        seed=settings["scoring"]["seed"],
        windows=off_centre_windows(settings["task"], names, settings["size"]),
    )
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
