"""Fit what a prediction needs of an experiment's training objects: temperatures and limits."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_arrays, save_json
from fewsky.machine import choose_device, reproducible
from fewsky.models.apply import fit_domain
from fewsky.models.members import load_members
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_seen

settings = snakemake.params.settings
with running(snakemake.log[0]), reproducible(settings["threads"]):
    given = snakemake.input
    device = str(choose_device(snakemake.resources.device))
    folders = [Path(path).parent for path in given.cards]
    arrays, card = fit_domain(
        load_members(folders, settings["draws"] == "first", device),
        load_seen(given.images, settings),
        load_catalog(given.catalogs, given.measured),
        settings,
    )
    outputs = [snakemake.output.arrays, snakemake.output.card]
    save_arrays(arrays, outputs[0])
    save_json(card, outputs[1])
    record(
        snakemake.output.provenance,
        outputs=outputs,
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
