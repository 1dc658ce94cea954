"""What a network is given for a number that the catalogue does not have, as an object's scalar.

`mean`: the training mean, which no known value need equal, so that a network may learn to know it
by. `flag`: the same, and a scalar that says whether the number was known. `drawn`: a number like
the known ones of training objects, of the same magnitude where a column is named to match them by,
so that its absence does not show.
"""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import map_coordinates

RANKS = 33  # quantiles of the known values that are kept
PER_BIN, MOST_BINS = 40, 24  # known values that a bin of magnitude wants; bins at most


def with_flags(extra: list[str], missing: str) -> list[str]:
    """The scalars' names, each followed by that of its flag where a recipe wants flags."""
    if missing != "flag":
        return extra
    return [shown for name in extra for shown in (name, f"known({name})")]


def distribution(values: np.ndarray, by: np.ndarray | None) -> dict[str, list] | None:
    """Quantiles of the known values, in bins of `by`; None where none is known.

    `at` holds the median of `by` in each bin, rising, and `values` a row of quantiles for each. One
    bin holds all where `by` is None.
    """
    known = np.isfinite(values) if by is None else np.isfinite(values) & np.isfinite(by)
    if not known.any():
        return None
    values, by = values[known], np.zeros(known.sum()) if by is None else by[known]
    order = np.argsort(by, kind="stable")
    count = int(np.clip(len(order) // PER_BIN, 1, MOST_BINS)) if np.ptp(by) > 0 else 1
    bins = np.array_split(order, count)
    shares = np.linspace(0, 1, RANKS)
    return {
        "at": [float(np.median(by[rows])) for rows in bins],
        "values": [np.quantile(values[rows], shares).tolist() for rows in bins],
    }


def filled(
    values: np.ndarray, catalog: pd.DataFrame, name: str, told: dict[str, Any]
) -> np.ndarray:
    """The values `(n,)`, the unknown ones drawn from a `distribution` that a card keeps.

    `told` has the distribution and `by`, the column of the magnitude or None. An object's draw
    follows from its name, so that it is the same wherever the object stands, in every epoch.
    Between two bins quantiles are interpolated; beyond the last the last counts.
    """
    unknown = ~np.isfinite(values)
    if not unknown.any():
        return values
    luck = np.array([_luck(item, name) for item in catalog["object_id"].to_numpy()[unknown]])
    table, at = np.array(told["values"]), np.array(told["at"])
    place = np.zeros(len(luck))
    if told["by"] is not None and len(at) > 1:
        own = catalog[told["by"]].to_numpy(np.float64)[unknown]
        own = np.where(np.isfinite(own), own, np.median(at))
        place = np.interp(own, at, np.arange(len(at)))
    drawn = map_coordinates(table, [place, luck * (RANKS - 1)], order=1, mode="nearest")
    result = values.copy()
    result[unknown] = drawn
    return result


def _luck(object_id: Any, name: str) -> float:
    """A number from 0 to 1 that an object keeps."""
    digest = hashlib.sha256(f"{name} {object_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
