"""Train one experiment on one draw: all its budgets and folds."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_table
from fewsky.models.train import train
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_images

with running(snakemake.log[0]):
    written = train(
        snakemake.params.settings,
        load_images(snakemake.input.images),
        load_catalog(snakemake.input.catalogs),
        load_table(snakemake.input.manifest),
        load_table(snakemake.input.draws),
        int(snakemake.wildcards.draw),
        Path(snakemake.output.model).parent,
        Path(snakemake.resources.resume),
        device=snakemake.resources.device,
        code=snakemake.params.code,
    )
    record(
        snakemake.output.provenance,
        outputs=written.values(),
        settings=snakemake.params.settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
