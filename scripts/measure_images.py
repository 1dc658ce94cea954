"""Measure the images of a shard: the centre's profile, shape and colours."""

from fewsky.console import running
from fewsky.cutouts.measure_images import measure_images
from fewsky.files import load_arrays, load_table, save_table
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    images = load_arrays(snakemake.input.images)["images"]
    catalog = load_table(snakemake.input.catalog)
    save_table(measure_images(images, catalog, settings["survey"]["bands"]), snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
