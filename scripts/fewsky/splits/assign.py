"""Who is in which part: duplicates, groups, parts, guard bands, folds."""

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.splits.audit import audit_split, enforce
from fewsky.splits.draws import make_draws
from fewsky.splits.folds import assign_folds, guard_folds, guard_parts
from fewsky.splits.grouped import grouped
from fewsky.splits.groups import (
    choose_groups,
    connected,
    counted,
    name_groups,
    parts_by_count,
)
from fewsky.splits.image_copies import find_copies
from fewsky.splits.labels import as_one_class
from fewsky.splits.overlap import thin_parts
from fewsky.splits.sphere import close_pairs


def make_split(catalog, looks, task, *, seed):
    """Return the manifest, the draws and the audit of a task, as PROTOCOL.md wants them.

    `catalog` has one row a detection, `looks` the hashes of one image a row (image_hash.Looks; only
    split by hash needs them), `task` is its config block with `patch_arcsec`, the side of a patch.
    Distances are arcsec. The label of part `unlabelled` is the hidden truth: no trainer reads it
    (models.samples). Raises FewskyError, one line, where the split cannot be made or, with audit
    enforce, leaks.
    """
    split = task["split"]
    catalog = grouped(catalog.reset_index(drop=True), task, task["label"])
    catalog, task = as_one_class(catalog, task)
    check_inputs(catalog, looks, task)
    manifest = catalog[["object_id", "ra", "dec"]].assign(label=catalog[task["label"]])
    eligible = find_eligible(catalog, task)
    check_positions(manifest[eligible], split)
    kept, twins = drop_duplicates(catalog, eligible, split)
    tell_twins(manifest, twins, split["duplicates"])
    copies, compared = find_copies(looks, eligible) if split["by"] == "hash" else (None, 0)
    manifest["group"] = name_groups(catalog, copies, eligible, task)
    guard = guard_distance(task)
    manifest["part"] = assign_parts(catalog, manifest, kept, split, np.random.default_rng(seed))
    manifest.loc[eligible & ~kept, "part"] = "duplicate"
    manifest["part"] = thin_parts(catalog, manifest["part"], task)
    manifest["part"] = guard_parts(manifest, guard)
    manifest["fold"] = assign_folds(manifest, split["folds"], seed)
    manifest["part"] = guard_folds(manifest, guard, np.random.default_rng([seed, 2]))
    manifest.loc[manifest["part"] == "guard", "fold"] = -1
    check_parts(manifest, task)
    manifest = manifest[["object_id", "ra", "dec", "group", "label", "part", "fold"]]
    draws = make_draws(
        manifest,
        draws=split["draws"],
        balance=split["balance"],
        guard_arcsec=guard,
        seed=seed,
        order=split.get("order", "objects"),
    )
    audit = audit_split(
        manifest,
        draws,
        twins,
        patch_arcsec=task["patch_arcsec"],
        match_arcsec=split["match_arcsec"],
        copies=copies,
        rng=np.random.default_rng([seed, 1]),
    )
    if copies is not None:
        audit["image_copies"] = {"compared": compared, "confirmed": len(copies)}
        say("split by hash: sky: not auditable; near-copies are told by their images")
    return manifest, draws, enforce(audit, split["audit"], guard)


def check_inputs(catalog, looks, task):
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
    if task["split"]["by"] == "hash" and (looks is None or len(looks) != len(catalog)):
        found = "none" if looks is None else len(looks)
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
            "Mend the field's name, its catalogue, keep or keep_out."
        )


def check_positions(objects, split):
    """Raise FewskyError where a split by field, sky or radius lacks a position."""
    lost = int((~np.isfinite(objects["ra"]) | ~np.isfinite(objects["dec"])).sum())
    if lost and split["by"] in ("field", "sky", "radius"):
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


def tell_twins(manifest, twins, duplicates):
    """Say in one line how many objects at one position have different labels, and what is done."""
    label, name = manifest["label"].to_numpy(), manifest["object_id"].to_numpy()
    differ = twins[label[twins[:, 0]] != label[twins[:, 1]]]
    if len(differ):
        first = " and ".join(f"{name[row]} ({label[row]})" for row in differ[0])
        done = "one of each is kept" if duplicates == "drop" else "all are kept"
        say(
            f"split: {len(differ)} pairs at one position have different labels, first {first}; "
            f"{done} (duplicates: {duplicates})"
        )


def assign_parts(catalog, manifest, kept, split, rng):
    """Return the part, (n,), of each row before guard bands.

    Parts are pool, val, test, unlabelled (a share of the pool) and excluded.
    """
    if split["by"] == "field":
        part = np.full(len(catalog), "excluded", dtype=object)
        for name, listed in (("pool", "train"), ("val", "val"), ("test", "test")):
            part[kept & catalog["field"].isin(split[listed]).to_numpy()] = name
    elif counted(split):
        part = parts_by_count(manifest["label"].to_numpy(), kept, counted(split), rng)
    else:
        part = np.where(kept, "pool", "excluded").astype(object)
        check_fractions(manifest[kept], split)
        rest = 1 - split["test_fraction"]
        move_share(part, manifest, "test", split["test_fraction"], rng)
        move_share(part, manifest, "val", split["val_fraction"] / rest, rng)
    move_share(part, manifest, "unlabelled", split["unlabelled_fraction"], rng)
    return part


def move_share(part, manifest, name, fraction, rng):
    """Give a share of the pool, whole groups of it, to another part, in place."""
    pool = np.flatnonzero(part == "pool")
    if fraction > 0 and len(pool):
        objects = manifest.iloc[pool]
        chosen = choose_groups(objects["group"], objects["label"], fraction, rng)
        part[pool[chosen]] = name


def check_fractions(objects, split):
    """Raise FewskyError where there is one group only, or the shares leave no pool."""
    if objects["group"].nunique() < 2:
        raise FewskyError(
            f"split by {split['by']}: wanted at least 2 groups of objects; found "
            f"{objects['group'].nunique()} ({len(objects)} objects). Make the groups smaller "
            "(split.tile_arcmin, split.link_arcsec) or add objects."
        )
    taken = split["test_fraction"] + split["val_fraction"]
    if taken >= 1 or (split["test_fraction"] == 0 and not split["folds"]):
        raise FewskyError(
            "split: wanted a test_fraction above 0 (0 only with folds) and less than 1 of test and "
            f"val together; found {split['test_fraction']} and {split['val_fraction']}. Change one."
        )


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
    """Raise FewskyError where a part that is asked for lacks a class.

    Test fields that are named may have labels of some classes only, as half a catalogue has; what
    needs every class is not defined there.
    """
    split, counts = task["split"], counted(task["split"])
    asked = {
        "pool": True,
        "test": split["by"] == "field" or "test" in counts or split["test_fraction"] > 0,
        "val": split["val"] or ("val" in counts if counts else split["val_fraction"] > 0),
        "unlabelled": split["unlabelled_fraction"] > 0,
    }
    for part in (name for name, wanted in asked.items() if wanted):
        found = set(manifest.loc[manifest["part"] == part, "label"])
        missing = [name for name in task["classes"] if name not in found]
        if missing and not (part == "test" and split["by"] == "field" and found):
            raise FewskyError(
                f"split: wanted every class in the {part} part; found no {missing[0]} there after "
                "duplicates and guard bands. Add objects, or lower tile_arcmin, link_arcsec or "
                "guard_arcsec."
            )
