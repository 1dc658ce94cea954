"""What to do about unequal classes: nothing, one size, weights in the loss, or a part of both."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.galaxy10 import balances, named
from fewsky.paper.galaxy10 import compared, difference_cells, load_comparisons, whole
from fewsky.paper.tables import interval, load_metrics, one, save, scored, share
from fewsky.provenance import record, simulated

WAYS = {
    "none": "nothing",
    "down-and-up": "all classes of one size",
    "weights": "weights in the loss",
    "partial-and-weights": "evened in part, and weights",
}
COLUMNS = {
    "accuracy": "Accuracy",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall",
    "macro_f1": "Macro F1",
    "mcc": "MCC",
}


def row_of(way, name, shown, metrics, comparisons):
    """One way: what was shown in an epoch, its scores, and MCC against doing nothing."""
    rows, own = scored(metrics, [name]), shown[shown["experiment"] == name]
    repeated = (own["views"] - own["objects"]).clip(lower=0).sum()
    told = compared(comparisons, name, settings["imbalance"].get("none"))
    return {
        "Unequal classes": WAYS[way],
        "Experiment": name,
        "Objects": whole(own["objects"].sum()),
        "Images an epoch": whole(own["views"].sum()),
        "Repeated": share(repeated / own["views"].sum()),
        **{words: interval(*one(rows, key)) for key, words in COLUMNS.items()},
        **difference_cells(told, "Difference from nothing", "Verdict"),
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    ways = named(settings["imbalance"])
    metrics, shown = load_metrics(snakemake.input.metrics), balances(snakemake.input.cards)
    comparisons = load_comparisons(snakemake.input.comparisons)
    rows = [
        row_of(way, ways[way], shown, metrics, comparisons) for way in WAYS if way in ways
    ]  # fmt: skip
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
