"""Apply a trained experiment to the objects of a shard, whose labels are not read."""

from pathlib import Path

import numpy as np

from fewsky.console import running
from fewsky.files import load_arrays, load_json, load_table, save_table
from fewsky.machine import choose_device, reproducible
from fewsky.models.apply import apply
from fewsky.models.members import load_members
from fewsky.provenance import record
from fewsky.rooms import load_seen

settings = snakemake.params.settings
with running(snakemake.log[0]), reproducible(settings["threads"]):
    given = snakemake.input
    device = str(choose_device(snakemake.resources.device))
    catalog, measured = load_table(given.catalog), load_table(given.measured)
    new = ["object_id", *measured.columns.difference(catalog.columns)]
    catalog = catalog.drop(columns="label").merge(measured[new], on="object_id", how="left")
    table = apply(
        load_members(
            [Path(path).parent for path in given.cards], settings["draws"] == "first", device
        ),
        np.asarray(load_seen([given.images], settings)),
        catalog,
        load_arrays(given.arrays),
        load_json(given.domain),
    )
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
