"""Ask whether a classifier tells generated patches from real ones."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_arrays, load_table, save_table
from fewsky.generated.told import tell
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_images, load_manifest


def replicate(path):
    """Experiment and draw by a file's place, EXPERIMENT/draw-K."""
    return Path(path).parent.name, int(Path(path).stem.removeprefix("draw-"))


with running(snakemake.log[0]):
    given, settings = snakemake.input, snakemake.params.settings
    made = {
        replicate(images): (load_arrays(images)["images"], load_table(table))
        for images, table in zip(given.patches, given.tables, strict=True)
    }
    found = tell(
        settings,
        load_images(given.images),
        load_catalog(given.catalogs),
        load_manifest(given.manifest),
        load_table(given.draws),
        made,
    )
    save_table(found, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
