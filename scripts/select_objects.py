"""List the objects of a survey of images: who, where, which label, in which shard."""

from importlib import import_module
from pathlib import Path

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record
from fewsky.surveys import module_of_objects

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    objects = import_module(module_of_objects(settings["reader"])).select_objects(
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
