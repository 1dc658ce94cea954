"""What each recipe costs on this machine: time, images a second and memory, new at each run."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.costs import jobs_of, runs_of, work_of
from fewsky.paper.tables import UNKNOWN, number, save, spread
from fewsky.provenance import record, simulated

MIB_IN_GIB = 1024


def whole(value):
    """A number without decimals, thousands set apart; a dash where it is not known."""
    return UNKNOWN if pd.isna(value) else f"{value:,.0f}"


def row_of(name, jobs, seconds_before, runs, images):
    """One experiment or one pass over the images; all budgets and folds of a draw are one job."""
    seconds = jobs["s"].sum(min_count=1)
    return {
        "Experiment": name,
        "Jobs": len(jobs),
        "Runs": len(runs) or UNKNOWN,
        "Seconds a job": spread(jobs["s"], 1),
        "CPU seconds a job": spread(jobs["cpu_time"], 1),
        "Seconds, all jobs": number(seconds, 1),
        "Seconds, all stages before": number(seconds_before, 1),
        "Seconds a run": number(seconds / len(runs) if len(runs) else float("nan"), 2),
        "Images/s": number(images / seconds if seconds > 0 else float("nan"), 1),
        "Peak memory of the host (GiB)": number(jobs["max_rss"].max() / MIB_IN_GIB, 2),
        "Peak memory of the GPU (GiB)": number(runs["gpu_mb"].astype(float).max() / MIB_IN_GIB, 2),
        "Trainable parameters": whole(runs["trainable_parameters"].astype(float).max()),
        "Steps, all runs and rates": whole(work_of(runs, "steps")),
        "Images seen, all runs and rates": whole(images),
    }


with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    jobs, runs = jobs_of(given.benchmarks), runs_of(given.cards)
    in_one_pass = settings["views"] * sum(len(load_table(path)) for path in given.catalogs)
    of = {name: table for name, table in jobs.groupby("name")}
    rows = []
    for name in settings["passes"]:
        seen = in_one_pass if name.split("/")[0] == settings["dataset"] else float("nan")
        rows.append(row_of(f"one pass: {name}", of[name], 0.0, runs[:0], seen))
    for name, before in settings["experiments"].items():
        own = runs[runs["experiment"] == name]
        earlier = sum(of[stage]["s"].sum() for stage in before)
        rows.append(row_of(name, of[name], earlier, own, work_of(own, "images_seen")))
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
