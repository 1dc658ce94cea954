"""Cross-validation: mean and spread over folds, three tests of the difference, and their limits."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.galaxy10 import PARTS, named
from fewsky.paper.galaxy10 import (
    DIGITS,
    PRINTED,
    by_fold,
    compared,
    fold_tests,
    load_comparisons,
)
from fewsky.paper.tables import (
    UNKNOWN,
    interval,
    load_metrics,
    load_published,
    number,
    p_value,
    quoted,
    save,
    spread,
)
from fewsky.provenance import record, simulated

COLUMNS = {
    "accuracy": "Accuracy",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall",
    "mcc": "MCC",
}


def ours(part, name, metrics):
    """Mean and standard deviation over the folds of the first draw."""
    cells = {w: spread(by_fold(metrics, name, key)["value"]) for key, w in COLUMNS.items()}
    n = len(by_fold(metrics, name, "accuracy"))
    return {"Row": PARTS[part], "Source": f"{name}, {n} folds", **cells}


def theirs(part, published):
    """The mean and the spread over five folds that they print."""
    cells = {}
    for key, words in COLUMNS.items():
        value, sd = (quoted(published, "g10-cv", part, key + end) for end in ("", "_sd"))
        known = not pd.isna(value)
        cells[words] = f"{number(value, DIGITS)} ± {number(sd, DIGITS)}" if known else UNKNOWN
    return {"Row": PARTS[part], "Source": PRINTED, **cells}


def tests(a, b, metrics):
    """Rows of the difference over folds: its mean, and the two tests with what they can tell."""
    found = {w: fold_tests(by_fold(metrics, a, key), by_fold(metrics, b, key))
             for key, w in COLUMNS.items()}  # fmt: skip
    found = {words: told for words, told in found.items() if told}
    if not found:
        return
    least = max(told["least"] for told in found.values())
    lines = {
        "difference, mean over folds": ("mean", number),
        f"exact signed-rank p (at best {number(least, 4)})": ("wilcoxon", lambda p: number(p, 4)),
        "corrected t test, p": ("corrected", p_value),
    }
    for words, (key, shape) in lines.items():
        yield {"Row": words, "Source": f"{a} − {b}"} | {w: shape(t[key]) for w, t in found.items()}


def verdicts(a, b, comparisons):
    """PROTOCOL.md's comparison over whole draws, in the measures that were compared."""
    found = {words: compared(comparisons, a, b, key) for key, words in COLUMNS.items()}
    found = {words: row for words, row in found.items() if row}
    if not found:
        return
    shapes = {
        "paired bootstrap, difference": lambda r: interval(r["difference"], r["lower"], r["upper"]),
        "paired bootstrap, p": lambda r: p_value(r["p"]),
        "least difference that would be found": lambda r: number(r["minimum_detectable"]),
        "verdict": lambda r: f"{r['verdict']} ({r['note']})",
    }
    for words, shape in shapes.items():
        yield {"Row": words, "Source": f"{a} − {b}"} | {w: shape(r) for w, r in found.items()}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    experiments = named(settings["cv"])
    metrics = load_metrics(snakemake.input.metrics)
    published = load_published(snakemake.input.published)
    rows = []
    for part, name in experiments.items():
        rows += [ours(part, name, metrics), theirs(part, published)]
    if {"scratch", "vgg"} <= set(experiments):
        pair = experiments["scratch"], experiments["vgg"]
        rows += tests(*pair, metrics)
        rows += verdicts(*pair, load_comparisons(snakemake.input.comparisons))
    table = pd.DataFrame(rows)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Source"] == PRINTED)  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
