"""Bring starting weights under our names, and write their card."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_table, save_arrays, save_json
from fewsky.models.weights import prepare
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    path = next(iter(snakemake.input.source), None)
    if path is not None and Path(path).suffix == ".tsv":
        path = Path(snakemake.resources.store) / load_table(path)["path"][0]
    weights, card = prepare(settings, path)
    outputs = [snakemake.output.weights, snakemake.output.card]
    save_arrays(weights, outputs[0])
    save_json(card, outputs[1])
    record(
        snakemake.output.provenance,
        outputs=outputs,
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
