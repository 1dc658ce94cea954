"""Four classes: scores of networks, opponents and controls on patches; and of a field's map."""

import pandas as pd

from fewsky.console import running
from fewsky.files import load_table
from fewsky.paper.kinds import RANKED
from fewsky.paper.tables import UNKNOWN, interval, load_metrics, one, save, scored
from fewsky.provenance import record, simulated

COLUMNS = {
    "macro_f1": "Macro-F1",
    "balanced_accuracy": "Balanced accuracy",
    "mcc": "MCC",
    "accuracy": "Accuracy",
}


def scores(name, kind, metrics, reference, columns):
    """One experiment's patches: mean over draws with its interval; None where nothing is known."""
    rows = scored(metrics, [name], reference=reference)
    whole = rows[rows["subset"] == "all"]
    told = {"Of": name, "Kind": kind, "Against": reference}
    told["n"] = int(whole["n"].max()) if len(whole) else UNKNOWN
    return told | {words: interval(*one(rows, key)) for key, words in columns.items()}


def mapped(path, settings, columns):
    """The map of the field: one network, intervals over sky tiles."""
    rows = load_table(path).assign(subset="all")
    told = {
        "Of": settings["network"],
        "Kind": f"map of {settings['field']}",
        "Against": "catalogue",
    }
    told["n"] = int(rows["n"].min())
    return told | {words: interval(*one(rows, key)) for key, words in columns.items()}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    columns = COLUMNS | {f"recall_{name}": f"Recall, {name}" for name in settings["classes"]}
    references = [name for name in ("catalogue", "truth") if (metrics["reference"] == name).any()]
    ranked = sorted(settings["kinds"].items(), key=lambda item: RANKED.index(item[1]))
    rows = [
        scores(name, kind, metrics, against, columns)
        for against in references
        for name, kind in ranked
    ]
    rows.append(mapped(snakemake.input.agreement[0], settings, columns))
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows, dtype=object), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
