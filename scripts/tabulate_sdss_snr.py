"""Scores of all test objects and above each cut on signal to noise, and how many are too faint."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.tables import UNKNOWN, interval, load_metrics, number, one, save, scored, share
from fewsky.provenance import record, simulated

MEASURES = {"accuracy": "accuracy", "mcc": "MCC", "auroc": "AUROC"}
FAINT = "share_below_snr3_"


def ours(metrics, name, cuts):
    """One row a measure of an experiment, a column a cut."""
    rows = scored(metrics, [name])
    for key, words in MEASURES.items():
        cells = {title: interval(*one(rows, key, subset)) for subset, title in cuts.items()}
        yield {"Of": name, "Measure": words, **cells}


def test_part(metrics, task, classes, cuts):
    """Numbers of test objects of a task above each cut, and each class's share below S/N 3."""
    rows = scored(metrics[metrics["task"] == task], ["sample"])
    for label in classes:
        counts = {title: one(rows, f"count_{label}", subset)[0] for subset, title in cuts.items()}
        cells = {title: number(value, 0) for title, value in counts.items()}
        yield {"Of": f"test part of {task}", "Measure": f"number, {label}", **cells}
    for label in classes:
        known = {cuts["all"]: share(one(rows, FAINT + label)[0])}
        faint = dict.fromkeys(cuts.values(), UNKNOWN) | known
        yield {"Of": f"test part of {task}", "Measure": f"{label}, share with S/N < 3", **faint}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    cuts = {"all": "All", **{f"snr>{cut:g}": f"S/N > {cut:g}" for cut in settings["snr"]}}
    rows = [row for name in settings["experiments"] for row in ours(metrics, name, cuts)]
    for task in settings["tasks"]:
        rows += test_part(metrics, task, settings["classes"], cuts)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
