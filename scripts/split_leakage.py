"""Split the objects of a task by groups, at random, and at random without copies, in every draw."""

from fewsky.console import running
from fewsky.files import load_arrays, save_json, save_table
from fewsky.provenance import record
from fewsky.rooms import load_catalog
from fewsky.splits.image_hash import hash_images
from fewsky.splits.leakage import split_leakage

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    shards = (load_arrays(path)["images"] for path in snakemake.input.images)
    found = split_leakage(
        load_catalog(snakemake.input.catalogs, snakemake.input.measured),
        hash_images(shards) if snakemake.input.images else None,
        settings["task"],
        settings,
        seed=settings["seed"],
    )
    outputs = [snakemake.output[key] for key in ("parts", "leaks", "objects", "told")]
    for table, path in zip((found.parts, found.leaks, found.objects), outputs[:-1], strict=True):
        save_table(table, path)
    save_json(found.told, outputs[-1])
    record(
        snakemake.output.provenance,
        outputs=outputs,
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
