"""The tested objects of other tasks, as a split that keeps them out must know them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.files import load_arrays, load_table
from fewsky.rooms import load_manifest
from fewsky.splits.image_hash import LONG, Looks, hash_images

LEAST_ARCSEC = 10.0
TESTED = ("test", "val")


@dataclass
class HeldOut:
    """The tested objects of another task, and by what they are known again.

    `objects` has object_id, ra and dec (degrees, NaN where unknown). With `same_survey` an object
    has one object_id in both catalogues. `shared_arcsec`: nearer patches may share pixels.
    `looks` gives the hashes (image_hash.Looks) of rows of the own catalogue and of rows of
    `objects`, both from as many frequencies; None where every object has a position.
    """

    objects: pd.DataFrame
    same_survey: bool
    radius_arcsec: float
    shared_arcsec: float
    looks: Callable[[np.ndarray, np.ndarray], tuple[Looks, Looks]] | None = None


def load_held_out(task, manifests, catalogs, images, own):
    """Return by name the HeldOut of the tasks that a task keeps out.

    `task` is the block of the task that yields, with `kept_out`: by name the dataset, patch_arcsec,
    size in pixels and same_survey of each other. `manifests` are theirs, at splits/TASK/;
    `catalogs` and `images` are the shards of their datasets, at cutouts/DATASET/SHARD/, and `own`
    the pair of such lists of the task itself. Where a dataset has no images there, positions have
    to do.
    """
    paths = {Path(path).parent.name: path for path in manifests}
    found = {}
    for name, told in task.get("kept_out", {}).items():
        objects = held_out(load_manifest(paths[name]))
        shards = [
            [path for path in listed if Path(path).parents[1].name == told["dataset"]]
            for listed in (catalogs, images)
        ]
        side = min(LONG, told["size"], task["size"])
        looks = looking(own, shards, objects, side) if shards[1] else None
        reach = (task["patch_arcsec"] + told["patch_arcsec"]) / np.sqrt(2)
        radius = task["split"]["keep_out"]["radius_arcsec"]
        radius = max(LEAST_ARCSEC, reach) if radius is None else radius
        found[name] = HeldOut(objects, told["same_survey"], float(radius), float(reach), looks)
    return found


def held_out(manifest):
    """Return the objects, object_id, ra, dec, that a task tests or validates with, folds too."""
    kept = manifest["part"].isin(TESTED) | (manifest["fold"] >= 0)
    return manifest.loc[kept, ["object_id", "ra", "dec"]].reset_index(drop=True)


def looking(own, shards, objects, side):
    """Return the function that gives the Looks of own rows and of rows of `objects`, made once."""
    made = {}

    def looks(rows, others):
        if not made:
            made["own"] = hash_shards(*own, side)
            made["other"] = hash_shards(*shards, side, objects["object_id"])
        one, other = made["own"], made["other"]
        return (
            Looks(one.short[rows], one.long[rows]),
            Looks(other.short[others], other.long[others]),
        )

    return looks


def hash_shards(catalogs, images, side, wanted=None):
    """Return the Looks of the images of some shards by `side` frequencies: all, in their order, or
    those of the object_ids `wanted`, in its order.
    """
    ids = [load_table(path)["object_id"].astype(str) for path in catalogs]
    rows = [np.flatnonzero(one.isin(one if wanted is None else wanted)) for one in ids]
    shards = zip(images, rows, strict=True)
    looks = hash_images((load_arrays(path)["images"][k] for path, k in shards if len(k)), side)
    if wanted is None:
        return looks
    names = np.concatenate([one.to_numpy()[k] for one, k in zip(ids, rows, strict=True)])
    order = pd.Series(np.arange(len(names)), index=names).loc[list(wanted)].to_numpy(int)
    return Looks(looks.short[order], looks.long[order])
