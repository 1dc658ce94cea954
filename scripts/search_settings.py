"""Search for an experiment's settings: a study of trainings on one draw."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_table
from fewsky.models.search import search_settings
from fewsky.models.start import load_start
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest, load_seen
from fewsky.shards import Shards

with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    weights, stored = next(iter(given.weights), None), next(iter(given.stored), None)
    written = search_settings(
        settings,
        load_seen(given.images, settings),
        load_catalog(given.catalogs),
        load_manifest(given.manifest),
        load_table(given.draws),
        Path(snakemake.output.best).parent,
        Path(snakemake.resources.resume),
        snakemake.resources.device,
        load_start(weights and Path(weights).parent, None, 0),
        stored and Shards([stored], "activations"),
        code=snakemake.params.code,
    )
    record(
        snakemake.output.provenance,
        outputs=written.values(),
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
