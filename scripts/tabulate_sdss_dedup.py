"""Careless splits beside the careful one: their sizes, what they leak, what that adds to scores."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.careless import AUDIT, SPLITS, in_order
from fewsky.paper.tables import MEASURES, UNKNOWN, interval, number, save, share
from fewsky.provenance import record, simulated


def words_of(metric):
    return MEASURES.get(metric, metric)


def told(price, name, split, metric):
    """Cells of one measure: the score, the difference on own and on shared test objects."""
    rows = price[(price["experiment"] == name) & (price["metric"] == metric)]
    if split == "careful":
        value = rows.loc[rows["tested"] == "own", "careful"]
        return {words_of(metric): number(value.mean())}
    rows = rows[rows["protocol"] == split].set_index("tested")
    cells = {words_of(metric): number(rows.loc["own", "value"])}
    for tested, words in (("own", "difference"), ("shared", "same objects")):
        key = f"{words_of(metric)}, {words}"
        found = rows.loc[tested] if tested in rows.index else None
        ends = ("difference", "lower", "upper")
        cells[key] = UNKNOWN if found is None else interval(*(found[end] for end in ends))
    return cells


def row_of(price, leaks, name, split, metrics):
    """One row: a probe under one split."""
    own = leaks[leaks["protocol"] == split].mean(numeric_only=True)
    found = price[(price["experiment"] == name) & (price["tested"] == "own")]
    cells = {"Split": SPLITS[split], "Probe": name, "Audit": AUDIT[split == "careful"]}
    cells |= {"Training": f"{own['n_train']:.0f}", "Test": f"{own['n_test']:.0f}"}
    cells |= {"Copies seen": share(own["test_copied"]), "Pixels seen": share(own["test_shared"])}
    cells |= {"At the border": share(own["test_border"])}
    for metric in metrics:
        cells |= told(price, name, split, metric)
    shown = found[(found["protocol"] == split) & (found["metric"] == metrics[0])]
    cells["Verdict"] = UNKNOWN if shown.empty else shown["verdict"].iloc[0]
    return {**cells, "Draws": str(found["n_replicates"].max())}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    price, leaks = (load_table(snakemake.input[key]) for key in ("price", "leaks"))
    metrics, splits = settings["metrics"], in_order(leaks["protocol"])
    rows = [
        row_of(price, leaks[leaks["draw"] < draws], name, split, metrics)
        for name, draws in price.groupby("experiment")["n_replicates"]
        .max()[settings["probes"]]
        .items()
        for split in splits
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
