"""Measure which pixels a network goes by: rings erased, integrated gradients, neighbours erased."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_arrays, save_json, save_table
from fewsky.models.influence_measured import measure_influence
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest, load_seen

with running(snakemake.log[0]):
    settings, given, made = snakemake.params.settings, snakemake.input, snakemake.output
    found = measure_influence(
        [Path(card).parent for card in given.cards],
        load_seen(given.images, settings),
        load_catalog(given.catalogs),
        load_manifest(given.manifest),
        settings,
        snakemake.resources.device,
    )
    outputs = [made.table, made.tests, made.neighbours, made.maps, made.told]
    for table, path in zip(found[:3], outputs, strict=False):
        save_table(table, path)
    save_arrays(found.maps, made.maps)
    save_json(found.told, made.told)
    record(
        made.provenance,
        outputs=outputs,
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
