"""Write a task's manifest, its draws of labels, and the audit of both."""

from fewsky.console import running
from fewsky.files import load_arrays, save_json, save_table
from fewsky.provenance import record
from fewsky.rooms import load_catalog
from fewsky.splits.assign import make_split
from fewsky.splits.image_hash import hash_images

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    catalog = load_catalog(snakemake.input.catalogs)
    shards = (load_arrays(path)["images"] for path in snakemake.input.images)
    looks = hash_images(shards) if snakemake.input.images else None
    manifest, draws, audit = make_split(
        catalog,
        looks,
        settings,
        seed=settings["split"]["seed"],
    )
    save_table(manifest, snakemake.output.manifest)
    save_table(draws, snakemake.output.draws)
    save_json(audit, snakemake.output.audit)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.manifest, snakemake.output.draws, snakemake.output.audit],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
