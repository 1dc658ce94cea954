"""Average the predictions of an ensemble's members: every draw, fold and budget."""

import pandas as pd

from fewsky.console import running
from fewsky.files import save_json, save_table
from fewsky.models.ensemble import combine
from fewsky.provenance import record
from fewsky.rooms import load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    parts = {name: [] for name in settings["of"]}
    for (name, draw), table in load_predictions(snakemake.input.predictions).items():
        parts[name].append(table.assign(draw=draw))
    tables = {name: pd.concat(found, ignore_index=True) for name, found in parts.items()}
    told = settings["classes"], settings["weights"], settings["budgets"]
    predictions, weights = combine(tables, *told)
    save_table(predictions, snakemake.output.predictions)
    save_json({**settings, "runs": weights}, snakemake.output.card)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.predictions, snakemake.output.card],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
