"""Ruhmer's tables 5.2 and 5.3: loss and accuracy by augmentation, small and large training set."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.runs import kept_epochs
from fewsky.paper.tables import load_published, number, quoted, save, spread
from fewsky.provenance import record, simulated

COLUMNS = {
    "train_loss": "Train loss",
    "train_accuracy": "Train accuracy",
    "val_loss": "Validation loss",
    "val_accuracy": "Validation accuracy",
}


def pair(name, side, augment, kept, published, table):
    """Our row, mean ± spread over draws, and Ruhmer's printed row."""
    own = kept[kept["experiment"] == name].groupby("draw").mean(numeric_only=True)
    start = {"Training set": side, "Augmentation": augment}
    ours = {key: spread(own[key]) for key in COLUMNS}
    theirs = {key: number(quoted(published, table, augment, key)) for key in COLUMNS}
    draws = "1 draw" if len(own) == 1 else f"{len(own)} draws"
    return [
        {**start, "Source": f"ours, {draws}", **ours},
        {**start, "Source": f"Ruhmer, table {table}", **theirs},
    ]


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    kept = kept_epochs(snakemake.input.histories, snakemake.input.cards)
    published = load_published(snakemake.input.published)
    rows = [
        row
        for side, table in (("small", "5.2"), ("large", "5.3"))
        for name, augment in settings[side].items()
        for row in pair(name, side, augment, kept, published, table)
        if row["Source"].startswith("ours") or augment in set(published["row"])
    ]
    table = pd.DataFrame(rows).rename(columns=COLUMNS)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Source"].str.startswith("Ruhmer"))  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
