"""Cut the patches of a shard at its catalogue's positions."""

from pathlib import Path

from fewsky.console import running
from fewsky.cutouts.cut import cut_shard
from fewsky.files import load_table, save_arrays, save_table
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    images, catalog = cut_shard(
        load_table(snakemake.input.files, keep_default_na=False),
        load_table(snakemake.input.fields, keep_default_na=False),
        Path(snakemake.resources.store),
        Path(snakemake.input.fields).parent,
        settings["dataset"],
        settings["survey"],
    )
    save_arrays({"images": images}, snakemake.output.images)
    save_table(catalog, snakemake.output.catalog)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.images, snakemake.output.catalog],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
