"""Accuracy under other conditions, and purity where a class is rare: what plain accuracy hides."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.tables import interval, load_metrics, one, save, scored
from fewsky.provenance import record, simulated


def columns_of(classes, prevalences, band):
    """Heading of each column, with the measure and the subset that fill it."""
    accuracy = {
        "Accuracy": ("accuracy", "all"),
        "Accuracy, prior corrected": ("accuracy_prior_corrected", "all"),
        f"Accuracy, classes matched in {band}": ("accuracy", f"matched {band}"),
        "Accuracy, matched in nuisance": ("accuracy", "matched nuisance"),
    }
    purity = {
        f"Purity, {label} at 1:{m}": (f"purity_{label}_at_1:{m}", "all")
        for label in classes
        for m in prevalences
    }
    return accuracy | purity


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    columns = columns_of(settings["classes"], settings["prevalences"], settings["band"])
    rows = []
    for name in settings["experiments"]:
        own = scored(metrics, [name])
        cells = {title: interval(*one(own, *told)) for title, told in columns.items()}
        rows.append({"Experiment": name, **cells})
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
