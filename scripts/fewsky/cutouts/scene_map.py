"""What the catalogue has at every few pixels of a field."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.console import say
from fewsky.cutouts.at_positions import Plane, grid
from fewsky.cutouts.scene_classes import classes_at, counted_objects
from fewsky.surveys.sdss_objects import read_catalogue, select_objects


def map_catalogue(
    raw: pd.DataFrame, store: str | Path, plane: Plane, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Positions x, y of a grid over a field, `step_px` apart, and `target`, the class there.

    It is "" where the catalogue does not decide. The rule is that of the patches that networks
    learn from (cutouts.scene_classes).
    """
    dataset, survey = settings["dataset"], settings["survey"]
    field, band = plane.row["field"], survey["reference_band"]
    shape = plane.cube.shape[1:]
    places = grid(shape, dataset["size"], settings["step_px"])
    listed = read_catalogue(raw, store, field, survey, plane.wcs, shape, band)
    objects, _ = select_objects(listed, dataset["objects"])
    counted = counted_objects(objects, dataset["scene"], band)
    found = classes_at(places, counted, listed, dataset["scene"], survey["pixel_arcsec"])
    say(f"{field}: {pd.Series(found).value_counts().to_dict()} by {len(counted)} objects")
    return places.assign(target=found)
