"""Printed claims: what arithmetic and our runs make of each, and a verdict."""

from pathlib import Path

from fewsky.audit.table import audited
from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record, simulated


def by_task(paths):
    """Path of each table by its task."""
    return {Path(path).name.split(".")[0]: path for path in paths}


with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    paths = {
        kind: by_task(given.get(kind, []))
        for kind in ("metrics", "comparisons", "curves", "contrasts")
    }
    made = {task: simulated(path) for found in paths.values() for task, path in found.items()}
    tables = {
        kind: {task: load_table(path) for task, path in found.items()}
        for kind, found in paths.items()
    }
    save_table(audited(settings["claims"], tables, made), snakemake.output.table)
    record(snakemake.output.provenance, outputs=[snakemake.output.table], settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
