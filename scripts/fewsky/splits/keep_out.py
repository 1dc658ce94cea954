"""No tested object of another task stands in a split: taken out beforehand, counted afterwards."""

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.splits.assign import make_split
from fewsky.splits.folds import USED
from fewsky.splits.image_copies import copies_across
from fewsky.splits.image_hash import Looks
from fewsky.splits.sphere import within

METHODS = ("object_id", "position", "image")


def split_apart(catalog, looks, task, tested, *, seed):
    """Return what `assign.make_split` does, of the objects that no other task tests.

    `tested` maps the names of other tasks to HeldOut. The audit gains `kept_out`: by task how its
    objects were found, how many were taken out, and how many a second count finds left, which is 0
    or nothing is written. Raises FewskyError, one line, where nothing remains, something is left
    or, with audit enforce, patches may share pixels with those of tested objects.
    """
    seen, report = np.zeros(len(catalog), bool), {}
    for name, one in tested.items():
        check_reach(name, one, task["split"]["audit"])
        found = known_again(catalog, np.arange(len(catalog)), one)
        here = np.logical_or.reduce(list(found.values()))
        report[name] = {"by": " and ".join(found), "taken_out": int(here.sum())}
        seen |= here
        tell(name, one, report[name])
    if seen.all() and tested:
        raise FewskyError(
            f"split.keep_out: wanted objects that {', '.join(tested)} do not test; found that they "
            f"test all {len(catalog)}. Take other objects, or lower radius_arcsec."
        )
    if tested:
        looks = None if looks is None else Looks(looks.short[~seen], looks.long[~seen])
    manifest, draws, audit = make_split(catalog[~seen], looks, task, seed=seed)
    if tested:
        audit["kept_out"] = count_again(manifest, catalog, tested, report)
    return manifest, draws, audit


def check_reach(name, tested, audit):
    """Raise FewskyError where an enforced audit would leave patches that may share pixels."""
    if audit == "enforce" and tested.radius_arcsec < tested.shared_arcsec:
        raise FewskyError(
            f"split.keep_out.radius_arcsec: wanted at least {tested.shared_arcsec:.2f} arcsec, "
            f"within which patches may share pixels with those of {name}; found "
            f"{tested.radius_arcsec:g}. Raise it, leave it out, or say audit: report."
        )


def known_again(catalog, rows, tested):
    """Return by method which of the rows of a catalogue, (n,) bool, are tested objects.

    By object_id within a survey; by position where both sides have one; by image where one has
    none. Methods that compare nothing are left out, but one remains.
    """
    own, other = catalog.iloc[rows], tested.objects
    here, there = placed(own), placed(other)
    found = {name: np.zeros(len(own), bool) for name in METHODS}
    found["object_id"] |= tested.same_survey & own["object_id"].astype(str).isin(other["object_id"])
    place, place2 = (side[["ra", "dec"]].to_numpy(float) for side in (own[here], other[there]))
    found["position"][here] = within(*place.T, *place2.T, tested.radius_arcsec)
    used = {"object_id": tested.same_survey, "position": here.any() and there.any()}
    used["image"] = len(other) > 0 and not (here.all() and there.all())
    if used["image"]:
        pairs = copies_across(*looks_of(tested, rows))
        lacking = ~here[pairs[:, 0]] | ~there[pairs[:, 1]]
        found["image"][pairs[lacking, 0]] = True
    kept = [name for name in METHODS if used[name]] or ["position"]
    return {name: found[name] for name in kept}


def placed(objects):
    """Return which objects, (n,) bool, have a position."""
    return np.isfinite(objects[["ra", "dec"]].to_numpy(float)).all(axis=1)


def looks_of(tested, rows):
    """Return the Looks of own rows and of the tested objects; FewskyError where images lack."""
    if tested.looks is None:
        raise FewskyError(
            "split.keep_out: wanted a position for every object of a split by field, sky or radius "
            "and of those that it keeps out; found some without. Split the task without positions "
            "by hash, or mend its catalogue."
        )
    return tested.looks(rows, np.arange(len(tested.objects)))


def tell(name, tested, report):
    """Say in one line what of a task was taken out and by what it was known again."""
    bare = "; without positions only images of like bands and field of view tell"
    say(
        f"split.keep_out: {report['taken_out']} objects taken out for {len(tested.objects)} tested "
        f"ones of {name}, by {report['by']} ({tested.radius_arcsec:.1f} arcsec)"
        + bare
        * ("image" in report["by"])
    )


def count_again(manifest, catalog, tested, report):
    """Return the report with what is left in a manifest, counted anew from the tested side.

    `may_share_pixels` counts objects in use whose patch may hold pixels of a tested one's. Raises
    FewskyError where a tested object is left.
    """
    row = pd.Series(np.arange(len(catalog)), index=catalog["object_id"].astype(str))
    rows = row.loc[manifest["object_id"].astype(str)].to_numpy()
    counted = {}
    for name, one in tested.items():
        left = left_over(manifest, rows, one)
        if left:
            raise FewskyError(
                f"split.keep_out: wanted no tested object of {name}; found {left} left. Delete the "
                "splits of both tasks and run again."
            )
        used = manifest[manifest["part"].isin(USED) & placed(manifest)]
        other = one.objects[placed(one.objects)]
        near = within(used["ra"], used["dec"], other["ra"], other["dec"], one.shared_arcsec)
        more = {"left": left, "tested": len(one.objects), "radius_arcsec": one.radius_arcsec}
        counted[name] = {**report[name], **more, "may_share_pixels": int(near.sum())}
    return counted


def left_over(manifest, rows, tested):
    """Return how many tested objects stand in a manifest made of `rows` of a catalogue."""
    other = tested.objects
    here, there = placed(manifest), placed(other)
    found = other["object_id"].isin(set(manifest["object_id"].astype(str))) & tested.same_survey
    found = found.to_numpy(copy=True)
    place, place2 = (side[["ra", "dec"]].to_numpy(float) for side in (manifest[here], other[there]))
    found[there] |= within(*place2.T, *place.T, tested.radius_arcsec)
    if len(other) and not (here.all() and there.all()):
        own, theirs = looks_of(tested, rows)
        pairs = copies_across(theirs, own)
        lacking = ~there[pairs[:, 0]] | ~here[pairs[:, 1]]
        found[pairs[lacking, 0]] = True
    return int(found.sum())
