"""Grouped splits beside random ones, task by task: scores, and what a random one would promise."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.leakage import ONCE, RANDOM, price_of
from fewsky.paper.tables import MEASURES, UNKNOWN, interval, number, save, share
from fewsky.provenance import record, simulated


def gap(arm):
    """The difference from the grouped split with its interval."""
    ends = ("difference", "lower", "upper")
    return UNKNOWN if arm["reason"] else interval(*(arm[end] for end in ends))


def verdict(arm):
    """What was found, or why there is nothing to be found."""
    return arm["reason"] or arm["verdict"]


def row_of(task, probe, found, metric):
    """One row: a task."""
    random, once, words = found[RANDOM], found[ONCE], MEASURES.get(metric, metric)
    return {
        "Task": task,
        "Probe": probe,
        "Train / test": f"{found['train']:.0f} / {found['test']:.0f}",
        "Copies": f"{found['copies']}",
        "Leaked": share(random.get("test_shared", float("nan"))),
        f"{words}, grouped": number(found["grouped"]),
        f"{words}, random": number(random.get("value", float("nan"))),
        "Gap": gap(random),
        "Detectable": number(random.get("minimum_detectable", float("nan"))),
        "Verdict": verdict(random),
        "Gap without copies": gap(once),
        "Verdict without copies": verdict(once),
        "Draws": f"{found['draws']}",
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metric, probes = settings["metric"], settings["probes"]
    paths = zip(*(snakemake.input[key] for key in ("scores", "told", "leaks")), strict=True)
    rows = [
        row_of(task, probe, price_of(*files, metric), metric)
        for (task, probe), files in zip(probes.items(), paths, strict=True)
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
