"""Train one experiment on one draw: all its budgets and folds."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_arrays, load_json, load_table
from fewsky.models.found import with_found
from fewsky.models.start import load_start
from fewsky.models.train import train
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_images, load_manifest

with running(snakemake.log[0]):
    given, found = snakemake.input, next(iter(snakemake.input.found), None)
    settings = with_found(snakemake.params.settings, found and load_json(found))
    weights, stored = next(iter(given.weights), None), next(iter(given.stored), None)
    stage, pseudo = next(iter(given.stage), None), next(iter(given.pseudo), None)
    written = train(
        settings,
        load_images(given.images)[:, settings["take"]],
        load_catalog(given.catalogs),
        load_manifest(given.manifest),
        load_table(given.draws),
        int(snakemake.wildcards.draw),
        Path(snakemake.output.model).parent,
        Path(snakemake.resources.resume),
        snakemake.resources.device,
        load_start(weights and Path(weights).parent, stage, int(snakemake.wildcards.draw)),
        stored and load_arrays(stored)["activations"],
        pseudo and load_table(pseudo),
        code=snakemake.params.code,
    )
    record(
        snakemake.output.provenance,
        outputs=written.values(),
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
