"""What generated patches gain over the control, at every budget."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.metrics.gains import gains
from fewsky.provenance import record
from fewsky.rooms import load_manifest, load_predictions

with running(snakemake.log[0]):
    given, settings = snakemake.input, snakemake.params.settings
    table = gains(
        load_predictions(given.predictions),
        load_manifest(given.manifest),
        settings["task"],
        settings["control"],
        settings["others"],
        settings["metrics"],
        settings["scoring"],
        seed=settings["scoring"]["seed"],
    )
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
