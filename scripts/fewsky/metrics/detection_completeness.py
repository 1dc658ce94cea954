"""Detections held against a catalogue by their places on the sky: which are found, by magnitude."""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import binomtest

from fewsky.console import FewskyError
from fewsky.metrics.detection_tables import check_columns
from fewsky.splits.sphere import chord, unit_vectors

COLUMNS = ["low", "high", "n", "found", "completeness", "lower", "upper", "chance"]
SHIFT = 5  # radii, of the catalogue that tells what chance finds


def counterparts(found, catalogue, radius_arcsec):
    """Return the row of the detection of each catalogue object, (n,) int; -1 where there is none.

    Both tables have ra and dec in degrees, a detection's those of its box's centre.
    `radius_arcsec` is one number or one an object, (n,). The closest pair is taken first; each
    detection is the counterpart of one object at most.
    """
    check_columns(found, ["ra", "dec"], "detections", "Give them their places on the sky.")
    check_columns(catalogue, ["ra", "dec"], "catalogue", "Give it its places on the sky.")
    taken = np.full(len(catalogue), -1)
    if len(found) == 0 or len(catalogue) == 0:
        return taken
    radius = np.broadcast_to(chord(radius_arcsec), len(catalogue))
    tree = cKDTree(unit_vectors(found["ra"], found["dec"]))
    places = unit_vectors(catalogue["ra"], catalogue["dec"])
    near = tree.query_ball_point(places, radius)
    objects = np.repeat(np.arange(len(near)), [len(some) for some in near])
    seen = np.array([k for some in near for k in some], int)
    apart = np.linalg.norm(tree.data[seen] - places[objects], axis=1)
    free = np.ones(len(found), bool)
    for k in np.lexsort((seen, objects, apart)):
        if free[seen[k]] and taken[objects[k]] < 0:
            taken[objects[k]], free[seen[k]] = seen[k], False
    return taken


def completeness(found, catalogue, radius_arcsec, edges):
    """Return the share of catalogue objects found in each bin of magnitude, lower edge included.

    `catalogue` has ra, dec (degrees) and magnitude; `edges` (bins + 1,) are in magnitudes. Columns:
    low, high, n, found, completeness, lower, upper, chance. The interval is Wilson's 95 %, which
    takes the objects of a frame as independent. `chance` is the share found after the catalogue is
    moved by 5 radii, the mean over four directions. Raises FewskyError where edges do not rise.
    """
    edges = np.asarray(edges, float)
    if len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise FewskyError(
            f"completeness: wanted two or more rising edges in magnitudes; found {edges.tolist()}. "
            "Mend them."
        )
    check_columns(catalogue, ["magnitude"], "catalogue", "Name its column of magnitudes.")
    hit = counterparts(found, catalogue, radius_arcsec) >= 0
    again = [
        counterparts(found, one, radius_arcsec) >= 0 for one in moved(catalogue, radius_arcsec)
    ]
    by_chance = np.mean(again, axis=0)
    magnitude = catalogue["magnitude"].to_numpy(float)
    rows = []
    for low, high in pairwise(edges):
        mine = (magnitude >= low) & (magnitude < high)
        chance = by_chance[mine].mean() if mine.any() else np.nan
        rows.append({"low": low, "high": high, **share(hit[mine]), "chance": chance})
    return pd.DataFrame(rows)[COLUMNS]


def moved(catalogue, radius_arcsec):
    """Yield the catalogue moved by SHIFT radii (the largest) to the north, south, east and west."""
    step = SHIFT * np.max(radius_arcsec) / 3600 if len(catalogue) else 0.0
    wide = np.cos(np.radians(catalogue["dec"].to_numpy(float)))
    for east, north in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        ra, dec = catalogue["ra"] + east * step / wide, catalogue["dec"] + north * step
        yield catalogue.assign(ra=ra, dec=dec)


def purity(found, catalogue, radius_arcsec):
    """Return the share of detections with a counterpart in a catalogue, a dict as of `share`.

    What is not in the catalogue counts as wrong, so it must be deeper than the detections.
    """
    taken = counterparts(found, catalogue, radius_arcsec)
    told = share(np.isin(np.arange(len(found)), taken))
    return {"purity" if key == "completeness" else key: value for key, value in told.items()}


def share(hit):
    """Return n, found, completeness, and Wilson's interval, of (n,) bool; NaN where n is 0."""
    n, k = len(hit), int(hit.sum())
    if n == 0:
        return {"n": 0, "found": 0, "completeness": np.nan, "lower": np.nan, "upper": np.nan}
    told = binomtest(k, n).proportion_ci(method="wilson")
    ends = {"lower": told.low, "upper": told.high}
    return {"n": n, "found": k, "completeness": k / n, **ends}
