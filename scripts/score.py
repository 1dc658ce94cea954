"""Score every experiment of a task."""

import pandas as pd

from fewsky.console import running, say
from fewsky.cutouts.scene_classes import true_classes
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
    asked = (settings["task"], settings["scoring"])
    if "targets" in settings["task"]:
        table = score_targets(*given, *asked, seed=settings["scoring"]["seed"])
    else:
        truth = pd.concat(truth, ignore_index=True) if truth else None
        if "scene" in settings and truth is not None:
            told = settings["scene"]
            truth = true_classes(given[2], truth, told["rule"], told["pixel_arcsec"])
        truth = truth if truth is None else grouped(truth, settings["task"], "true_class")
        table = score_task(*given, truth, *asked, seed=settings["scoring"]["seed"])
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
