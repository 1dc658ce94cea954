"""What a patch shows by the catalogue: sky, star, galaxy, both, or nothing that can be decided."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from fewsky.cutouts.magnitudes import best_magnitude

SKY = "sky"
CLASSES = ("sky", "star", "galaxy", "both")
UNDECIDED = ""


def counted_objects(objects: pd.DataFrame, scene: Mapping[str, Any], band: str) -> pd.DataFrame:
    """Stars and galaxies that decide what a patch shows, with their `magnitude` in a band.

    It is the PSF's for stars and the model's for galaxies; those fainter than `faintest_mag` do not
    count, those whose magnitude is not known do.
    """
    found = objects.assign(magnitude=best_magnitude(objects, band))
    found = found[found["label"].isin(("star", "galaxy"))]
    return found if scene["faintest_mag"] is None else brighter(found, scene["faintest_mag"])


def brighter(objects: pd.DataFrame, faintest: float) -> pd.DataFrame:
    """The objects that are not known to be fainter than a magnitude."""
    return objects[~(objects["magnitude"].to_numpy(float) > faintest)]


def classes_at(
    places: pd.DataFrame,
    counted: pd.DataFrame,
    listed: pd.DataFrame,
    scene: Mapping[str, Any],
    pixel_arcsec: float,
) -> np.ndarray:
    """What patches about positions x, y (pixels) show, `(n,)` of CLASSES or "".

    star, galaxy: counted objects of that class have their centre within `within_px` of the patch's
    in x and in y; both: of either class. sky: of all that is `listed` nothing lies within
    `distance_arcsec`. Else it is not decided: an object stands at the rim, or is too faint.
    """
    xy = places[["x", "y"]].to_numpy(float)
    inside = {
        name: _nearest(xy, counted[counted["label"] == name], np.inf) <= scene["within_px"]
        for name in ("star", "galaxy")
    }
    empty = _nearest(xy, listed, 2) * pixel_arcsec > scene["distance_arcsec"]
    both = inside["star"] & inside["galaxy"]
    return np.select(
        [both, inside["star"], inside["galaxy"], empty],
        np.array(["both", "star", "galaxy", SKY], dtype=object),
        UNDECIDED,
    )


def _nearest(xy: np.ndarray, objects: pd.DataFrame, norm: float) -> np.ndarray:
    """Distance in pixels from positions to the nearest of some objects, infinite without any."""
    known = objects[["x", "y"]].to_numpy(float)
    if len(known) == 0 or len(xy) == 0:
        return np.full(len(xy), np.inf)
    return cKDTree(known).query(xy, p=norm)[0]


def true_classes(
    catalog: pd.DataFrame, truth: pd.DataFrame, scene: Mapping[str, Any], pixel_arcsec: float
) -> pd.DataFrame:
    """What patches truly show on a simulated sky: object_id and true_class.

    The rule is that of the catalogue with the simulator's objects (field, x, y, true_class, mag_r)
    down to `faintest_mag` in its place; what is fainter counts for nothing.
    """
    known = truth[["field", "x", "y", "true_class", "mag_r"]]
    known = known.set_axis(["field", "x", "y", "label", "magnitude"], axis=1)
    if scene["faintest_mag"] is not None:
        known = brighter(known, scene["faintest_mag"])
    parts = [catalog[:0].assign(true_class="")]
    for field, rows in catalog.groupby("field"):
        own = known[known["field"] == field]
        parts.append(rows.assign(true_class=classes_at(rows, own, own, scene, pixel_arcsec)))
    return pd.concat(parts)[["object_id", "true_class"]].reset_index(drop=True)
