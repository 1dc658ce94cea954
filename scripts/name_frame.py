"""Let a classifier name what was found in a frame."""

from pathlib import Path

from fewsky.bands import COLOURS
from fewsky.console import running
from fewsky.files import load_arrays, load_table, save_table
from fewsky.machine import choose_device, reproducible
from fewsky.models.frames_by import name_frame
from fewsky.models.named import load_classifier
from fewsky.provenance import record

with running(snakemake.log[0]), reproducible(snakemake.params.settings["threads"]):
    given, settings = snakemake.input, snakemake.params.settings
    device = str(choose_device(snakemake.resources.device))
    classifier = load_classifier(Path(given.card[0]).parent, settings["draw"], COLOURS, device)
    image = load_arrays(given.image)["image"]
    table = name_frame(load_table(given.detections), image, classifier, settings["context"])
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
