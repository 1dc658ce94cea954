"""Bring every band of a shard's objects to a grid of its own position, one FITS an object."""

from pathlib import Path

from fewsky.aligned.plates import align_plates
from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record
from fewsky.surveys.object_table import load_objects

with running(snakemake.log[0]):
    fields = align_plates(
        load_table(snakemake.input.files, keep_default_na=False),
        load_objects(snakemake.input.objects),
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
