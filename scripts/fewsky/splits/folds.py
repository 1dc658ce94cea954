"""Guard bands between parts, and cross-validation folds of whole groups."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from fewsky.console import FewskyError
from fewsky.splits.sphere import close_pairs, within

USED = ("pool", "val", "test")


def guard_parts(manifest, guard_arcsec):
    """Return the parts, (n,), with pool and val objects near test, and pool near val, as guard."""
    part = manifest["part"].to_numpy(dtype=object).copy()
    place = manifest[["ra", "dec"]].to_numpy(float)
    placed = np.isfinite(place).all(axis=1)
    for fixed, yields in (("test", ("val", "pool")), ("val", ("pool",))):
        stays = placed & (part == fixed)
        rows = np.flatnonzero(placed & np.isin(part, yields))
        near = within(*place[rows].T, *place[stays].T, guard_arcsec)
        part[rows[near]] = "guard"
    return part


def assign_folds(manifest, folds, seed):
    """Return the fold, (n,) int, of every usable object by whole groups; -1 elsewhere."""
    fold = np.full(len(manifest), -1)
    used = manifest["part"].isin(USED).to_numpy()
    if folds == 0:
        return fold
    objects = manifest[used]
    if folds < 3 or objects["group"].nunique() < folds:
        raise FewskyError(
            f"split.folds: wanted 3 to {objects['group'].nunique()} folds (the number of groups); "
            f"found {folds}. Change it, or lower split.tile_arcmin."
        )
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    rows = np.flatnonzero(used)
    for k, (_, tested) in enumerate(cut.split(rows, objects["label"], objects["group"])):
        fold[rows[tested]] = k
    return fold


def guard_folds(manifest, guard_arcsec, rng):
    """Return the parts, (n,), with one of every two near objects of different folds as guard.

    Then any two folds are apart, whichever of them is tested. Of a pair a random one stays.
    """
    part = manifest["part"].to_numpy(dtype=object).copy()
    fold, place = manifest["fold"].to_numpy(), manifest[["ra", "dec"]].to_numpy(float)
    rows = np.flatnonzero(np.isfinite(place).all(axis=1) & (fold >= 0))
    pairs = rows[close_pairs(*place[rows].T, guard_arcsec)]
    pairs = pairs[fold[pairs[:, 0]] != fold[pairs[:, 1]]]
    turn = rng.permutation(len(manifest))
    yields = turn[pairs].argmin(axis=1)
    part[pairs[np.arange(len(pairs)), yields]] = "guard"
    return part


def fold_members(manifest, draws, draw, budget, fold):
    """Return the object_ids of a fold's training, validation and test objects, three arrays.

    The budget takes the lowest ranks of the draw outside the fold; "all" takes every one. Raises
    FewskyError where there are fewer.
    """
    folds = manifest.set_index("object_id")["fold"]
    one = draws[draws["draw"] == draw].sort_values("rank")
    left = one[folds[one["object_id"]].to_numpy() != fold]
    size = len(left) if budget == "all" else int(budget)
    if size > len(left):
        raise FewskyError(
            f"draw {draw}, fold {fold}: wanted a budget of {size} labels; found {len(left)} "
            "outside the fold. Lower the budget or add fields."
        )
    seen = left.iloc[:size]
    ids = [seen.loc[seen["role"] == role, "object_id"].to_numpy() for role in ("train", "val")]
    return *ids, folds.index[folds == fold].to_numpy()
