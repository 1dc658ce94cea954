"""Train a network on careful and careless splits: every protocol of one draw."""

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.models.price import price_network
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_seen

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    predictions = price_network(
        settings,
        load_seen(snakemake.input.images, settings),
        load_catalog(snakemake.input.catalogs),
        load_table(snakemake.input.parts),
        int(snakemake.wildcards.draw),
        snakemake.resources.resume,
        snakemake.resources.device,
        snakemake.params.code,
    )
    save_table(predictions, snakemake.output.predictions)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.predictions],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
