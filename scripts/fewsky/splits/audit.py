"""What stands on two sides of a split, measured from positions and hashes and not from groups."""

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.splits.sphere import close_pairs, nearest
from fewsky.splits.twins import twin_agreement

RANDOM_SPLITS = 20
SEEN, TESTED = 1, 2
SIDES = {"pool": SEEN, "val": SEEN, "unlabelled": SEEN, "test": TESTED}
HALVES = {"pool": SEEN, "val": SEEN, "unlabelled": TESTED}
WATERMARK = "measured, not enforced: not for headline tables"


def audit_split(manifest, draws, twins, *, patch_arcsec, match_arcsec, copies, rng):
    """Return the audit of a split as a JSON-ready dict; its `problems` are empty for a clean one.

    Two square patches of side `patch_arcsec` may share pixels where their centres are nearer than
    the diagonal; a near-copy is a detection within `match_arcsec` or, where `copies` gives (m, 2)
    row numbers, an image with nearly the same hash. What is seen (pool, val, unlabelled) stands on
    one side, test on the other; within a draw, training and validation do; and labels stand apart
    from unlabelled objects, whose hidden labels tell how good pseudo-labels are.
    """
    pairs = measure_pairs(manifest, patch_arcsec, match_arcsec, copies)
    side = sides_of(manifest, SIDES)
    used = manifest["part"].isin(SIDES)
    placed = np.isfinite(manifest.loc[used, ["ra", "dec"]].to_numpy(float)).all()
    n_classes = manifest.loc[used, "label"].nunique()
    audit = {
        "sky": "auditable" if placed and copies is None else "not auditable",
        "counts": count_parts(manifest, "label"),
        "groups": manifest.groupby("part")["group"].nunique().to_dict(),
        "min_separation_arcsec": separate_parts(manifest),
        "repeated_ids": repeated_ids(manifest, side),
        **across(manifest, pairs, side),
        "duplicates_removed": int((manifest["part"] == "duplicate").sum()),
        "unlabelled": across(manifest, pairs, sides_of(manifest, HALVES)),
        "draws": audit_draws(manifest, draws, pairs),
        "folds": audit_folds(manifest, pairs),
        "random_split_leak": random_split_leak(manifest, pairs, rng),
        **twin_agreement(manifest["label"].to_numpy(), twins, n_classes),
    }
    return {**audit, "problems": list_problems(audit)}


def enforce(audit, mode, guard_arcsec):
    """Return the audit with its verdict; with mode enforce a problem raises FewskyError."""
    problems = audit["problems"]
    if problems and mode == "enforce":
        raise FewskyError(
            f"split: wanted nothing on two sides; found {'; '.join(problems)}. Raise guard_arcsec, "
            "mend the groups, or say audit: report for a named legacy protocol."
        )
    verdict = "clean" if not problems else "leaks: " + "; ".join(problems)
    mark = {"watermark": WATERMARK} if mode == "report" else {}
    return {**audit, **mark, "mode": mode, "guard_arcsec": float(guard_arcsec), "verdict": verdict}


def measure_pairs(manifest, patch_arcsec, match_arcsec, copies):
    """Return the row pairs (m, 2) that are near-copies (`copy`) and that may share `pixels`."""
    place = manifest[["ra", "dec"]].to_numpy(float)
    rows = np.flatnonzero(np.isfinite(place).all(axis=1) & (manifest["part"] != "excluded"))
    reach = {"copy": match_arcsec, "pixels": np.sqrt(2) * (patch_arcsec or 0)}
    pairs = {name: rows[close_pairs(*place[rows].T, arcsec)] for name, arcsec in reach.items()}
    return pairs if copies is None else {**pairs, "copy": copies}


def sides_of(manifest, sides):
    """Return the side, (n,), of each object by its part; 0 for a part that is not named."""
    return manifest["part"].map(sides).fillna(0).to_numpy(int)


def across(manifest, pairs, side):
    """Return what stands on both of two sides: the number of each kind."""
    return {
        "groups_on_two_sides": shared_groups(manifest["group"], side),
        "pairs_near_copy": crossing(pairs["copy"], side)[0],
        "pairs_sharing_pixels": crossing(pairs["pixels"], side)[0],
    }


def crossing(pairs, side):
    """Return how many pairs join the two sides, and the rows of the tested ends, each once."""
    ends = side[pairs]
    across = pairs[(ends.prod(axis=1) == SEEN * TESTED)]
    return len(across), np.unique(across[side[across] == TESTED])


def repeated_ids(manifest, side):
    """Return how many object_ids stand on both sides."""
    ids = manifest["object_id"].to_numpy()
    return len(set(ids[side == SEEN]) & set(ids[side == TESTED]))


def shared_groups(group, side):
    """Return how many groups have members on both sides."""
    group = np.asarray(group)
    return len(set(group[side == SEEN]) & set(group[side == TESTED]))


def count_parts(manifest, column):
    """Return the numbers of objects by part and class."""
    table = manifest.groupby(["part", column]).size()
    return {part: table[part].to_dict() for part in table.index.unique("part")}


def separate_parts(manifest):
    """Return the smallest separation in arcsec between the objects of any two parts in use."""
    parts = [part for part in SIDES if (manifest["part"] == part).any()]
    couples = [(a, b) for k, a in enumerate(parts) for b in parts[k + 1 :]]
    place = {part: positions(manifest[manifest["part"] == part]) for part in parts}
    return {f"{a}-{b}": smallest(place[a], place[b]) for a, b in couples}


def positions(objects):
    """Return the known positions, (n, 2), in degrees."""
    place = objects[["ra", "dec"]].to_numpy(float)
    return place[np.isfinite(place).all(axis=1)]


def smallest(one, other):
    """Return the smallest separation in arcsec of two sets of positions; None if one is empty."""
    apart = nearest(*one.T, *other.T)[0]
    return float(apart.min()) if len(one) and len(other) else None


def audit_draws(manifest, draws, pairs):
    """Return what stands on two sides within the draws: the worst draw's number of each kind."""
    worst = {"groups_on_two_sides": 0, "pairs_near_copy": 0, "pairs_sharing_pixels": 0}
    apart = []
    for _, one in draws.groupby("draw"):
        role = manifest["object_id"].map(one.set_index("object_id")["role"])
        side = role.map({"train": SEEN, "val": TESTED}).fillna(0).to_numpy(int)
        found = across(manifest, pairs, side)
        worst = {key: max(worst[key], found[key]) for key in worst}
        sides = [positions(manifest[side == k]) for k in (SEEN, TESTED)]
        apart.append(smallest(*sides))
    known = [value for value in apart if value is not None]
    return {**worst, "min_separation_arcsec": min(known) if known else None}


def audit_folds(manifest, pairs):
    """Return what stands in two folds: the number of each kind."""
    fold = manifest["fold"].to_numpy()
    folded = manifest[fold >= 0]
    found = {"groups_on_two_sides": int((folded.groupby("group")["fold"].nunique() > 1).sum())}
    for key, name in (("pairs_near_copy", "copy"), ("pairs_sharing_pixels", "pixels")):
        ends = fold[pairs[name]]
        found[key] = int(((ends >= 0).all(axis=1) & (ends[:, 0] != ends[:, 1])).sum())
    return found


def random_split_leak(manifest, pairs, rng):
    """Return what random splits of the same sizes would leak, averaged over 20 of them.

    All usable detections take part, duplicates too, as they do where nobody looks. Without a test
    part a fold of mean size is tested.
    """
    rows = np.flatnonzero(manifest["part"] != "excluded")
    side = sides_of(manifest, SIDES)
    n_test, n_seen = int((side == TESTED).sum()), int((side == SEEN).sum())
    if n_test == 0:
        n_test = n_seen // max(int(manifest["fold"].max()) + 1, 1)
        n_seen -= n_test
    found = []
    for _ in range(RANDOM_SPLITS):
        order = rng.permutation(rows)
        side = np.zeros(len(manifest), int)
        side[order[:n_test]], side[order[n_test : n_test + n_seen]] = TESTED, SEEN
        found.append(leak_of(pairs, side, n_test))
    return {"splits": RANDOM_SPLITS, **pd.DataFrame(found).mean().to_dict()}


def leak_of(pairs, side, n_test):
    """Return the pairs across one split and the shares of test objects that they touch."""
    copies, copied = crossing(pairs["copy"], side)
    shared, touched = crossing(pairs["pixels"], side)
    either = np.union1d(copied, touched)
    return {
        "pairs_near_copy": copies,
        "pairs_sharing_pixels": shared,
        "test_share_near_copy": len(copied) / max(n_test, 1),
        "test_share_leaked": len(either) / max(n_test, 1),
    }


def list_problems(audit):
    """Return in words what stands on two sides; an empty list for a clean split."""
    kinds = {
        "repeated_ids": "{} object_ids in two parts",
        "groups_on_two_sides": "{} groups on two sides",
        "pairs_near_copy": "{} pairs of near-copies on two sides",
        "pairs_sharing_pixels": "{} pairs that may share pixels on two sides",
    }
    problems = []
    places = {"parts": audit, "a draw": audit["draws"], "folds": audit["folds"]}
    places["labelled and unlabelled"] = audit["unlabelled"]
    for place, found in places.items():
        for key, words in kinds.items():
            if found.get(key, 0):
                problems.append(f"{words.format(found[key])} of {place}")
    return problems
