"""Map a whole field by a trained network."""

from pathlib import Path

from fewsky.console import running
from fewsky.cutouts.at_positions import open_field
from fewsky.files import load_table, save_table
from fewsky.machine import choose_device, reproducible
from fewsky.models.field_map import map_field
from fewsky.provenance import record

with running(snakemake.log[0]), reproducible(snakemake.params.settings["threads"]):
    given, settings = snakemake.input, snakemake.params.settings
    fields = load_table(given.fields, keep_default_na=False)
    plane = open_field(fields, Path(given.fields).parent, settings["field"])
    device = str(choose_device(snakemake.resources.device))
    places = load_table(given.target)
    table = map_field(Path(given.card[0]).parent, plane, places, device)
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
