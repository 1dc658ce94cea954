"""Collect how well the stars of a shard's bands coincide, before and after alignment."""

from pathlib import Path

from fewsky.aligned.sharpness import shard_sharpness
from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record

with running(snakemake.log[0]):
    fields = load_table(snakemake.input.fields, keep_default_na=False)
    folder = Path(snakemake.input.fields).parent
    save_table(shard_sharpness(fields, folder), snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings={},
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
