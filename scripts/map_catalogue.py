"""Map a whole field by its catalogue alone."""

from pathlib import Path

from fewsky.console import running
from fewsky.cutouts.at_positions import open_field
from fewsky.cutouts.scene_map import map_catalogue
from fewsky.files import load_table, save_table
from fewsky.provenance import record

with running(snakemake.log[0]):
    given, settings = snakemake.input, snakemake.params.settings
    fields = load_table(given.fields, keep_default_na=False)
    plane = open_field(fields, Path(given.fields).parent, settings["field"])
    raw = load_table(given.files, keep_default_na=False)
    table = map_catalogue(raw, Path(snakemake.resources.store), plane, settings)
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
