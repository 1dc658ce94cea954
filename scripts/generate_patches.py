"""Generate the extra training patches of an experiment's draw, from its training objects alone."""

from fewsky.console import running
from fewsky.files import load_table, save_arrays, save_table
from fewsky.generated.make import generate
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_images, load_manifest

with running(snakemake.log[0]):
    given, settings = snakemake.input, snakemake.params.settings
    patches, table = generate(
        settings,
        load_images(given.images) if given.images else None,
        load_catalog(given.catalogs),
        load_manifest(given.manifest),
        load_table(given.draws),
        int(snakemake.wildcards.draw),
    )
    save_arrays({"images": patches}, snakemake.output.images)
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.images, snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
