"""Does LP-FT with pseudo-labels beat either alone? The comparisons over folds, with controls."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.hypothesis import turned
from fewsky.paper.tables import (
    MEASURES,
    interval,
    load_metrics,
    number,
    one,
    p_value,
    save,
    scored,
)
from fewsky.provenance import record, simulated

QUESTIONS = {
    ("both", "lpft"): "Do pseudo-labels help LP-FT?",
    ("both", "pl"): "Does LP-FT help pseudo-labels?",
    ("lpft", "lp"): "Does fine-tuning help the probe?",
    ("pl", "lp"): "Pseudo-labels alone against the probe",
    ("both", "more_steps"): "Control: as many further steps without pseudo-labels",
    ("ceiling", "both"): "Ceiling: the true labels instead",
}


def compared(table, a, b):
    """The comparisons of a with b, primary first, turned round where they were made as b with a."""
    rows = [row for row in table.to_dict("records") if {row["a"], row["b"]} == {a, b}]
    rows = sorted(rows, key=lambda row: not row["primary"])
    return [row if row["a"] == a else turned(row) for row in rows]


def score(metrics, name, metric):
    """An experiment's score over all folds with its interval."""
    return interval(*one(scored(metrics, [name], part="folds"), metric))


def row_of(question, found, metrics):
    """One comparison as a row of text cells."""
    a, b, metric = found["a"], found["b"], found["metric"]
    return {
        "Question": question,
        "A": a,
        "B": b,
        "Measure": MEASURES.get(metric, metric),
        "Score of A": score(metrics, a, metric),
        "Score of B": score(metrics, b, metric),
        "A − B": interval(found["difference"], found["lower"], found["upper"]),
        "p": p_value(found["p"]),
        "p, Holm": p_value(found["p_holm"]),
        "Minimum detectable": number(found["minimum_detectable"]),
        "Replicates": found["n_replicates"],
        "Verdict on A": found["verdict"],
        "Kind": found["note"],
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names = {role: name for role, name in settings["hypothesis"].items() if name}
    metrics = load_metrics(snakemake.input.metrics)
    table = pd.concat([load_table(path) for path in snakemake.input.comparisons], ignore_index=True)
    rows = [
        row_of(question, found, metrics)
        for (a, b), question in QUESTIONS.items()
        if a in names and b in names
        for found in compared(table, names[a], names[b])
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
