"""What starting weights see before any label is used: neighbours and clusters in numbers."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.figures.embeddings import load_measures
from fewsky.paper.tables import interval, number, save
from fewsky.provenance import record, simulated

COLUMNS = {
    "knn_accuracy": "kNN accuracy",
    "silhouette": "Silhouette",
    "ari": "ARI",
    "nmi": "NMI",
}


def row_of(path, starts):
    """One representation: its task, its start and its measures with their intervals."""
    task, weights, found = Path(path).parent.name, Path(path).stem, load_measures(path)
    return {
        "Task": task,
        "Start": starts[task][weights],
        "Weights": weights,
        **{
            words: interval(*found.loc[name, ["value", "lower", "upper"]])
            for name, words in COLUMNS.items()
        },
        "Commonest class": number(found.loc["commonest", "value"]),
        "k": f"{found.loc['k', 'value']:.0f}",
        "Pool": int(found.loc["k", "n"]),
        "Held-out objects": int(found.loc["knn_accuracy", "n"]),
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    rows = [row_of(path, settings["starts"]) for path in snakemake.input.tables]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
