"""Pretexts in numbers: how far each target is missed, beside the catalogue and the median."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.tables import UNKNOWN, interval, load_metrics, one, save, scored
from fewsky.provenance import record, simulated


def line(metrics, pretext, column):
    """One target of a pretext at its largest number of labels."""
    own, median = (
        scored(metrics[metrics["task"] == pretext["task"]], [name])
        for name in (pretext["experiment"], pretext["median"])
    )
    [mae] = own[own["metric"] == f"mae_{column}"].to_dict("records")
    over = interval(*one(own, f"mae_over_error_{column}"), digits=1)
    return {
        "Target": column,
        "Labels": int(mae["budget"]),
        "Test objects": int(mae["n"]),
        "MAE": interval(*one(own, f"mae_{column}")),
        "MAE of the median": interval(*one(median, f"mae_{column}")),
        "R2": interval(*one(own, f"r2_{column}")),
        "Error / catalogue's error": over if pretext["errors"] else UNKNOWN,
    }


def lines(metrics, pretext):
    """A line a target; one line for what learns from images alone."""
    told = {"Pretext": pretext["words"], "Survey": pretext["survey"]}
    told["Sees"] = pretext["bands"] or UNKNOWN
    if not pretext["columns"]:
        return [told | {"Target": f"none ({pretext['loss']})"}]
    return [told | line(metrics, pretext, column) for column in pretext["columns"]]


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    table = pd.DataFrame(row for pretext in settings["pretexts"] for row in lines(metrics, pretext))
    whole = {name: table[name].astype("Int64") for name in ("Labels", "Test objects")}
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table.assign(**whole), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
