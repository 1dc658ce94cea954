"""Join the predictions of all shards, and write what there is to say of them."""

from fewsky.console import running, say
from fewsky.files import load_json, save_json, save_table
from fewsky.metrics.predicted import as_catalogued, describe, join
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    table = join(snakemake.input.tables, settings)
    card = describe(table, load_json(snakemake.input.domain), settings)
    card["simulated"] = simulated(*snakemake.input)
    save_table(as_catalogued(table), snakemake.output.table)
    save_json(card, snakemake.output.card)
    say(f"{card['objects']} objects, {card['outside']} outside; decided {card['decided']}")
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table, snakemake.output.card],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
