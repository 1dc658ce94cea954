"""Score the experiments of a task by their number of training fields."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.metrics.growth import score_growth
from fewsky.provenance import record
from fewsky.rooms import load_manifest, load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    table = score_growth(
        load_predictions(snakemake.input.predictions),
        load_manifest(snakemake.input.manifest[0]),
        settings["task"],
        settings,
        seed=settings["seed"],
    )
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
