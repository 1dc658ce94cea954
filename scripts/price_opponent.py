"""Fit an opponent on careful and careless splits: every protocol, every draw."""

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.models.price import price_opponent
from fewsky.provenance import record
from fewsky.rooms import load_catalog

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    parts = load_table(snakemake.input.parts)
    predictions = price_opponent(
        settings,
        load_catalog(snakemake.input.catalogs, snakemake.input.measured),
        parts[parts["draw"] < settings["draws"]],
    )
    save_table(predictions, snakemake.output.predictions)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.predictions],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
