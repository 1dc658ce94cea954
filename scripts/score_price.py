"""Hold careless splits against the careful one: what each adds to a score or takes from it."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.metrics.price import score_price
from fewsky.provenance import record
from fewsky.rooms import load_catalog

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    found = {}
    for path in snakemake.input.predictions:
        found.setdefault(Path(path).parts[-3], []).append(load_table(path))
    table = score_price(
        {name: pd.concat(tables, ignore_index=True) for name, tables in found.items()},
        load_catalog(snakemake.input.catalogs),
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
