"""The main table: networks, opponents and controls on the test part, with what others printed."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.tables import (
    UNKNOWN,
    interval,
    load_metrics,
    load_published,
    number,
    one,
    save,
    scored,
)
from fewsky.provenance import record, simulated

COLUMNS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "mcc": "MCC",
    "auroc": "AUROC",
    "log_loss": "Log-loss",
    "cal": "CAL",
}
KINDS = ("network", "opponent", "nuisance control", "definition of the label, not ranked")


def scores(name, kind, metrics, reference):
    """One experiment against the catalogue or the truth: mean over draws with its interval."""
    rows = scored(metrics, [name], reference=reference)
    whole = rows[rows["subset"] == "all"]
    return {
        "Experiment": name,
        "Kind": kind,
        "Against": reference,
        "Labels": int(whole["budget"].max()) if len(whole) else UNKNOWN,
        "Test objects": int(whole["n"].max()) if len(whole) else UNKNOWN,
        **{words: interval(*one(rows, key)) for key, words in COLUMNS.items()},
    }


def printed(published):
    """Rows of other people's publications."""
    table = published[published["table"] == "main"]
    for row, part in table.groupby("row", sort=False):
        values = dict(zip(part["metric"], part["value"].astype(float), strict=True))
        author = part["study"].iloc[0].replace("S2", "Ruhmer: ").replace("KB17", "")
        told = {words: number(values[key]) for key, words in COLUMNS.items() if key in values}
        yield {"Experiment": author + row, "Kind": "published", **told}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    references = [name for name in ("catalogue", "truth") if (metrics["reference"] == name).any()]
    ranked = sorted(settings["kinds"].items(), key=lambda item: KINDS.index(item[1]))
    ours = [scores(name, kind, metrics, against) for against in references for name, kind in ranked]
    quotes = list(printed(load_published(snakemake.input.published)))
    table = pd.DataFrame(ours + quotes, columns=list(ours[0]), dtype=object)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Kind"] == "published")  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
