"""Find the boxes of a shard's images, for a task that looks for them."""

from fewsky.boxes.find import find_boxes
from fewsky.boxes.table import save_boxes
from fewsky.console import running, say
from fewsky.files import load_arrays, load_table
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    boxes = find_boxes(
        load_arrays(given.images)["images"],
        load_table(given.catalog),
        load_table(given.objects, dtype=str, keep_default_na=False),
        settings,
        next(map(load_table, given.sky), None),
    )
    say(f"boxes: {len(boxes)} in {boxes['image'].nunique()} images")
    save_boxes(boxes, snakemake.output.boxes)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.boxes],
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
