"""Data sets by starts at their largest number of labels, frozen, by LP-FT and fine-tuned."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.atlas import curve, load_curves, starts_of, ways_of
from fewsky.paper.tables import UNKNOWN, interval, save
from fewsky.provenance import record, simulated


def line(curves, task, start, settings):
    """One data set and start: its scores at the largest budget, a column a way."""
    rows = {
        row["way"]: curve(curves, row, settings["metric"]).tail(1)
        for row in settings["rows"]
        if (row["task"], row["start"]) == (task, start)
    }
    [last] = next(iter(rows.values())).to_dict("records")
    told = {"Task": task, "Start": starts_of(settings["rows"])[start]}
    told |= {"Labels": int(last["budget"]), "Test objects": int(last["n"])}
    for way, words in ways_of(settings["rows"]).items():
        one = rows[way][["value", "lower", "upper"]].iloc[0] if way in rows else None
        told[words[0].upper() + words[1:]] = UNKNOWN if one is None else interval(*one)
    return told


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
