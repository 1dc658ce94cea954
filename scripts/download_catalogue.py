"""Bring a survey's catalogue of objects into the store, verified, and list its files."""

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record
from fewsky.raw.download import as_told, fetch_all, with_published
from fewsky.surveys import reader

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    made = [load_table(path) for path in snakemake.input.sky]
    entries = reader(settings["reader"]).catalogue_files(settings)
    files = fetch_all(with_published(entries, made), **as_told(dict(snakemake.resources.items())))
    save_table(files, snakemake.output.files)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.files],
        settings=settings,
        code="none: the bytes are the archive's",
        inputs=snakemake.input,
        simulated=files.attrs["simulated"] or bool(made),
    )
