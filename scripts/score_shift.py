"""Score experiments on test fields of their training fields' run, and of other runs."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.metrics.shift import score_shift
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest, load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    table = score_shift(
        load_predictions(snakemake.input.predictions),
        load_manifest(snakemake.input.manifest),
        load_catalog(snakemake.input.catalogs, snakemake.input.measured),
        settings["task"],
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
