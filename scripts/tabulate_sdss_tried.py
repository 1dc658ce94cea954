"""What the study tried: every variant beside his network, with its difference and a verdict."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_json, load_table
from fewsky.paper.tables import UNKNOWN, interval, load_metrics, number, one, p_value, save, scored
from fewsky.paper.tried import judged
from fewsky.provenance import record, simulated

SCORES = {"mcc": "MCC", "accuracy": "Accuracy", "auroc": "AUROC"}


def weights_of(card):
    """Number of trained weights of a network, from its card."""
    return max(card["runs"], key=lambda run: run["budget"])["parameters"]


with running(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    metrics, cards = load_metrics(given.metrics), map(load_json, given.cards)
    weights = {card["experiment"]: f"{weights_of(card):,}" for card in cards}
    compared = pd.concat([load_table(path) for path in given.comparisons], ignore_index=True)
    rows = [
        {
            "Experiment": row.name,
            "Changed": row.changed,
            "Patch (px)": row.side,
            "Weights": weights.get(row.name, UNKNOWN),
            **{w: interval(*one(scored(metrics, [row.name]), key)) for key, w in SCORES.items()},
            "Difference in MCC": interval(row.difference, row.lower, row.upper),
            "Minimum detectable": number(row.minimum_detectable),
            "p, Holm": UNKNOWN if pd.isna(row.p_holm) else p_value(row.p_holm),
            "Verdict": row.verdict if row.against else "reference",
        }
        for row in judged(compared, settings["rows"], settings["margin"]).itertuples(index=False)
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*given))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=given)  # fmt: skip
