"""Guard bands between parts, and cross-validation folds of whole groups."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from fewsky.console import FewskyError
from fewsky.splits.draws import members, ranking, take
from fewsky.splits.sphere import close_pairs, within

USED = ("pool", "val", "test", "unlabelled")
RANKED = ("pool", "val")
# Who stays and who yields where two parts are near: the tested stay, then those that validate,
# then the labels, which are dearer than what has none.
YIELDS = (
    ("test", ("val", "pool", "unlabelled")),
    ("val", ("pool", "unlabelled")),
    ("pool", ("unlabelled",)),
)


def guard_parts(manifest, guard_arcsec):
    """Return the parts, (n,), with what is near another part as guard, by the order of YIELDS.

    Unlabelled objects are kept from labels too: a student that learns from them is then judged on
    validation objects that it has not seen, and their own hidden labels on no near copy of a label.
    """
    part = manifest["part"].to_numpy(dtype=object).copy()
    place = manifest[["ra", "dec"]].to_numpy(float)
    placed = np.isfinite(place).all(axis=1)
    for fixed, yields in YIELDS:
        stays = placed & (part == fixed)
        rows = np.flatnonzero(placed & np.isin(part, yields))
        near = within(*place[rows].T, *place[stays].T, guard_arcsec)
        part[rows[near]] = "guard"
    return part


def assign_folds(manifest, folds, seed):
    """Return the fold, (n,) int, of every usable object by whole groups; -1 elsewhere.

    Folds have equal shares of the classes, in what is labelled and in what is not.
    """
    fold = np.full(len(manifest), -1)
    used = manifest["part"].isin(USED).to_numpy()
    if folds == 0:
        return fold
    objects = manifest[used]
    if folds < 3 or objects["group"].nunique() < folds:
        raise FewskyError(
            f"split.folds: wanted 3 to {objects['group'].nunique()} folds (the number of groups); "
            f"found {folds}. Change it, or make the groups smaller (tile_arcmin, link_arcsec)."
        )
    check_classes(objects, folds)
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    rows = np.flatnonzero(used)
    kind = objects["label"] + np.where(objects["part"] == "unlabelled", "/unlabelled", "")
    for k, (_, tested) in enumerate(cut.split(rows, kind, objects["group"])):
        fold[rows[tested]] = k
    return fold


def check_classes(objects, folds):
    """Raise FewskyError where a class has fewer groups than folds: some would not test it."""
    groups = objects.groupby("label")["group"].nunique()
    scarce = groups.idxmin()
    if groups[scarce] < folds:
        raise FewskyError(
            f"split.folds: wanted at least {folds} groups of every class, one a fold; found "
            f"{groups[scarce]} of {scarce} ({(objects['label'] == scarce).sum()} objects). Lower "
            "folds, or take the class out of the task."
        )


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

    The budget takes the lowest ranks of the draw outside the fold; "all" takes every one. All of
    the fold is tested, labelled or not. Raises FewskyError where there are fewer.
    """
    fold_of = manifest.set_index("object_id")["fold"]
    where = f"draw {draw}, outside the fold {fold}"
    seen = take(ranked_outside(manifest, draws, draw, fold), budget, where)
    return *seen, fold_of.index[fold_of == fold].to_numpy()


def ranked_outside(manifest, draws, draw, fold):
    """Return the rows of a draw by rank that a run may learn from; fold -1 stands for no folds."""
    one = ranking(draws, draw)
    if fold < 0:
        return one
    known = manifest.set_index("object_id").loc[one["object_id"]]
    return one[((known["fold"] != fold) & known["part"].isin(RANKED)).to_numpy()]


def run_members(manifest, draws, draw, budget, fold):
    """Return what `fold_members` does; with fold -1, `draws.members` and the test part.

    Trainer and opponents both count their labels here.
    """
    if fold >= 0:
        return fold_members(manifest, draws, draw, budget, fold)
    tested = manifest.loc[manifest["part"] == "test", "object_id"].to_numpy()
    return *members(draws, draw, budget), tested
