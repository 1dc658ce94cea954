"""Explain a trained network: evidence maps, activations, filters, and a check of the maps."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_arrays, save_json, save_table
from fewsky.models.explain import explain
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_seen

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    found = explain(
        Path(snakemake.input.card).parent,
        load_seen(snakemake.input.images, settings),
        load_catalog(snakemake.input.catalogs),
        settings,
        snakemake.resources.device,
    )
    outputs = [snakemake.output.tensors, snakemake.output.table, snakemake.output.told]
    save_arrays(found.arrays, snakemake.output.tensors)
    save_table(found.table, snakemake.output.table)
    save_json(found.told, snakemake.output.told)
    record(
        snakemake.output.provenance,
        outputs=outputs,
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
