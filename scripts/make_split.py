"""Write a task's manifest, its draws of labels, and the audit of both."""

from fewsky.console import running
from fewsky.files import load_arrays, save_json, save_table
from fewsky.provenance import record
from fewsky.rooms import load_catalog
from fewsky.splits.held_out import load_held_out
from fewsky.splits.image_hash import hash_images
from fewsky.splits.keep_out import split_apart

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    catalog = load_catalog(snakemake.input.catalogs, snakemake.input.measured)
    shards = (load_arrays(path)["images"] for path in snakemake.input.images)
    tested = load_held_out(
        settings,
        snakemake.input.kept_manifests,
        snakemake.input.kept_catalogs,
        snakemake.input.kept_images,
        (snakemake.input.catalogs, snakemake.input.images),
    )
    manifest, draws, audit = split_apart(
        catalog,
        hash_images(shards) if settings["split"]["by"] == "hash" else None,
        settings,
        tested,
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
