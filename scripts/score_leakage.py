"""Hold the random splits of a task against the grouped one: what they add to a score."""

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.metrics.leakage import score_leakage
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    table = score_leakage(
        load_table(snakemake.input.predictions),
        load_table(snakemake.input.objects),
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
