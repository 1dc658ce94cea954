"""What a trained network says of every few pixels of a field, and what the catalogue has there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import say
from fewsky.cutouts.at_positions import Plane, grid, patches_at
from fewsky.cutouts.scene_classes import classes_at, counted_objects
from fewsky.files import load_json
from fewsky.models.trained import load_model, predict
from fewsky.surveys.sdss_objects import read_catalogue, select_objects


def map_field(
    folder: str | Path, plane: Plane, settings: Mapping[str, Any], device: str
) -> pd.DataFrame:
    """One row a position of a grid: field, x, y, ra, dec and p_<class> of the network.

    `folder` is a draw's; the network is that of its largest budget. Positions are `step_px` of the
    settings apart, and those whose patch is not complete are left out.
    """
    runs = load_json(Path(folder) / "model.json")["runs"]
    run = max(runs, key=lambda one: (one["budget"], -one["fold"]))
    network, card = load_model(folder, run["budget"], run["fold"], device)
    places = grid(plane.cube.shape[1:], card["size"], settings["step_px"])
    tables = []
    for images, rows in patches_at(plane, places, card["size"], card["bands"]):
        stated = predict(network, card, images, rows)
        columns = {f"p_{name}": stated[:, k] for k, name in enumerate(card["classes"])}
        tables.append(rows[["field", "x", "y", "ra", "dec"]].assign(**columns))
    found = pd.concat(tables, ignore_index=True)
    say(f"{plane.row['field']}: {len(found)} of {len(places)} positions mapped")
    return found


def map_catalogue(
    places: pd.DataFrame,
    raw: pd.DataFrame,
    store: str | Path,
    plane: Plane,
    settings: Mapping[str, Any],
) -> np.ndarray:
    """The class `(n,)` at each position by the catalogue alone, "" where it is not decided.

    The rule is that of the patches that the network has learned from (cutouts.scene_classes).
    """
    dataset, survey = settings["dataset"], settings["survey"]
    field, band = plane.row["field"], survey["reference_band"]
    shape = plane.cube.shape[1:]
    listed = read_catalogue(raw, store, field, survey, plane.wcs, shape, band)
    objects, _ = select_objects(listed, dataset["objects"])
    counted = counted_objects(objects, dataset["scene"], band)
    found = classes_at(places, counted, listed, dataset["scene"], survey["pixel_arcsec"])
    say(f"{field}: {pd.Series(found).value_counts().to_dict()} by {len(counted)} objects")
    return found
