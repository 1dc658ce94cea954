"""The best trials of the search and those of its Pareto front, with what they cost."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.galaxy10 import front
from fewsky.paper.galaxy10 import whole
from fewsky.paper.tables import number, save
from fewsky.paper.trials import LOWER_IS_BETTER, MONITORED, load_trials, parameters_of
from fewsky.provenance import record, simulated

BEST = 10  # trials shown, besides those of the front


def setting(value):
    """A searched setting: whole numbers as they are, others with three decimals."""
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if float(value).is_integer() else number(value)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metric = settings["metric"]
    table = load_trials(snakemake.input.trials, snakemake.input.best)
    worth = -table["value"] if metric in LOWER_IS_BETTER else table["value"]
    table = table.assign(rank=worth.rank(ascending=False, method="first"))
    table = table.assign(front=front(table["flops"], worth) | front(table["parameters"], worth))
    headings = parameters_of(table.drop(columns=["rank", "front"]))
    kept = table[(table["rank"] <= BEST) | table["front"]].sort_values("rank")
    rows = [
        {
            "Rank": f"{row['rank']:.0f}",
            "Trial": f"{row['trial']}",
            **{words: setting(row[name]) for name, words in headings.items()},
            f"{MONITORED[metric]}, validation": number(row["value"]),
            "Epochs": whole(row["epochs"]),
            "Parameters": whole(row["parameters"]),
            "Operations (millions)": number(row["flops"] / 1e6, 2),
            "On a front": "yes" if row["front"] else "no",
            "Chosen": "yes" if row["chosen"] else "no",
        }
        for row in kept.to_dict("records")
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
