"""Measure the patches of a shard: signal to noise, shape against the PSF, surroundings."""

from fewsky.console import running
from fewsky.cutouts.measure import measure_patches
from fewsky.cutouts.measure_scenes import measure_scenes
from fewsky.files import load_arrays, load_table, save_table
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    images = load_arrays(snakemake.input.images)["images"]
    catalog = load_table(snakemake.input.catalog)
    measure = measure_scenes if "scene" in settings["dataset"] else measure_patches
    save_table(measure(images, catalog, settings["survey"]["bands"]), snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
