"""The atlas in numbers: areas under the curves, where a start stops paying, labels saved."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures.atlas import NONE, WAYS, starts_of
from fewsky.metrics.curves import (
    area,
    by_draw,
    labels_saved,
    mean_interval,
    paired,
    stops_paying,
)
from fewsky.paper.tables import UNKNOWN, interval, load_metrics, save
from fewsky.provenance import record, simulated


def paying(stop, budgets):
    """Where a start stops paying, in words."""
    if np.isnan(stop):
        return UNKNOWN
    if stop == budgets[0]:
        return "never pays"
    return "pays throughout" if np.isinf(stop) else f"{stop:,.0f}"


def saved(labels, budgets):
    """Labels saved at the smallest budget, in words; a bound where nothing does not get there."""
    most = budgets[-1] - budgets[0]
    return f"> {most:,}" if np.isinf(labels) else f"{labels:,.0f}"


def line(row, own, nothing, words):
    """One start and way against the training from nothing, paired by draw."""
    budgets = list(own.columns)
    told = {
        "Task": row["task"],
        "Start": words[row["start"]],
        "Way": WAYS[row["way"]][0],
        "Labels": f"{budgets[0]:,}–{budgets[-1]:,}",
        "Draws": len(own),
        "Area": interval(*mean_interval(area(own))),
    }
    if row["start"] == NONE:
        return told | dict.fromkeys(("Area gained", "Stops paying at", "Labels saved"), UNKNOWN)
    a, b = paired(own, nothing)
    return told | {
        "Area gained": interval(*mean_interval(area(a) - area(b))),
        "Stops paying at": paying(stops_paying(a, b), list(a.columns)),
        "Labels saved": saved(labels_saved(a, b), list(a.columns)),
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics, metric = load_metrics(snakemake.input.metrics), settings["metric"]
    words = starts_of(settings["rows"])
    lines = []
    for task in settings["tasks"]:
        rows = [row for row in settings["rows"] if row["task"] == task]
        own = metrics[metrics["task"] == task]
        found = {row["experiment"]: by_draw(own, row["experiment"], metric) for row in rows}
        nothing = found[next(row["experiment"] for row in rows if row["start"] == NONE)]
        lines += [line(row, found[row["experiment"]], nothing, words) for row in rows]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(lines), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
