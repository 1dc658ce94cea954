"""Reports by class of five models, a column each, with what Tessa and Terranova printed below."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.galaxy10 import PARTS, class_words, named
from fewsky.paper.galaxy10 import DIGITS, PRINTED
from fewsky.paper.tables import (
    UNKNOWN,
    interval,
    load_metrics,
    load_published,
    number,
    one,
    quoted,
    save,
    scored,
)
from fewsky.provenance import record, simulated

MEASURES = {"precision": "precision", "recall": "recall", "f1": "F1"}


def lines_of(classes):
    """Of every row: metric, its first cell, its second."""
    yield "accuracy", "all", "accuracy"
    for room in ("macro", "weighted"):
        yield from ((f"{room}_{key}", f"{room} mean", words) for key, words in MEASURES.items())
    for label in classes:
        told = class_words(label)
        yield from ((f"{key}_{label}", told, words) for key, words in MEASURES.items())


def row_of(label, measure, source, cells):
    """One row of text cells."""
    return {"Class": label, "Measure": measure, "Source": source, **cells}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    experiments = named(settings["reports"])
    metrics = load_metrics(snakemake.input.metrics)
    published = load_published(snakemake.input.published)
    scores = {part: scored(metrics, [name]) for part, name in experiments.items()}
    headings = {part: f"{PARTS[part]}: {name}" for part, name in experiments.items()}
    rows = []
    for metric, label, measure in lines_of(settings["classes"]):
        cells = {headings[p]: interval(*one(scores[p], metric), DIGITS) for p in experiments}
        rows.append(row_of(label, measure, "ours", cells))
        theirs = {
            headings[p]: number(quoted(published, "g10-report", p, metric), DIGITS)
            for p in experiments
        }
        if set(theirs.values()) != {UNKNOWN}:
            rows.append(row_of(label, measure, PRINTED, theirs))
    table = pd.DataFrame(rows)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Source"] == PRINTED)  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
