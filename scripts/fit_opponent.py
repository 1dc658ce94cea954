"""Fit one opponent: every draw, fold and budget."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table, save_json, save_table
from fewsky.models.opponents import fit_opponent
from fewsky.models.regressors import fit_regressor
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    catalog = load_catalog(snakemake.input.catalogs, snakemake.input.measured)
    manifest = load_manifest(snakemake.input.manifest)
    draws = load_table(snakemake.input.draws)
    told = settings["opponent"], catalog, manifest, draws, settings["task"]
    fit = fit_regressor if "targets" in settings["task"] else fit_opponent
    tables = []
    for draw in range(settings["task"]["split"]["draws"]):
        table = fit(*told, draw, settings["budgets"])
        table.insert(0, "draw", draw)
        tables.append(table)
    predictions = pd.concat(tables, ignore_index=True)
    save_table(predictions, snakemake.output.predictions)
    save_json(settings, snakemake.output.card)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.predictions, snakemake.output.card],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
