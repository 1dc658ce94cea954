"""Patches of one part that share too many pixels, as those of neighbouring fields may."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import say
from fewsky.overlap import greedy, most_shared
from fewsky.splits.sphere import close_pairs, separations


def thin_parts(catalog: pd.DataFrame, part: np.ndarray, task: Mapping[str, Any]) -> np.ndarray:
    """The parts `(n,)` with `overlap` for patches that share too much with one of the same part.

    `overlap` of the task is the largest fraction; a task without it keeps all. Within a field the
    cutouts room has seen to it (cutouts.scenes); between fields the fraction is the largest that
    two patches at that distance can share. Of two the first row stays.
    """
    if task.get("overlap") is None:
        return part
    part, side = np.asarray(part, dtype=object).copy(), task["patch_arcsec"]
    used = np.flatnonzero(~np.isin(part, ["excluded", "duplicate", "guard"]))
    ra, dec = (catalog[name].to_numpy(float)[used] for name in ("ra", "dec"))
    pairs = close_pairs(ra, dec, np.sqrt(2) * side)
    field, own = catalog["field"].to_numpy()[used], part[used]
    first, second = pairs.T
    apart = separations(ra[first], dec[first], ra[second], dec[second])
    both = (own[first] == own[second]) & (field[first] != field[second])
    kept = greedy(len(used), pairs[both & (most_shared(apart, side) > task["overlap"])])
    say(
        f"split: {(~kept).sum()} patches share more than {task['overlap']:g} with one of their part"
    )
    part[used[~kept]] = "overlap"
    return part
