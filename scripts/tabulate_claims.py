"""What the studies printed: what is re-derived, what our runs give, and a verdict."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.claims import rows_of
from fewsky.paper.tables import save
from fewsky.provenance import record

with running(snakemake.log[0]):
    given = snakemake.input
    audit = load_table(given.claims, keep_default_na=False, dtype={"printed": str})
    outputs = [snakemake.output.csv, snakemake.output.tex]
    # Cells say what is simulated: what is printed and what follows from it are not.
    save(pd.DataFrame(rows_of(audit)), *outputs, simulated=False)
    record(snakemake.output.provenance, outputs=outputs, settings=snakemake.params.settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
