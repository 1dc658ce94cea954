"""Join the predictions of all shards, and write what there is to say of them."""

from fewsky.console import running, say
from fewsky.files import load_json, save_json, save_table
from fewsky.metrics.predicted import as_catalogued, closing, describe, join, with_warnings
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    domain = load_json(snakemake.input.domain)
    table = with_warnings(join(snakemake.input.tables, settings), domain)
    card = describe(table, domain, settings)
    card["simulated"] = simulated(*snakemake.input)
    save_table(as_catalogued(table), snakemake.output.table)
    save_json(card, snakemake.output.card)
    say("\n".join(closing(card, snakemake.output.table)))
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table, snakemake.output.card],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
