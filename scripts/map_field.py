"""Map a whole field by a trained network, and by its catalogue."""

from pathlib import Path

from fewsky.console import running
from fewsky.cutouts.at_positions import open_field
from fewsky.files import load_table, save_table
from fewsky.machine import choose_device, reproducible
from fewsky.models.field_map import map_catalogue, map_field
from fewsky.provenance import record

with running(snakemake.log[0]), reproducible(snakemake.params.settings["threads"]):
    given, settings = snakemake.input, snakemake.params.settings
    fields = load_table(given.fields, keep_default_na=False)
    plane = open_field(fields, Path(given.fields).parent, settings["field"])
    device = str(choose_device(snakemake.resources.device))
    table = map_field(Path(given.card[0]).parent, plane, settings, device)
    raw = load_table(given.files, keep_default_na=False)
    target = map_catalogue(table, raw, Path(snakemake.resources.store), plane, settings)
    save_table(table.assign(target=target), snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
