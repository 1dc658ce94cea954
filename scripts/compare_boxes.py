"""Compare the experiments of a detection task in pairs: primary first, the rest exploratory."""

from fewsky.boxes.table import check_boxes
from fewsky.console import running
from fewsky.files import save_table
from fewsky.metrics.comparisons import list_pairs
from fewsky.metrics.detection_comparisons import METRIC, compare_detections
from fewsky.metrics.detection_tables import off_centre_windows
from fewsky.provenance import record
from fewsky.rooms import load_boxes, load_catalog, load_manifest, load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names = load_catalog(snakemake.input.catalogs)["object_id"]
    table = compare_detections(
        load_predictions(snakemake.input.predictions),
        check_boxes(load_boxes(snakemake.input.boxes), names, settings["size"], settings["size"]),
        load_manifest(snakemake.input.manifest),
        settings["task"],
        list_pairs(settings["ranked"], settings["primary"], METRIC),
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
