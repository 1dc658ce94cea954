"""Fit an opponent or a linear probe on the grouped and the random splits of its task."""

from fewsky.console import running
from fewsky.files import load_arrays, load_table, save_table
from fewsky.models.priced import fit_leakage
from fewsky.provenance import record
from fewsky.rooms import load_catalog

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    stored = [load_arrays(path)["activations"] for path in snakemake.input.features]
    predictions = fit_leakage(
        settings,
        load_catalog(snakemake.input.catalogs, snakemake.input.measured),
        stored[0] if stored else None,
        load_table(snakemake.input.objects),
        load_table(snakemake.input.parts),
    )
    save_table(predictions, snakemake.output.predictions)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.predictions],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
