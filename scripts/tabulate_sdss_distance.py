"""Distance as an input: scores by what a network is told of it, against catalogue and truth."""

import pandas as pd

from fewsky.console import running
from fewsky.paper.distance import TOLD, shown
from fewsky.paper.tables import interval, load_metrics, one, save, scored
from fewsky.provenance import record, simulated

COLUMNS = {"accuracy": "Accuracy", "mcc": "MCC", "auroc": "AUROC"}

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    references = [name for name in ("catalogue", "truth") if (metrics["reference"] == name).any()]
    rows = []
    for reference in references:
        for part, name in shown(settings["distance"]).items():
            found = scored(metrics, [name], reference=reference)
            whole = found[found["subset"] == "all"]
            rows.append({
                "Experiment": name,
                "Told of the distance": TOLD[part],
                "Against": reference,
                "Labels": int(whole["budget"].max()),
                "Test objects": int(whole["n"].max()),
                **{words: interval(*one(found, key)) for key, words in COLUMNS.items()},
            })  # fmt: skip
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
