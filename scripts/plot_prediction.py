"""Draw a prediction: fields with their objects marked, or the surest images of a folder."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.predicted import draw_fields, draw_sheets
from fewsky.files import load_table
from fewsky.provenance import record, simulated
from fewsky.rooms import load_images

with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    table = load_table(given.table, keep_default_na=False, na_values=[""])
    words = ["field", "warning", "why_outside"]
    table[words] = table[words].fillna("").astype(str)
    if settings["fields"]:
        fields = pd.concat([load_table(path, keep_default_na=False) for path in given.shown])
        fig = draw_fields(table, fields, Path(given.shown[0]).parent, settings)
    else:
        fig = draw_sheets(table, load_images(given.shown), settings)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
