"""The atlas in numbers: areas under the curves, where a start stops paying, labels saved."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures.atlas import WAYS, area, curve, load_curves, starts_of
from fewsky.metrics.paying import labels_saved, stops_paying
from fewsky.paper.tables import UNKNOWN, interval, number, save
from fewsky.provenance import record, simulated

OF_STARTS = ("Area gained", "Could be told", "Stops paying at", "Labels saved")


def paying(stop, budgets):
    """Where a start stops paying, in words."""
    if np.isnan(stop):
        return UNKNOWN
    if stop == budgets[0]:
        return "never pays"
    return f"pays at {budgets[-1]:,}" if np.isinf(stop) else f"{stop:,.0f}"


def saved(labels, budgets):
    """Labels saved at the smallest budget, in words; a bound where nothing does not get there."""
    most = budgets[-1] - budgets[0]
    return f"> {most:,}" if np.isinf(labels) else f"{labels:,.0f}"


def line(curves, row, metric, rows, words):
    """One start and way against the training from nothing of its network."""
    own, under = curve(curves, row, metric), area(curves, row, metric)
    budgets = own["budget"].tolist()
    told = {
        "Task": row["task"],
        "Start": words[row["start"]],
        "Way": WAYS[row["way"]][0],
        "Labels": "–".join(f"{one:,}" for one in dict.fromkeys([budgets[0], budgets[-1]])),
        "Draws": int(own["draws"].iloc[0]),
        "Area": interval(*under[["value", "lower", "upper"]]),
    }
    if not row["against"]:
        return told | dict.fromkeys(OF_STARTS, UNKNOWN)
    nothing = next(one for one in rows if one["experiment"] == row["against"])
    gains = (
        interval(*under[["gain", "gain_lower", "gain_upper"]]),
        number(under["gain_detectable"]),
        paying(stops_paying(own), budgets),
        saved(labels_saved(own, curve(curves, nothing, metric)), budgets),
    )
    return told | dict(zip(OF_STARTS, gains, strict=True))


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    curves, metric = load_curves(snakemake.input.curves), settings["metric"]
    words = starts_of(settings["rows"])
    lines = []
    for task in settings["tasks"]:
        rows = [row for row in settings["rows"] if row["task"] == task]
        lines += [line(curves, row, metric, rows, words) for row in rows]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(lines), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
