"""Distance as an input, in pairs: is it the distance that helps, or that there is one?"""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.distance import asked
from fewsky.paper.tables import MEASURES, interval, number, p_value, save
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    compared = [load_table(path) for path in snakemake.input.comparisons]
    found = asked(settings["distance"], pd.concat(compared).to_dict("records"))
    rows = [
        {
            "What is gained by": row["question"],
            "A": row["a"],
            "B": row["b"],
            "Measure": MEASURES.get(row["metric"], row["metric"]),
            "A − B": interval(row["difference"], row["lower"], row["upper"]),
            "p": p_value(row["p"]),
            "Minimum detectable": number(row["minimum_detectable"]),
            "Draws": row["n_replicates"],
            "Verdict on A": row["verdict"],
            "Kind": row["note"],
        }
        for row in found
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
