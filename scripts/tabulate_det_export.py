"""Exported detectors: how large their files are, and how far what they find is from PyTorch's."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.galaxy10 import whole
from fewsky.paper.tables import number, save, share
from fewsky.paper.trials import load_exports
from fewsky.provenance import record, simulated

FORMS = {"torch": "PyTorch", "onnx": "ONNX, 32-bit floats"}
FILES = {"torch": "safetensors", "onnx": "onnx"}


def small(value):
    """A small number in powers of ten, `4.2e-6`."""
    return f"{value:.1e}".replace("e-0", "e-").replace("-", "−")


def row_of(told, form):
    """One form of one detector; PyTorch's own is what the other is compared with."""
    own = form == "torch"
    return {
        "Experiment": told["experiment"],
        "Form": FORMS[form],
        "Parameters": whole(told["parameters"]),
        "Operations (millions)": number(told["flops"] / 1e6, 1),
        "File (kB)": number(told[f"bytes.{FILES[form]}"] / 1e3, 1),
        "Images compared": whole(told["n"]),
        "Detections": whole(told["detections"]),
        "Largest difference, score": None if own else small(told[f"difference.{form}"]),
        "Largest difference, px": None if own else small(told[f"difference_px.{form}"]),
        "Agreement": None if own else share(told[f"agreement.{form}"]),
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    exports = load_exports(snakemake.input.exports).set_index("experiment", drop=False)
    rows = [row_of(exports.loc[name], form) for name in settings["experiments"] for form in FORMS]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
