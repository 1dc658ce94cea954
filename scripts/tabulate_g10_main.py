"""The main table: networks, opponents and controls of every task, with what others printed."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.costs import runs_of
from fewsky.paper.galaxy10 import AUTHORS, DIGITS, medians, whole
from fewsky.paper.kinds import RANKED
from fewsky.paper.tables import (
    UNKNOWN,
    interval,
    load_metrics,
    load_published,
    one,
    published_rows,
    save,
    scored,
)
from fewsky.provenance import record, simulated

COLUMNS = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "mcc": "MCC",
    "auroc": "AUROC",
    "log_loss": "Log-loss",
    "ece": "ECE",
}


def scores(task, name, kind, metrics, runs, reference):
    """One experiment against the catalogue or the truth: mean over draws with its interval."""
    rows = scored(metrics[metrics["task"] == task], [name], reference=reference)
    every = rows[rows["subset"] == "all"]
    known = (runs["experiment"] == name).any()
    return {
        "Experiment": name,
        "Task": task,
        "Kind": kind,
        "Against": reference,
        "Labels": int(every["budget"].max()) if len(every) else UNKNOWN,
        "Test objects": int(every["n"].max()) if len(every) else UNKNOWN,
        **{words: interval(*one(rows, key)) for key, words in COLUMNS.items()},
        "Trainable parameters": whole(medians(runs, name, "trainable_parameters"))
        if known
        else UNKNOWN,
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics, runs = load_metrics(snakemake.input.metrics), runs_of(snakemake.input.cards)
    references = [name for name in ("catalogue", "truth") if (metrics["reference"] == name).any()]
    ours = [
        scores(task, name, kind, metrics, runs, against)
        for task, kinds in settings["kinds"].items()
        for against in references
        for name, kind in sorted(kinds.items(), key=lambda item: RANKED.index(item[1]))
    ]
    quotes = published_rows(
        load_published(snakemake.input.published), "g10-report", COLUMNS, AUTHORS, DIGITS
    )
    table = pd.DataFrame(ours + quotes, columns=list(ours[0]), dtype=object)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Kind"] == "published")  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
