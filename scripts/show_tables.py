"""Every table as a page of the report, to be read where the report has a download only."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_text
from fewsky.paper.pages import page
from fewsky.paper.typeset import read_cells
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings, pages = snakemake.params.settings, snakemake.output.pages
    for table, shown in zip(snakemake.input.tables, pages, strict=True):
        title = settings["titles"][Path(table).stem]
        save_text(page(title, read_cells(table), simulated(table)), shown)
    record(
        snakemake.output.provenance,
        outputs=pages,
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input.tables,
    )
