"""Score the detections in a frame against its catalogue."""

from pathlib import Path

from fewsky.console import running
from fewsky.cutouts.frame_catalogue import frame_catalogue
from fewsky.cutouts.frames import frame_wcs, seen_pixels
from fewsky.files import load_table, save_table
from fewsky.metrics.frames import score_frame
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    fields = load_table(snakemake.input.fields, keep_default_na=False)
    where = fields, Path(snakemake.input.fields).parent, settings["field"]
    catalogue = frame_catalogue(
        load_table(snakemake.input.files, keep_default_na=False),
        Path(snakemake.resources.store),
        settings["field"],
        settings["survey"],
        frame_wcs(*where),
        seen_pixels(*where, settings["bands"]),
    )
    found = map(load_table, snakemake.input.detections)
    by_experiment = dict(zip(settings["experiments"], found, strict=True))
    save_table(score_frame(by_experiment, catalogue, settings), snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
