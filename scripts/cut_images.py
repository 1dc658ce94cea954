"""Bring the images of a shard's objects to one size and to 0..1; measure what surrounds them."""

from pathlib import Path

from fewsky.console import running
from fewsky.cutouts.images import cut_shard
from fewsky.files import load_table, save_arrays, save_table
from fewsky.provenance import record
from fewsky.surveys.object_table import load_objects

with running(snakemake.log[0]):
    settings, room = snakemake.params.settings, Path(snakemake.input.files).parent
    objects = load_objects(snakemake.input.objects)
    images, catalog = cut_shard(
        load_table(snakemake.input.files, keep_default_na=False),
        objects[objects["shard"] == snakemake.wildcards.shard],
        room if settings["aligned"] else Path(snakemake.resources.store),
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
