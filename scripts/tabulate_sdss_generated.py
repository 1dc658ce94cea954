"""Scores with and without generated patches at every budget, and what is gained."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.tables import MEASURES, UNKNOWN, interval, load_metrics, one, save, scored
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings, gains = snakemake.params.settings, load_table(snakemake.input.gains)
    metrics = scored(
        load_metrics(snakemake.input.metrics), settings["experiments"], every_budget=True
    )
    rows = []
    for (budget, name), part in metrics.groupby(["budget", "experiment"]):
        found = gains[(gains["budget"] == budget) & (gains["a"] == name)].set_index("metric")
        row = {"Labels": int(budget), "Experiment": name}
        for key in settings["metrics"]:
            words = MEASURES.get(key, key)
            row[words] = interval(*one(part, key))
            row[f"Gain in {words}"] = UNKNOWN
            row[f"Verdict on {words}"] = "control" if name == settings["control"] else UNKNOWN
            if key in found.index:
                gain = found.loc[key]
                row[f"Gain in {words}"] = interval(*gain[["difference", "lower", "upper"]])
                row[f"Verdict on {words}"] = gain["verdict"]
        rows.append(row)
    table = pd.DataFrame(rows)
    place = {name: k for k, name in enumerate(settings["experiments"])}
    table = table.sort_values(
        ["Labels", "Experiment"],
        key=lambda column: column.map(place) if column.name == "Experiment" else column,
    )
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
