"""Set the paper: its text with numbers, figures and tables of this run."""

from pathlib import Path

from fewsky.console import running
from fewsky.paper.numbers import versions_of
from fewsky.paper.typeset import read_content, set_paper
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    given = snakemake.input
    content = read_content(
        given.numbers, given.figures, given.tables, Path(given.captions[0]).parent,
        snakemake.params.settings,
    )  # fmt: skip
    content["facts"]["simulated"] = simulated(*given)
    content["versions"] = versions_of(given.records)
    set_paper(Path(given.paper).parent, content, snakemake.output.pdf)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.pdf],
        settings=snakemake.params.settings,
        code=snakemake.params.code,
        inputs=given,
    )
