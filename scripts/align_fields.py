"""Bring every band of a shard's fields to the reference band's grid, one FITS a field."""

from pathlib import Path

from fewsky.aligned.align import align_shard
from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record

with running(snakemake.log[0]):
    fields = align_shard(
        load_table(snakemake.input.files, keep_default_na=False),
        Path(snakemake.resources.store),
        Path(snakemake.output.fields).parent,
        snakemake.params.settings,
        snakemake.params.code,
    )
    save_table(fields, snakemake.output.fields)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.fields],
        settings=snakemake.params.settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
