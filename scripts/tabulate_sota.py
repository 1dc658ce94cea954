"""A study's score, ours and the best published one, side by side."""

from pathlib import Path

import pandas as pd

from fewsky.audit.verdicts import NOT_RUN
from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.claims import compared_rows
from fewsky.paper.tables import save
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    metrics = {Path(path).stem: load_table(path) for path in given.metrics}
    printed = load_table(given.published, dtype=str, keep_default_na=False)
    table = pd.DataFrame(compared_rows(settings["rows"], metrics, printed))
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*given), published=list(table["Ours"] == NOT_RUN))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
