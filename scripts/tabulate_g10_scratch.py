"""Networks trained from nothing: table 2 of Tessa and Terranova, each printed row above ours."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.galaxy10 import named
from fewsky.paper.galaxy10 import PRINTED, VARIANTS, printed_cells, range_of_hard_labels
from fewsky.paper.tables import interval, load_metrics, load_published, one, save, scored
from fewsky.provenance import record, simulated

COLUMNS = {
    "accuracy": "Accuracy",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall",
    "hard_label_auroc": "AUROC of hard labels",
    "auroc": "AUROC of probabilities",
}
LEGACY = "their counts, random: legacy, not for comparison"


def printed(variant, published):
    """The row that they print, and what its accuracy and recall tell of the area."""
    return {
        "Network": VARIANTS[variant],
        "Source": PRINTED,
        "Split": "theirs",
        **printed_cells(published, "g10-scratch", variant, COLUMNS),
        "Hard labels, from accuracy and recall": range_of_hard_labels(published, variant),
    }


def ours(variant, name, split, metrics):
    """One experiment on our split or on their counts."""
    rows = scored(metrics, [name])
    return {
        "Network": VARIANTS[variant],
        "Source": name,
        "Split": split,
        **{words: interval(*one(rows, key)) for key, words in COLUMNS.items()},
        "Hard labels, from accuracy and recall": None,
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    published = load_published(snakemake.input.published)
    sides = {"ours": named(settings["scratch"]), LEGACY: named(settings["legacy"])}
    rows = []
    for variant in VARIANTS:
        names = {split: side[variant] for split, side in sides.items() if variant in side}
        rows += [printed(variant, published)] if names else []
        rows += [ours(variant, name, split, metrics) for split, name in names.items()]
    table = pd.DataFrame(rows, dtype=object)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Source"] == PRINTED)  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
