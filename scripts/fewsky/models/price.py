"""An opponent or a network fitted anew on careful and careless splits of the same detections."""

from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.machine import reproducible
from fewsky.models.opponents import FAMILIES, as_values, choose_columns
from fewsky.models.train import fit_run, prepared

COLUMNS = ["protocol", "draw", "object_id", "label"]


def price_opponent(settings, catalog, parts):
    """Return an opponent's predictions of the test part of every protocol and draw.

    `settings` has `opponent` and `classes`, `catalog` the measured columns, `parts` is that of
    splits.price. One probability column a class, as in all predictions.
    """
    columns = choose_columns(settings["opponent"], catalog)
    values = as_values(catalog.set_index("object_id")[columns])
    label = catalog.set_index("object_id")["label"]
    family, classes = settings["opponent"]["family"], settings["classes"]
    tables = []
    for (protocol, draw), cell in parts.groupby(["protocol", "draw"], sort=True):
        train, test = (cell.loc[cell["part"] == part, "object_id"] for part in ("train", "test"))
        stated = FAMILIES[family](
            settings["opponent"], values.loc[train], label[train].to_numpy(), values.loc[test],
            classes, int(np.random.default_rng([draw]).integers(2**31)),
        )  # fmt: skip
        table = pd.DataFrame(stated, columns=[f"p_{name}" for name in classes], dtype="float32")
        told = {"object_id": test.to_numpy(), "label": label[test].to_numpy()}
        tables.append(table.assign(protocol=protocol, draw=draw, **told))
    return in_order(pd.concat(tables, ignore_index=True), classes)


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


def in_order(table, classes):
    """Return predictions with their columns in the order of all such tables."""
    return table[[*COLUMNS, *(f"p_{name}" for name in classes)]]
