"""Scores of experiments on fields of the training fields' run, and of other runs."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.tables import UNKNOWN, interval, number, save
from fewsky.provenance import record, simulated

MEASURES = {
    "auroc": "AUROC",
    "accuracy": "Accuracy",
    "accuracy_prior_corrected": "With prior correction",
    "ece": "ECE",
    "ece_calibrated": "ECE at temperature",
}


def row(rows, experiment, side, subset, title, label):
    """One experiment, side and subset: each measure with its interval."""
    own = rows[(rows["experiment"] == experiment) & (rows["side"] == side)]
    own = own[own["subset"] == subset].set_index("metric")
    if own.empty:
        return []
    found = {words: own.loc[key] for key, words in MEASURES.items() if key in own.index}
    cells = {words: interval(x["value"], x["lower"], x["upper"]) for words, x in found.items()}
    told = {"Experiment": experiment, "Fields": side, "Objects": title}
    recall = own["value"].get(f"recall_{label}")
    counts = {"Number": number(own["n"].iloc[0], 0), f"Completeness, {label}": number(recall)}
    return [{**told, **counts, **{words: cells.get(words, UNKNOWN) for words in MEASURES.values()}}]


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    rows = load_table(snakemake.input.metrics)
    titles = {"all": "all"} | {f"snr>{cut:g}": f"S/N > {cut:g}" for cut in settings["snr"]}
    titles |= {name: name for name in rows["subset"].unique() if name.startswith("matched")}
    table = pd.DataFrame(
        [
            line
            for name in settings["experiments"]
            for side in ("inside", "outside")
            for subset, title in titles.items()
            for line in row(rows, name, side, subset, title, settings["label"])
        ]
    )
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
