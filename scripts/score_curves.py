"""Score against number of labels of every start and way of a task, and starts held in pairs."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.metrics.contrasts import score_contrasts
from fewsky.metrics.curves import score_curves
from fewsky.provenance import record
from fewsky.rooms import load_manifest, load_predictions

with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    predictions, manifest = load_predictions(given.predictions), load_manifest(given.manifest)
    others = dict(zip(settings["others"], map(load_manifest, given.others), strict=True))
    own = {row["experiment"] for row in settings["rows"]}
    table = score_curves(
        {key: one for key, one in predictions.items() if key[0] in own},
        manifest,
        settings["task"],
        settings["rows"],
        settings,
        seed=settings["seed"],
    )
    contrasts = score_contrasts(
        predictions,
        manifest,
        others,
        settings["task"],
        settings["pairs"],
        settings,
        seed=settings["seed"],
    )
    save_table(table, snakemake.output.table)
    save_table(contrasts, snakemake.output.contrasts)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table, snakemake.output.contrasts],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
