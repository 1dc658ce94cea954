"""Who is in which part: duplicates, groups, parts, guard bands, folds."""

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.splits.audit import audit_split, enforce
from fewsky.splits.draws import make_draws
from fewsky.splits.folds import assign_folds, guard_folds, guard_parts
from fewsky.splits.groups import choose_groups, connected
from fewsky.splits.image_hash import near_pairs
from fewsky.splits.sphere import close_pairs, sky_tiles

NEAR_COPY_BITS = 4


def make_split(catalog, images_hash, task, *, seed):
    """Return the manifest, the draws and the audit of a task, as PROTOCOL.md wants them.

    `catalog` has one row a detection, `images_hash` one 64-bit hash a row (only split by hash needs
    it), `task` is its config block with `patch_arcsec`, the side of a patch. Distances are arcsec.
    Raises FewskyError, one line, where the split cannot be made or, with audit enforce, leaks.
    """
    split = task["split"]
    catalog = catalog.reset_index(drop=True)
    check_inputs(catalog, images_hash, task)
    manifest = catalog[["object_id", "ra", "dec"]].assign(label=catalog[task["label"]])
    eligible = find_eligible(catalog, task)
    check_positions(manifest[eligible], split)
    kept, twins = drop_duplicates(catalog, eligible, split)
    manifest["group"] = name_groups(catalog, images_hash, eligible, split)
    guard = guard_distance(task)
    manifest["part"] = assign_parts(catalog, manifest, kept, split, np.random.default_rng(seed))
    manifest.loc[eligible & ~kept, "part"] = "duplicate"
    manifest["part"] = guard_parts(manifest, guard)
    manifest["fold"] = assign_folds(manifest, split["folds"], seed)
    manifest["part"] = guard_folds(manifest, guard, np.random.default_rng([seed, 2]))
    manifest.loc[manifest["part"] == "guard", "fold"] = -1
    check_parts(manifest, task)
    manifest = manifest[["object_id", "ra", "dec", "group", "label", "part", "fold"]]
    draws = make_draws(
        manifest, draws=split["draws"], balance=split["balance"], guard_arcsec=guard, seed=seed
    )
    audit = audit_split(
        manifest,
        draws,
        twins,
        patch_arcsec=task["patch_arcsec"],
        match_arcsec=split["match_arcsec"],
        copies=near_copies(images_hash, manifest, split),
        rng=np.random.default_rng([seed, 1]),
    )
    return manifest, draws, enforce(audit, split["audit"], guard)


def check_inputs(catalog, images_hash, task):
    """Raise FewskyError where the catalogue lacks a column, repeats an id or lacks its hashes."""
    needed = ["object_id", "ra", "dec", task["label"], *task["keep"]]
    needed += ["field"] if task["split"]["by"] == "field" else []
    missing = sorted(set(needed) - set(catalog.columns))
    if missing:
        raise FewskyError(
            f"split: wanted the catalogue columns {', '.join(missing)}; found none of that name. "
            "Mend label, keep or the dataset."
        )
    twice = catalog.loc[catalog["object_id"].duplicated(), "object_id"]
    if len(twice):
        raise FewskyError(
            f"split: wanted each object_id once; found {twice.iloc[0]} again, {len(twice)} repeats "
            "in all. Labels are joined by key or not at all: mend the catalogue."
        )
    if task["split"]["by"] == "hash" and (images_hash is None or len(images_hash) != len(catalog)):
        found = "none" if images_hash is None else len(images_hash)
        raise FewskyError(
            f"split by hash: wanted {len(catalog)} image hashes, one a row; found {found}. "
            "Make the cutouts again."
        )


def find_eligible(catalog, task):
    """Return which rows, (n,) bool, have a wanted class, field and range, and a whole patch."""
    keep, split = dict(task["keep"]), task["split"]
    if "complete" in catalog:
        keep.setdefault("complete", [1, 1])
    eligible = catalog[task["label"]].isin(task["classes"]).to_numpy(copy=True)
    for column, (low, high) in keep.items():
        eligible &= catalog[column].astype(float).between(low, high).to_numpy()
    if split["by"] == "field":
        named = [field for part in ("train", "val", "test") for field in split[part]]
        eligible &= catalog["field"].isin(named).to_numpy()
        check_fields(catalog.loc[eligible, "field"], named)
    return eligible


def check_fields(found, named):
    """Raise FewskyError where a field is named twice or holds no object that can be used."""
    again = pd.Series(named)[pd.Series(named).duplicated()]
    if len(again):
        raise FewskyError(
            f"split: wanted each field in one part; found {again.iloc[0]} twice. Take one out."
        )
    empty = sorted(set(named) - set(found))
    if empty:
        raise FewskyError(
            f"split: wanted labelled objects with whole patches in field {empty[0]}; found none. "
            "Mend the field's name, its catalogue, or keep."
        )


def check_positions(objects, split):
    """Raise FewskyError where a split by field or sky lacks a position."""
    lost = int((~np.isfinite(objects["ra"]) | ~np.isfinite(objects["dec"])).sum())
    if lost and split["by"] in ("field", "sky"):
        raise FewskyError(
            f"split by {split['by']}: wanted a position for every object; found {lost} of "
            f"{len(objects)} without. Split by hash, or give ra and dec."
        )


def drop_duplicates(catalog, eligible, split):
    """Return the rows kept, (n,) bool, and the pairs of eligible twins, (m, 2) row numbers.

    Detections within match_arcsec are one object; its primary detection is kept, else the one
    farthest from the edge of its field. With duplicates keep all rows are kept.
    """
    rows = np.flatnonzero(eligible & np.isfinite(catalog["ra"]) & np.isfinite(catalog["dec"]))
    place = catalog.loc[rows, ["ra", "dec"]].to_numpy()
    pairs = close_pairs(place[:, 0], place[:, 1], split["match_arcsec"])
    kept = eligible.copy()
    if split["duplicates"] == "drop":
        best = catalog.reindex(columns=["primary", "edge_px", "object_id"]).loc[rows]
        best = best.assign(thing=connected(len(rows), pairs)).sort_values(
            ["primary", "edge_px", "object_id"], ascending=[False, False, True], kind="stable"
        )
        kept[best.index[best["thing"].duplicated()]] = False
    return kept, rows[pairs]


def name_groups(catalog, images_hash, eligible, split):
    """Return the name, (n,), of each row's group: objects of one group never part."""
    if split["by"] == "random":
        return catalog["object_id"].to_numpy()
    if split["by"] == "hash":
        pairs = near_pairs(np.asarray(images_hash, np.uint64), NEAR_COPY_BITS)
        pairs = pairs[eligible[pairs].all(axis=1)]
        return np.array([f"h{k}" for k in connected(len(catalog), pairs)], dtype=object)
    placed = np.isfinite(catalog["ra"]) & np.isfinite(catalog["dec"])
    tiles = np.full(len(catalog), "", dtype=object)
    found = catalog[placed]
    tiles[placed] = sky_tiles(found["ra"], found["dec"], split["tile_arcmin"])
    if split["by"] == "field":
        return (catalog["field"].astype(str) + "/" + tiles).to_numpy()
    return tiles


def assign_parts(catalog, manifest, kept, split, rng):
    """Return the part, (n,), of each row before guard bands: pool, val, test or excluded."""
    part = np.full(len(catalog), "excluded", dtype=object)
    if split["by"] == "field":
        for name, listed in (("pool", "train"), ("val", "val"), ("test", "test")):
            part[kept & catalog["field"].isin(split[listed]).to_numpy()] = name
        return part
    objects = manifest[kept]
    if objects["group"].nunique() < 2:
        raise FewskyError(
            f"split by {split['by']}: wanted at least 2 groups of objects; found "
            f"{objects['group'].nunique()} ({len(objects)} objects). Lower split.tile_arcmin or "
            "add fields."
        )
    tested = choose_groups(objects["group"], objects["label"], split["test_fraction"], rng)
    part[np.flatnonzero(kept)] = np.where(tested, "test", "pool")
    return part


def guard_distance(task):
    """Return the guard band in arcsec: the one asked for, else the diagonal of a patch.

    A random split has none: it is there to show what it leaks. Raises FewskyError where audit
    enforce is asked with a guard band in which patches could share pixels.
    """
    split, diagonal = task["split"], np.sqrt(2) * (task["patch_arcsec"] or 0)
    if split["guard_arcsec"] is None:
        return 0.0 if split["by"] == "random" else diagonal
    if split["guard_arcsec"] < diagonal and split["audit"] == "enforce":
        raise FewskyError(
            f"split.guard_arcsec: wanted at least the patch's diagonal, {diagonal:.2f} arcsec; "
            f"found {split['guard_arcsec']}. Raise it, leave it out, or say audit: report."
        )
    return float(split["guard_arcsec"])


def check_parts(manifest, task):
    """Raise FewskyError where the pool or the test part lacks a class."""
    parts = ["pool", "test", *(["val"] if task["split"]["val"] else [])]
    for part in parts:
        found = set(manifest.loc[manifest["part"] == part, "label"])
        missing = [name for name in task["classes"] if name not in found]
        if missing:
            raise FewskyError(
                f"split: wanted every class in the {part} part; found no {missing[0]} there after "
                "duplicates and guard bands. Add fields, or lower tile_arcmin or guard_arcsec."
            )


def near_copies(images_hash, manifest, split):
    """Return the near-copies by image hash, (m, 2) row numbers; None where positions tell."""
    if split["by"] != "hash":
        return None
    pairs = near_pairs(np.asarray(images_hash, np.uint64), NEAR_COPY_BITS)
    used = (manifest["part"] != "excluded").to_numpy()
    return pairs[used[pairs].all(axis=1)]
