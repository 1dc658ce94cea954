"""List the objects of a survey of images: who, where, which label, in which shard."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record
from fewsky.surveys import (
    efigi_file,
    folder_images,
    galaxy10_file,
    galaxyzoo_table,
    hash_catalogue,
    mergers_table,
    specobj_table,
    splus_table,
)

READERS = {
    "efigi": efigi_file,
    "folder": folder_images,
    "galaxy10": galaxy10_file,
    "galaxyzoo": galaxyzoo_table,
    "hash": hash_catalogue,
    "mergers": mergers_table,
    "specobj": specobj_table,
    "splus": splus_table,
}

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    objects = READERS[settings["reader"]].select_objects(
        load_table(snakemake.input.files, keep_default_na=False),
        Path(snakemake.resources.store),
        settings,
    )
    save_table(objects, snakemake.output.objects)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.objects],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
