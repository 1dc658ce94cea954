"""Images a second of exported detectors, one image at a time on one core of this machine."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.galaxy10 import whole
from fewsky.paper.tables import number, save
from fewsky.paper.trials import load_exports
from fewsky.provenance import record, simulated

FORMS = {"torch": "PyTorch", "onnx": "ONNX, 32-bit floats"}
FILES = {"torch": "safetensors", "onnx": "onnx"}


def row_of(told, time):
    """One form of one detector: its speed beside its size."""
    return {
        "Experiment": told["experiment"],
        "Form": FORMS[time.form],
        "Images a second": number(1000 / time.median_ms, 1),
        "Median (ms)": number(time.median_ms, 1),
        "5th percentile (ms)": number(time.p05_ms, 1),
        "95th percentile (ms)": number(time.p95_ms, 1),
        "Side (px)": whole(told["side"]),
        "Parameters": whole(told["parameters"]),
        "Operations (millions)": number(told["flops"] / 1e6, 1),
        "File (kB)": number(told[f"bytes.{FILES[time.form]}"] / 1e3, 1),
    }


with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    exports = load_exports(given.exports).set_index("experiment", drop=False)
    times = {Path(path).parts[-3]: load_table(path) for path in given.latencies}
    rows = [
        row_of(exports.loc[name], time)
        for name in settings["experiments"]
        for time in times[name].itertuples()
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
