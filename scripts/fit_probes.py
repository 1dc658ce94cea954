"""Fit the linear probes of an experiment on stored features: every draw, fold and budget."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_arrays, load_table, save_arrays, save_json, save_table
from fewsky.models.cards import shared_card
from fewsky.models.probe import fit_probes, recipe_of
from fewsky.models.start import load_start
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    start = load_start(Path(snakemake.input.weights[0]).parent, None, 0)
    weights, runs, predictions = fit_probes(
        settings,
        load_arrays(snakemake.input.features[0])["activations"],
        load_catalog(snakemake.input.catalogs),
        load_manifest(snakemake.input.manifest),
        load_table(snakemake.input.draws),
        start.card,
    )
    card = shared_card(settings | {"recipe": recipe_of(settings)}, settings["size"])
    outputs = [snakemake.output.model, snakemake.output.card, snakemake.output.predictions]
    save_arrays(weights, outputs[0])
    save_json(card | {"runs": runs}, outputs[1])
    save_table(predictions, outputs[2])
    record(
        snakemake.output.provenance,
        outputs=outputs,
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
