"""Compare the experiments of a task in pairs: primary ones first, the rest exploratory."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.metrics.comparisons import compare_task, list_pairs
from fewsky.provenance import record
from fewsky.rooms import load_manifest, load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    pairs = list_pairs(settings["ranked"], settings["primary"], held=settings.get("held", ()))
    table = compare_task(
        load_predictions(snakemake.input.predictions),
        load_manifest(snakemake.input.manifest),
        settings["task"],
        pairs if settings["task"]["classes"] else [],
        settings["scoring"],
        seed=settings["scoring"]["seed"],
    )
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
