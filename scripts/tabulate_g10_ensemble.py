"""The ensemble beside its members and beside equal weights, with the weights that were found."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.galaxy10 import (
    AUTHORS,
    DIGITS,
    compared,
    difference_cells,
    load_comparisons,
    member_weights,
    whole,
)
from fewsky.paper.tables import (
    UNKNOWN,
    interval,
    load_metrics,
    load_published,
    number,
    one,
    published_rows,
    save,
    scored,
    spread,
)
from fewsky.provenance import record, simulated

COLUMNS = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "mcc": "MCC",
    "auroc": "AUROC",
    "log_loss": "Log-loss",
}
SHOWN = ("scratch", "vgg", "ensemble")  # rows of their reports that this table is about


def weights_cell(own):
    """Members with their weights, mean ± spread over draws."""
    parts = [f"{member} {spread(rows['weight'], 2)}"
             for member, rows in own.groupby("member", sort=False)]  # fmt: skip
    return "; ".join(parts) or UNKNOWN


def row_of(name, kind, metrics, weights, comparisons, ensemble):
    """One member, the ensemble or its control, and the ensemble held against it."""
    rows, own = scored(metrics, [name]), weights[weights["experiment"] == name]
    return {
        "Experiment": name,
        "Kind": kind,
        "Weights": weights_cell(own),
        "Found on": UNKNOWN if kind == "equal weights" else whole(own["objects"].mean()),
        **{words: interval(*one(rows, key)) for key, words in COLUMNS.items()},
        **difference_cells(compared(comparisons, ensemble, name), "Ensemble less this",
                           "Verdict on the ensemble"),
    }  # fmt: skip


def theirs(published, columns):
    """Their members and their ensemble, with its weights."""
    told = published[(published["table"] == "g10-report") & published["row"].isin(SHOWN)]
    pair = published[published["table"] == "g10-ensemble"]
    words = "; ".join(f"{key.removeprefix('weight_')} {number(value, 2)}" for key, value in
                      zip(pair["metric"], pair["value"].astype(float), strict=True))  # fmt: skip
    rows = published_rows(told, "g10-report", columns, AUTHORS, DIGITS)
    rows[-1]["Weights"] = words
    return rows


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics, weights = load_metrics(snakemake.input.metrics), member_weights(snakemake.input.cards)
    told = metrics, weights, load_comparisons(snakemake.input.comparisons), settings["ensemble"]
    rows = [row_of(name, kind, *told) for name, kind in settings["kinds"].items()]
    rows += theirs(load_published(snakemake.input.published), COLUMNS)
    table = pd.DataFrame(rows, dtype=object)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Kind"] == "published")  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
