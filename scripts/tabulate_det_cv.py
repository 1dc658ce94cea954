"""Detection in folds: mean and spread over folds, all folds together, and differences."""

from itertools import combinations

import pandas as pd

from fewsky.console import running
from fewsky.paper import detection as det
from fewsky.paper.galaxy10 import compared, fold_tests, load_comparisons
from fewsky.paper.tables import (
    UNKNOWN,
    interval,
    load_published,
    number,
    one,
    p_value,
    quoted,
    save,
    scored,
    spread,
)
from fewsky.provenance import record, simulated

COMPARED = "map_50"


def ours(name, metrics, reference):
    """Mean and standard deviation over folds of the first draw; then all folds of every draw."""
    folds = {key: det.by_fold(metrics, name, key) for key in det.COLUMNS}
    cells = {words: spread(folds[key]["value"]) for key, words in det.COLUMNS.items()}
    yield {"Row": name, "Source": f"{len(folds[COMPARED])} folds of the first draw", **cells}
    rows = scored(metrics, [name], part="folds", reference=reference)
    draws = metrics.loc[(metrics["experiment"] == name) & (metrics["draw"] >= 0), "draw"].nunique()
    cells = {words: interval(*one(rows, key)) for key, words in det.COLUMNS.items()}
    yield {"Row": name, "Source": f"all folds together, {draws} draws", **cells}


def theirs(published):
    """What Tessa and Terranova print under a heading that speaks of folds."""
    for row in dict.fromkeys(published.loc[published["table"] == "det", "row"]):
        told = {w: quoted(published, "det", row, key) for key, w in det.COLUMNS.items()}
        cells = {words: number(value, det.DIGITS) for words, value in told.items()}
        yield {"Row": row, "Source": det.PRINTED, **cells}


def differences(a, b, metrics, comparisons):
    """What can be said of a difference over folds, and over whole draws, in one measure."""
    words = det.COLUMNS[COMPARED]
    told = fold_tests(*(det.by_fold(metrics, name, COMPARED) for name in (a, b)))
    source = f"{a} − {b}"
    if told:
        yield {"Row": "difference, mean over folds", "Source": source, words: number(told["mean"])}
        least = f"exact signed-rank p (at best {number(told['least'], 4)})"
        yield {"Row": least, "Source": source, words: number(told["wilcoxon"], 4)}
        yield {"Row": "corrected t test, p", "Source": source, words: p_value(told["corrected"])}
    row = compared(comparisons, a, b, COMPARED)
    if row:
        size = interval(row["difference"], row["lower"], row["upper"])
        yield {"Row": "paired bootstrap, difference", "Source": source, words: size}
        yield {"Row": "least difference that would be found", "Source": source,
               words: number(row["minimum_detectable"])}  # fmt: skip
        note = f" ({row['note']})" if isinstance(row["note"], str) and row["note"] else ""
        yield {"Row": "verdict", "Source": source, words: f"{row['verdict']}{note}"}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = det.load_scores(snakemake.input.metrics)
    reference = det.reference_of(metrics)
    rows = [row for name in settings["cv"] for row in ours(name, metrics, reference)]
    rows += theirs(load_published(snakemake.input.published))
    comparisons = load_comparisons(snakemake.input.comparisons)
    for a, b in combinations(settings["cv"], 2):
        rows += differences(a, b, metrics, comparisons)
    table = pd.DataFrame(rows).fillna(UNKNOWN)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Source"] == det.PRINTED)  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
