"""The leak price of a task: its objects split by groups, at random, and at random without copies.

What splits.price does for detections on frames is done here for the objects of any task, whose
groups and copies are those that its own split is made with: fields or tiles of the sky, chains of
neighbours, near-copies of images.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.splits.assign import check_inputs, check_positions, drop_duplicates, find_eligible
from fewsky.splits.grouped import grouped
from fewsky.splits.groups import choose_groups, connected, name_groups
from fewsky.splits.image_copies import find_copies
from fewsky.splits.image_hash import Looks
from fewsky.splits.price import PROTOCOLS, Sky, draw_splits
from fewsky.splits.sphere import close_pairs

ARMS = ("random", "random-once")  # besides the careful split, which keeps groups whole


class Leakage(NamedTuple):
    """Parts and leaks as of splits.price; `objects` (object_id, label, cell, group); `told`."""

    parts: pd.DataFrame
    leaks: pd.DataFrame
    objects: pd.DataFrame
    told: dict[str, Any]


def split_leakage(catalog, looks, task, settings, *, seed):
    """Return the Leakage of a task: its objects split anew in `settings["draws"]` draws.

    In every draw whole groups with a share `test_fraction` of the objects are tested. `settings`
    has besides `magnitudes`, columns of which the first that the catalogue has gives the bins, and
    `bin_mag`. A random split is left out where no two of its objects belong together: it would be
    the grouped one. Raises FewskyError, one line, where fewer than two groups are found.
    """
    sky, group, magnitude = read_objects(catalog, looks, task, settings)
    names = told_apart(sky)
    fraction, unit = settings["test_fraction"], sky.table["unit"].to_numpy()
    parts, leaks = draw_splits(
        sky,
        partial(choose_groups, unit, sky.table["label"], fraction),
        {name: PROTOCOLS[name] for name in names},
        draws=settings["draws"],
        seed=seed,
    )
    objects = sky.table[["object_id", "label", "cell"]].assign(group=group)
    told = {"by": task["split"]["by"], "magnitude": magnitude, **counted(sky), "arms": names}
    return Leakage(parts, leaks, objects, told)


def read_objects(catalog, looks, task, settings):
    """Return the Sky of a task's objects, their groups on the sky (n,), and the magnitude's name.

    The groups are those that intervals resample: of a split by field the tiles of the sky.
    """
    catalog = grouped(catalog.reset_index(drop=True), task, task["label"])
    check_inputs(catalog, looks, task)
    wanted = find_eligible(catalog, task)
    found, every = catalog[wanted].reset_index(drop=True), np.ones(wanted.sum(), bool)
    check_positions(found, task["split"])
    once, copies = copies_of(found, looks and Looks(looks.short[wanted], looks.long[wanted]), task)
    group, unit = (name_groups(found, copies, every, one) for one in (on_the_sky(task), task))
    unit = found["field"].to_numpy(str) if task["split"]["by"] == "field" else unit
    check_groups(unit, task)
    cell, magnitude = cells_of(found, task, settings)
    near = copies if task["split"]["by"] == "hash" else sharing_pixels(found, task)
    table = found[["object_id", "ra", "dec"]].assign(
        label=found[task["label"]], cell=cell, unit=unit, tile=group
    )
    return Sky(table, every, once, ~every, near, copies), group, magnitude


def on_the_sky(task):
    """Return a task as it is, but split by tiles of the sky where it is split by field."""
    split = task["split"]
    return {**task, "split": {**split, "by": "sky" if split["by"] == "field" else split["by"]}}


def copies_of(objects, looks, task):
    """Return which objects, (n,) bool, remain when one of each stays, and the pairs of copies.

    Copies are near-copies of images where a task is split by their hashes, else detections within
    match_arcsec.
    """
    every = np.ones(len(objects), bool)
    if task["split"]["by"] != "hash":
        return drop_duplicates(objects, every, {**task["split"], "duplicates": "drop"})
    pairs, _ = find_copies(looks, every)
    return ~pd.Series(connected(len(objects), pairs)).duplicated().to_numpy(), pairs


def sharing_pixels(objects, task):
    """Return the pairs (m, 2) of objects whose patches may share pixels."""
    place = objects[["ra", "dec"]].to_numpy(float)
    rows = np.flatnonzero(np.isfinite(place).all(axis=1))
    return rows[close_pairs(*place[rows].T, float(np.sqrt(2) * (task["patch_arcsec"] or 0)))]


def cells_of(objects, task, settings):
    """Return class and magnitude bin, (n,), of objects, and the magnitude's column; None if none.

    An object without a known magnitude has a bin of its own kind.
    """
    label = objects[task["label"]].astype(str)
    names = [name for name in settings["magnitudes"] if name in objects]
    if not names:
        return label.to_numpy(), None
    bins = np.floor(objects[names[0]].astype(float) / settings["bin_mag"])
    return (label + " " + bins.astype(str)).to_numpy(), names[0]


def check_groups(unit, task):
    """Raise FewskyError where all objects are of one group."""
    if len(np.unique(unit)) < 2:
        raise FewskyError(
            f"leakage of {task['name']}: wanted at least 2 groups by {task['split']['by']}, so "
            "that one can be tested; found fewer. Take the task out of paper.audit.leakage.probes."
        )


def told_apart(sky):
    """Return the random splits that can differ from the grouped one, and from each other."""
    pools = dict(zip(ARMS, (sky.whole, sky.once), strict=True))
    names = [name for name, pool in pools.items() if belong_together(sky, pool)]
    return [name for name in names if name != "random-once" or not sky.once.all()]


def belong_together(sky, pool):
    """Return whether two objects of a pool, (n,) bool, are of one group or may share pixels."""
    unit = sky.table.loc[pool, "unit"]
    return bool(unit.duplicated().any() or pool[sky.near].all(axis=1).any())


def counted(sky):
    """Return how many objects, copies and groups there are, and the size of the largest group."""
    sizes = sky.table.loc[sky.once, "unit"].value_counts()
    return {
        "objects": len(sky.table),
        "copies": int((~sky.once).sum()),
        "groups": len(sizes),
        "largest_group": int(sizes.max()),
        "in_company": int(sizes[sizes > 1].sum()),
        "pairs_sharing_pixels": len(sky.near),
    }
