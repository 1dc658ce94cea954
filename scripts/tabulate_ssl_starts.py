"""Data sets by starts at their largest number of labels, by way, with AUROC beside each score."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.atlas import curve, load_curves, starts_of, ways_of
from fewsky.paper.tables import UNKNOWN, interval, save
from fewsky.provenance import record, simulated

RANKED = "auroc"


def line(curves, task, start, settings):
    """One data set and start: its scores at the largest budget, a column a way and measure."""
    rows = {
        row["way"]: row for row in settings["rows"] if (row["task"], row["start"]) == (task, start)
    }
    last = curve(curves, next(iter(rows.values())), settings["metric"]).iloc[-1]
    told = {"Task": task, "Start": starts_of(settings["rows"])[start]}
    told |= {"Labels": int(last["budget"]), "Test objects": int(last["n"])}
    for metric in dict.fromkeys([settings["metric"], RANKED]):
        for way, words in ways_of(settings["rows"]).items():
            name = words[0].upper() + words[1:] if metric != RANKED else f"AUROC, {words}"
            told[name] = score(curves, rows[way], metric) if way in rows else UNKNOWN
    return told


def score(curves, row, metric):
    """One experiment at the largest budget, with its interval."""
    return interval(*curve(curves, row, metric)[["value", "lower", "upper"]].iloc[-1])


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    curves = load_curves(snakemake.input.curves)
    taken = {(row["task"], row["start"]) for row in settings["rows"]}
    table = pd.DataFrame(
        line(curves, task, start, settings)
        for task in settings["tasks"]
        for start in starts_of(settings["rows"])
        if (task, start) in taken
    )
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
