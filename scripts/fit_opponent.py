"""Fit one opponent on one draw of the labels."""

from fewsky.console import running
from fewsky.files import load_table, save_json, save_table
from fewsky.models.opponents import fit_opponent
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    predictions = fit_opponent(
        settings["opponent"],
        load_catalog(snakemake.input.catalogs, snakemake.input.measured),
        load_manifest(snakemake.input.manifest),
        load_table(snakemake.input.draws),
        settings["task"],
        int(snakemake.wildcards.draw),
        settings["budgets"],
    )
    save_table(predictions, snakemake.output.predictions)
    save_json(settings, snakemake.output.card)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.predictions, snakemake.output.card],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
