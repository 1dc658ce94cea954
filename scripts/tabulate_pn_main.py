"""Every recipe on the test part, with opponents, controls, published levels, and what it costs."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.planetary_nebulae import STUDIES, class_words
from fewsky.paper.costs import runs_of
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

COSTS = {
    "trainable_parameters": "Trainable parameters",
    "steps": "Steps",
    "images_seen": "Images seen",
}
DIGITS = 2  # as many as a test of some hundred objects can bear


def columns_of(classes, prevalences):
    """Heading of each measure of the test part."""
    f1 = {f"f1_{label}": f"F1, {class_words(label)}" for label in classes[::-1]}
    purity = {f"purity_{classes[-1]}_at_1:{m}": f"Purity at 1:{m}" for m in prevalences}
    return {"mcc": "MCC", "accuracy": "Accuracy", "auroc": "AUROC", **f1, **purity}


def costs(name, runs):
    """What does not change from machine to machine: medians over draws at the largest budget."""
    own = runs[runs["experiment"] == name]
    own = own[own["budget"] == own["budget"].max()]
    medians = own[list(COSTS)].astype(float).median()
    return {words: UNKNOWN if pd.isna(medians[key]) else f"{medians[key]:,.0f}"
            for key, words in COSTS.items()}  # fmt: skip


def scores(name, kind, metrics, reference, columns):
    """One recipe against the catalogue or the truth: mean over draws with its interval."""
    rows = scored(metrics, [name], reference=reference)
    whole = rows[rows["subset"] == "all"]
    hidden = scored(metrics, [name], reference=reference, part="unlabelled")
    return {
        "Experiment": name,
        "Kind": kind,
        "Against": reference,
        "Labels": int(whole["budget"].max()) if len(whole) else UNKNOWN,
        "Test objects": int(whole["n"].max()) if len(whole) else UNKNOWN,
        **{words: interval(*one(rows, key), DIGITS) for key, words in columns.items()},
        "MCC, unlabelled half": interval(*one(hidden, "mcc"), DIGITS),
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics, runs = load_metrics(snakemake.input.metrics), runs_of(snakemake.input.cards)
    columns = columns_of(settings["classes"], settings["prevalences"])
    references = [name for name in ("catalogue", "truth") if (metrics["reference"] == name).any()]
    ranked = sorted(settings["kinds"].items(), key=lambda item: RANKED.index(item[1]))
    ours = [
        scores(name, kind, metrics, against, columns) | costs(name, runs)
        for against in references
        for name, kind in ranked
    ]
    authors = {study: f"{words}: " for study, words in STUDIES.items()}
    quotes = published_rows(
        load_published(snakemake.input.published), "pn", columns, authors, DIGITS
    )
    table = pd.DataFrame(ours + quotes, columns=list(ours[0]), dtype=object)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Kind"] == "published")  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
