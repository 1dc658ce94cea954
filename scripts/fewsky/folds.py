"""Guard bands between parts, and cross-validation folds of whole groups."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from fewsky.console import FewskyError
from fewsky.sphere import within

USED = ("pool", "val", "test", "guard")


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


def fold_roles(manifest, fold, guard_arcsec):
    """Return each row's role, (n,), in one fold: train, val, test, guard or unused.

    The fold itself is tested, the next one validates, the others train; objects nearer than
    `guard_arcsec` to a tested one, or training ones near a validating one, are left out.
    """
    folds = manifest["fold"].max() + 1
    parts = np.full(len(manifest), "pool", dtype=object)
    parts[manifest["fold"] == -1] = "unused"
    parts[manifest["fold"] == (fold + 1) % folds] = "val"
    parts[manifest["fold"] == fold] = "test"
    roles = guard_parts(manifest.assign(part=parts), guard_arcsec)
    return np.where(roles == "pool", "train", roles)
