"""The main table: networks, opponents and controls on the test part, with what others printed."""

import pandas as pd

from fewsky.console import running
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
    "balanced_accuracy": "Balanced accuracy",
    "mcc": "MCC",
    "auroc": "AUROC",
    "log_loss": "Log-loss",
    "cal": "CAL",
}


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


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    references = [name for name in ("catalogue", "truth") if (metrics["reference"] == name).any()]
    ranked = sorted(settings["kinds"].items(), key=lambda item: RANKED.index(item[1]))
    ours = [scores(name, kind, metrics, against) for against in references for name, kind in ranked]
    quotes = published_rows(
        load_published(snakemake.input.published), "main", COLUMNS, {"S2": "Ruhmer: "}
    )
    table = pd.DataFrame(ours + quotes, columns=list(ours[0]), dtype=object)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Kind"] == "published")  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
