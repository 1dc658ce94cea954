"""Every task in one row: dataset, classes, parts, and the digest that names its split."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table, sha256
from fewsky.paper.tables import save
from fewsky.provenance import record, simulated

PARTS = ("pool", "val", "test")
DIGITS = 16  # of the SHA-256 of the split's manifest, enough to tell any two splits apart


def described(path, task):
    """One row: numbers by part and class, and the split's digest."""
    manifest = load_table(path, dtype={"label": str}, keep_default_na=False)
    counts = manifest.groupby(["part", "label"]).size()
    used = int(manifest["part"].isin(PARTS).sum())
    row = {"Task": Path(path).parent.name, **task, "Objects": used}
    for part in PARTS:
        numbers = [str(counts.get((part, label), 0)) for label in task["Classes"].split(" / ")]
        row[part.capitalize()] = " / ".join(numbers)
    return {**row, "Split (SHA-256)": sha256(path)[:DIGITS]}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    rows = [described(path, settings[Path(path).parent.name]) for path in snakemake.input.manifests]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
