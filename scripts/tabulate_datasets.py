"""Every task in one row: dataset, classes, parts, and the digest that names its split."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table, sha256
from fewsky.paper.tables import save
from fewsky.provenance import record, simulated

PARTS = ("pool", "val", "test")
FEW = 4  # classes that are listed one by one
DIGITS = 16  # of the SHA-256 of the split's manifest, enough to tell any two splits apart


def described(path, task):
    """One row: numbers by part, of few classes each, and the split's digest."""
    names = task["Classes"].split(" / ")
    manifest = load_table(path, dtype={"label": str}, keep_default_na=False)
    counts = manifest.groupby(["part", "label"]).size()
    used = int(manifest["part"].isin(PARTS).sum())
    words = task["Classes"] if len(names) <= FEW else f"{len(names)} classes"
    row = {"Task": Path(path).parent.name, **task, "Classes": words, "Objects": used}
    for part in PARTS:
        row[part.capitalize()] = numbers([counts.get((part, label), 0) for label in names])
    return {**row, "Split (SHA-256)": sha256(path)[:DIGITS]}


def numbers(counts):
    """The number of objects of each of few classes; of more the sum, smallest and largest."""
    if len(counts) <= FEW:
        return " / ".join(map(str, counts))
    ends = f" ({min(counts)} to {max(counts)})" if sum(counts) else ""
    return f"{sum(counts)}{ends}"


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    rows = [described(path, settings[Path(path).parent.name]) for path in snakemake.input.manifests]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
