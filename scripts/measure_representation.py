"""Measure what starting weights see in a task's held-out objects, and map these objects."""

import numpy as np

from fewsky.console import running
from fewsky.files import load_arrays, save_table
from fewsky.models.representation import first_view, measure_representation, pixels
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_manifest, load_seen

with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    catalog, manifest = load_catalog(given.catalogs), load_manifest(given.manifest)
    if settings["weights"] == "pixels":
        images = np.asarray(load_seen(given.images, settings))
        features = pixels(settings, images, catalog, manifest)
    else:
        features = first_view(load_arrays(given.features[0])["activations"])
    shown, measures = measure_representation(settings, features, catalog, manifest)
    outputs = [snakemake.output.points, snakemake.output.table]
    save_table(shown, outputs[0])
    save_table(measures, outputs[1])
    record(
        snakemake.output.provenance,
        outputs=outputs,
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
