"""Measure how far a fine-tuned network has moved the features of its starting weights."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.files import load_arrays, save_table
from fewsky.models.distortion import measure_distortion
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_seen

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    images = load_seen(snakemake.input.images, settings)
    catalog = load_catalog(snakemake.input.catalogs)
    before = load_arrays(snakemake.input.features[0])["activations"]
    folders = sorted({Path(path).parent for path in snakemake.input.models})
    parts = [
        measure_distortion(folder, images, catalog, before, snakemake.resources.device)
        for folder in folders
    ]
    save_table(pd.concat(parts, ignore_index=True), snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
