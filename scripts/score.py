"""Score every experiment of a task."""

import pandas as pd

from fewsky.console import running, say
from fewsky.files import load_table, save_table
from fewsky.metrics.nuisance import nuisance_warning
from fewsky.metrics.scores import score_task
from fewsky.metrics.targets import score_targets
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest, load_predictions
from fewsky.splits.grouped import grouped

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    truth = [load_table(path) for path in snakemake.input.truth]
    given = (
        load_predictions(snakemake.input.predictions),
        load_manifest(snakemake.input.manifest),
        load_catalog(snakemake.input.catalogs, snakemake.input.measured),
    )
    told = (settings["task"], settings["scoring"])
    if "targets" in settings["task"]:
        table = score_targets(*given, *told, seed=settings["scoring"]["seed"])
    else:
        truth = pd.concat(truth, ignore_index=True) if truth else None
        truth = truth if truth is None else grouped(truth, settings["task"], "true_class")
        table = score_task(*given, truth, *told, seed=settings["scoring"]["seed"])
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
