"""Every comparison of two experiments: primary ones, named beforehand, above exploratory ones."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.tables import MEASURES, interval, number, p_value, save
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    found = pd.concat([load_table(path) for path in snakemake.input.tables], ignore_index=True)
    shown = set(settings["experiments"])
    found = found[found["primary"] | (found["a"].isin(shown) & found["b"].isin(shown))]
    found = found.sort_values("primary", ascending=False, kind="stable")
    rows = [
        {
            "A": row.a,
            "B": row.b,
            "Measure": MEASURES.get(row.metric, row.metric),
            "A − B": interval(row.difference, row.lower, row.upper),
            "p": p_value(row.p),
            "p, Holm": p_value(row.p_holm),
            "Minimum detectable": number(row.minimum_detectable),
            "Draws": row.n_replicates,
            "Verdict on A": row.verdict,
            "Kind": row.note,
        }
        for row in found.itertuples()
    ]
    columns = ["A", "B", "Measure", "A − B", "p", "p, Holm", "Minimum detectable", "Draws",
               "Verdict on A", "Kind"]  # fmt: skip
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows, columns=columns), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
