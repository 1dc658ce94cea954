"""Exported networks: how large their files are, and how far their answers are from PyTorch's."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.galaxy10 import whole
from fewsky.paper.tables import number, save, share
from fewsky.paper.trials import load_exports
from fewsky.provenance import record, simulated

FORMS = {"torch": "PyTorch", "onnx": "ONNX, 32-bit floats", "int8": "ONNX, 8-bit integers"}
FILES = {"torch": "safetensors", "onnx": "onnx", "int8": "int8"}


def row_of(told, form):
    """One form of one network; PyTorch's own is what the others are compared with."""
    own = form == "torch"
    far = float("nan") if own else told[f"difference.{form}"]
    return {
        "Experiment": told["experiment"],
        "Form": FORMS[form],
        "Parameters": whole(told["parameters"]),
        "Operations (millions)": number(told["flops"] / 1e6, 2),
        "File (kB)": number(told[f"bytes.{FILES[form]}"] / 1e3, 1),
        "Objects compared": whole(told["n"]),
        "Largest difference": None if own else f"{far:.1e}".replace("e-0", "e-").replace("-", "−"),
        "Agreement": None if own else share(told[f"agreement.{form}"]),
        "Accuracy, validation": number(told[f"accuracy.{form}"]),
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    exports = load_exports(snakemake.input.exports).set_index("experiment", drop=False)
    names = settings["experiments"]
    rows = [row_of(exports.loc[name], form) for name in names for form in FORMS]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
