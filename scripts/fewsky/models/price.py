"""An opponent or a network fitted anew on careful and careless splits of the same detections."""

from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.machine import reproducible
from fewsky.models.priced import fit_parts, in_order, opponent_on
from fewsky.models.train import fit_run, prepared


def price_opponent(settings, catalog, parts):
    """Return an opponent's predictions of the test part of every protocol and draw.

    `settings` has `opponent` and `classes`, `catalog` the measured columns, `parts` is that of
    splits.price. One probability column a class, as in all predictions.
    """
    label = catalog.set_index("object_id")["label"]
    fit = opponent_on(settings, catalog, label)
    return fit_parts(parts, label, settings["classes"], fit)


def price_network(settings, images, catalog, parts, draw, resume, device, code):
    """Return a network's predictions of the test part of every protocol of one draw.

    It is trained as the trainer trains any draw, but on no validation objects. Pixels without data
    are set to zero, as is done where patches are padded; only border patches have them. First
    weights and the order of steps are the same for all protocols.
    """
    images = np.nan_to_num(images, nan=0.0)
    tables = []
    for protocol, cell in parts[parts["draw"] == draw].groupby("protocol", sort=True):
        manifest, draws = as_split(catalog, cell, draw)
        job, planned = prepared(
            settings, images, catalog, manifest, draws, draw, Path(resume), device, None, None,
            None, code=code,
        )  # fmt: skip
        with reproducible(settings["recipe"]["threads"]):
            found = fit_run(job, planned[0]).predictions
        tested = found[found["part"] == "test"]
        tables.append(tested.assign(protocol=protocol, draw=draw))
    return in_order(pd.concat(tables, ignore_index=True), settings["classes"])


def as_split(catalog, cell, draw):
    """Return the manifest and the one draw that the trainer reads, from the parts of a split."""
    part = cell.set_index("object_id")["part"].replace({"train": "pool"})
    known = catalog[catalog["object_id"].isin(part.index)]
    manifest = known[["object_id", "ra", "dec", "label"]].assign(
        part=part.loc[known["object_id"]].to_numpy(), fold=-1
    )
    pool = manifest[manifest["part"] == "pool"]
    draws = pool[["object_id", "label"]].assign(
        draw=draw, rank=np.arange(len(pool)), role="train", even=True
    )
    return manifest, draws
