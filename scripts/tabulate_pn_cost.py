"""What each recipe costs on this machine: time, images a second and memory, new at each run."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.planetary_nebulae import benchmarks_of, runs_of
from fewsky.paper.tables import UNKNOWN, number, save, spread
from fewsky.provenance import record, simulated

MIB_IN_GIB = 1024


def whole(value):
    """A number without decimals, thousands set apart; a dash where it is not known."""
    return UNKNOWN if pd.isna(value) else f"{value:,.0f}"


def rate(runs, jobs):
    """Images a second over all jobs; NaN where the cards or the benchmarks do not tell."""
    seen, seconds = runs["images_seen"].sum(min_count=1), jobs["s"].sum(min_count=1)
    return seen / seconds if pd.notna(seen) and seconds > 0 else float("nan")


def row_of(name, jobs, runs):
    """One experiment: a job trains all budgets and folds of a draw, or fits all of a probe."""
    return {
        "Experiment": name,
        "Jobs": len(jobs),
        "Runs": len(runs),
        "Seconds a job": spread(jobs["s"], 1),
        "CPU seconds a job": spread(jobs["cpu_time"], 1),
        "Seconds a run": number(jobs["s"].sum() / len(runs) if len(runs) else float("nan"), 2),
        "Images/s": number(rate(runs, jobs), 1),
        "Peak memory (GiB)": number(jobs["max_rss"].max() / MIB_IN_GIB, 2),
        "Trainable parameters": whole(runs["trainable_parameters"].astype(float).max()),
        "Steps, all runs": whole(runs["steps"].astype(float).sum(min_count=1)),
        "Images seen, all runs": whole(runs["images_seen"].astype(float).sum(min_count=1)),
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    jobs, runs = benchmarks_of(snakemake.input.benchmarks), runs_of(snakemake.input.cards)
    rows = [
        row_of(name, jobs[jobs["experiment"] == name], runs[runs["experiment"] == name])
        for name in settings["experiments"]
        if (jobs["experiment"] == name).any()
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
