"""Milliseconds for one image on one core of this machine, new at each run."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.files import load_json, load_table
from fewsky.paper.tables import number, save
from fewsky.provenance import record, simulated

FORMS = {"torch": "PyTorch", "onnx": "ONNX, 32-bit floats", "int8": "ONNX, 8-bit integers"}
TIMES = {"median_ms": "Median (ms)", "p05_ms": "5th percentile (ms)",
         "p95_ms": "95th percentile (ms)"}  # fmt: skip


def row_of(name, row, told):
    """One form of an exported network: what it costs, what it is worth, how long it takes."""
    return {
        "Experiment": name,
        "Form": FORMS[row["form"]],
        "Parameters": f"{told['parameters']:,}",
        "Operations (millions)": number(told["flops"] / 1e6, 2),
        "Accuracy, validation": number(told["accuracy"][row["form"]]),
        **{words: number(row[key]) for key, words in TIMES.items()},
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    tables = {Path(path).parts[-3]: load_table(path) for path in snakemake.input.latencies}
    told = {Path(path).parts[-3]: load_json(path) for path in snakemake.input.exports}
    rows = [
        row_of(name, row, told[name])
        for name in settings["experiments"]
        for row in tables[name].to_dict("records")
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    # The record beside the times is that of the exported network.
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
