"""What is scored, before anyone predicts it: the objects with their columns, and their classes."""

import numpy as np

from fewsky.console import FewskyError
from fewsky.metrics.predictions import HIDDEN
from fewsky.metrics.subsets import FEWEST_OF_KIND, is_kind

FAINT = 3


def describe(manifest, catalog):
    """Return the objects of the manifest with their catalogue columns, by object_id."""
    missing = set(manifest["object_id"]) - set(catalog["object_id"])
    if missing:
        raise FewskyError(
            f"score: wanted every object of the manifest in the catalogue; found {len(missing)} "
            "missing. Make the split again."
        )
    fresh = [c for c in catalog if c == "object_id" or c not in manifest]
    return manifest.merge(catalog[fresh], on="object_id", validate="1:1").set_index("object_id")


def describe_sample(objects, number, masks, classes, reference, settings):
    """Yield rows of experiment `sample`: class counts, the larger share, and what is too faint.

    Parts are test, folds (all objects of a cross-validation) and unlabelled, where they exist.
    """
    parts = {"test": objects["part"] == "test", "folds": objects["fold"] >= 0}
    parts[HIDDEN] = objects["part"] == HIDDEN
    for part, chosen in parts.items():
        where = {"experiment": "sample", "draw": -1, "fold": -1, "budget": 0, "part": part}
        scored = chosen.to_numpy() & (number >= 0)
        for subset, mask in masks.items() if part != HIDDEN else [("all", masks["all"])]:
            counts = np.bincount(number[scored & mask], minlength=len(classes))
            if counts.sum() < (FEWEST_OF_KIND if is_kind(subset, settings) else 1):
                continue
            found = class_shares(counts, classes)
            if subset == "all" and "snr_r" in objects:
                found |= faint_shares(objects, scored, number, classes)
            own = {**where, "reference": reference, "subset": subset, "n": counts.sum()}
            yield from ({**own, "metric": name, "value": value} for name, value in found.items())


def class_shares(counts, classes):
    """Return the counts of the classes and the share of the larger, by name."""
    found = {f"count_{name}": counts[k] for k, name in enumerate(classes)}
    return {**found, "majority_share": counts.max() / counts.sum()}


def faint_shares(objects, scored, number, classes):
    """Return the share of each class below r-band signal to noise 3, by name."""
    faint = (objects["snr_r"] < FAINT).to_numpy()
    return {
        f"share_below_snr{FAINT}_{name}": faint[scored & (number == k)].mean()
        for k, name in enumerate(classes)
        if (scored & (number == k)).any()
    }
