"""Whether generated patches are told from real ones, by class and by what the judge sees."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.tables import interval, save
from fewsky.provenance import record, simulated

JUDGES = {"forest": "forest on shapes", "pixels": "logistic regression on pixels"}
CONTROL = "real (control)"

with running(snakemake.log[0]):
    settings, told = snakemake.params.settings, load_table(snakemake.input.told)
    rows = []
    for name in ["real", *settings["with"]]:
        for label in settings["classes"]:
            part = told[(told["generator"] == name) & (told["label"] == label)]
            judged = part.set_index("judge")
            rows.append(
                {
                    "Told from real": CONTROL if name == "real" else name,
                    "Class": label,
                    **{
                        words: interval(*judged.loc[key, ["value", "lower", "upper"]])
                        for key, words in JUDGES.items()
                    },
                    "Patches of each": int(part["generated"].iloc[0]),
                    "Draws": int(part["draws"].iloc[0]),
                }
            )
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
