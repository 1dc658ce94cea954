"""The course project's table 1: objects of both classes with name, position and label."""

import pandas as pd

from fewsky.console import running
from fewsky.figures.planetary_nebulae import class_words, load_objects, shown_objects
from fewsky.paper.tables import UNKNOWN, number, save
from fewsky.provenance import record, simulated


def labelled(item, positive):
    """The label in words; of a mimic also what it is, `Not PN (galaxy)`."""
    words = class_words(item.label)
    return words if item.label == positive or not item.kind else f"{words} ({item.kind})"


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    objects = load_objects(snakemake.input.catalogs)
    shown = shown_objects(objects, settings["sample"], settings["classes"])
    rows = [
        {
            "ID": item.object_id,
            "Name": item.name or UNKNOWN,
            "DRAJ2000": number(item.ra, 5),
            "DDECJ2000": number(item.dec, 5),
            "Label": labelled(item, settings["classes"][-1]),
        }
        for item in shown.itertuples(index=False)
    ]
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(pd.DataFrame(rows), *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
