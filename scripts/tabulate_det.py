"""The main table of detection: networks, opponents, and what others printed."""

import pandas as pd

from fewsky.console import running
from fewsky.models.detect_crops import OFF_CENTRE
from fewsky.paper import detection as det
from fewsky.paper.costs import runs_of
from fewsky.paper.galaxy10 import medians, whole
from fewsky.paper.kinds import RANKED
from fewsky.paper.tables import (
    UNKNOWN,
    interval,
    load_published,
    one,
    published_rows,
    save,
    scored,
)
from fewsky.provenance import record, simulated

SEEN = {"test": "whole images", OFF_CENTRE: "off-centre windows"}


def scores(name, kind, metrics, runs, reference, part):
    """One experiment on one view of the tested images: mean over draws with its interval."""
    rows = scored(metrics, [name], part=part, reference=reference)
    every = rows[rows["subset"] == "all"]
    known = (runs["experiment"] == name).any()
    weights = medians(runs, name, "trainable_parameters") if known else float("nan")
    return {
        "Experiment": name,
        "Kind": kind,
        "Seen": SEEN[part],
        "Boxes": det.BOXES[reference],
        "Labelled images": int(every["budget"].max()) if len(every) else UNKNOWN,
        "Boxes tested": int(every["n"].max()) if len(every) else UNKNOWN,
        **{words: interval(*one(rows, key)) for key, words in det.COLUMNS.items()},
        "Trained weights": whole(weights),
    }


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics, runs = det.load_scores(snakemake.input.metrics), runs_of(snakemake.input.cards)
    reference = det.reference_of(metrics)
    kinds = {
        name: det.kind_told(told["kind"], told["family"], reference)
        for name, told in settings["kinds"].items()
    }
    ours = [
        scores(name, kind, metrics, runs, reference, part)
        for part in SEEN
        if (metrics["part"] == part).any()
        for name, kind in sorted(kinds.items(), key=lambda item: RANKED.index(item[1]))
    ]
    quotes = published_rows(
        load_published(snakemake.input.published), "det", det.COLUMNS, det.AUTHORS, det.DIGITS
    )
    quotes = [{**row, "Boxes": "drawn by hand"} for row in quotes]
    table = pd.DataFrame(ours + quotes, columns=list(ours[0]), dtype=object)
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input),
         published=table["Kind"] == "published")  # fmt: skip
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
