"""Score every experiment of a task."""

import pandas as pd

from fewsky.console import running, say
from fewsky.files import load_table, save_table
from fewsky.metrics.nuisance import nuisance_warning
from fewsky.metrics.scores import score_task
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest, load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    truth = [load_table(path) for path in snakemake.input.truth]
    table = score_task(
        load_predictions(snakemake.input.predictions),
        load_manifest(snakemake.input.manifest),
        load_catalog(snakemake.input.catalogs, snakemake.input.measured),
        pd.concat(truth, ignore_index=True) if truth else None,
        settings["task"],
        settings["scoring"],
        seed=settings["scoring"]["seed"],
    )
    if warning := nuisance_warning(table, settings["scoring"]["nuisance"]):
        say(f"score: {warning}")
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
