"""Write a task's manifest, its draws of labels, and the audit of both."""

import numpy as np

from fewsky.console import running
from fewsky.files import load_arrays, save_json, save_table
from fewsky.image_hash import image_hashes
from fewsky.provenance import record
from fewsky.rooms import load_catalog
from fewsky.splits import make_split

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    catalog = load_catalog(snakemake.input.catalogs)
    hashes = [image_hashes(load_arrays(path)["images"]) for path in snakemake.input.images]
    manifest, draws, audit = make_split(
        catalog,
        np.concatenate(hashes) if hashes else None,
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
