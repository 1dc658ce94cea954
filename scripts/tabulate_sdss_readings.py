"""Scores by class, with Ruhmer's in both readings: if his class 0 is galaxy, and if it is star."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.metrics.readings import both_readings
from fewsky.paper.tables import (
    interval,
    load_metrics,
    load_published,
    number,
    one,
    save,
    scored,
    share,
)
from fewsky.provenance import record, simulated

MEASURES = {"recall": "Recall", "precision": "Precision", "f1": "F1"}
READINGS = {"as printed": "0 galaxy, 1 star (report)", "reversed": "0 star, 1 galaxy (code)"}


def theirs(published, row):
    """A published matrix in both readings, one row a class."""
    cells = published[(published["table"] == "confusion") & (published["row"] == row)]
    counts = cells["value"].to_numpy(float).reshape(2, 2)
    for told in both_readings(counts, ["galaxy", "star"], "as printed").to_dict("records"):
        yield {
            "Source": f"Ruhmer: {row}",
            "Reading": READINGS[told["reading"]],
            "Class": told["class"],
            "Test objects": f"{told['support']:.0f}",
            "Share": share(told["share"]),
            **{words: number(told[key]) for key, words in MEASURES.items()},
        }


def ours(rows, name, classes):
    """One experiment of ours, whose classes are the catalogue's, with intervals."""
    counts = {c: np.nansum([one(rows, f"confusion_{c}_{d}")[0] for d in classes]) for c in classes}
    for label in classes:
        yield {
            "Source": name,
            "Reading": "catalogue",
            "Class": label,
            "Test objects": f"{counts[label]:.0f}",
            "Share": share(counts[label] / sum(counts.values())),
            **{words: interval(*one(rows, f"{key}_{label}")) for key, words in MEASURES.items()},
        }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    published = load_published(snakemake.input.published)
    table = pd.DataFrame(
        [
            *(row for name in settings["experiments"]
              for row in ours(scored(metrics, [name]), name, settings["classes"])),
            *(row for matrix in published["row"][published["table"] == "confusion"].unique()
              for row in theirs(published, matrix)),
        ]
    )  # fmt: skip
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Reading"] != "catalogue")  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
