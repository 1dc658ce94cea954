"""Run a frozen backbone once over a dataset, in the eight symmetries of the square."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_arrays
from fewsky.models.features import extract
from fewsky.models.start import load_start
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_seen

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    found = extract(
        settings,
        load_seen(snakemake.input.images, settings),
        load_catalog(snakemake.input.catalogs),
        load_start(Path(snakemake.input.weights).parent, None, 0),
        device=snakemake.resources.device,
    )
    save_arrays({"activations": found}, snakemake.output.features)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.features],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
