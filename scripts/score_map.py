"""Hold a network's map of a field against the catalogue's."""

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.metrics.field_map import score_map
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    table = load_table(snakemake.input.map)
    save_table(score_map(table, **settings), snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
