"""Does LP-FT with pseudo-labels beat either alone? The comparisons over folds, with controls."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
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
    ("pl", "lp"): "Do pseudo-labels help the probe?",
    ("both", "more_steps"): "Control: the same steps without pseudo-labels",
    ("ceiling", "both"): "Ceiling: the true labels instead",
}
TURNED = {"better": "worse", "worse": "better"}


def compared(table, a, b):
    """The comparisons of a with b, primary first, turned round where they were made as b with a."""
    as_asked = table[(table["a"] == a) & (table["b"] == b)]
    other = table[(table["a"] == b) & (table["b"] == a)]
    turned = other.assign(
        a=a, b=b, difference=-other["difference"], lower=-other["upper"], upper=-other["lower"],
        verdict=other["verdict"].replace(TURNED),
    )  # fmt: skip
    return pd.concat([as_asked, turned]).sort_values("primary", ascending=False, kind="stable")


def score(metrics, name, metric):
    """An experiment's score over all folds with its interval."""
    return interval(*one(scored(metrics, [name], part="folds"), metric))


def row_of(question, found, metrics):
    """One comparison as a row of text cells."""
    return {
        "Question": question,
        "A": found.a,
        "B": found.b,
        "Measure": MEASURES.get(found.metric, found.metric),
        "Score of A": score(metrics, found.a, found.metric),
        "Score of B": score(metrics, found.b, found.metric),
        "A − B": interval(found.difference, found.lower, found.upper),
        "p": p_value(found.p),
        "p, Holm": p_value(found.p_holm),
        "Minimum detectable": number(found.minimum_detectable),
        "Replicates": found.n_replicates,
        "Verdict on A": found.verdict,
        "Kind": found.note,
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
        for found in compared(table, names[a], names[b]).itertuples()
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
