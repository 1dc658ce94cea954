"""Where the boxes of a shard's images come from: the demo sky, a person's files, or the rule."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fewsky.boxes.geometry import scaled
from fewsky.boxes.propose import propose
from fewsky.boxes.table import COLUMNS, EDGES, check_boxes, edges_of, join_boxes, make_boxes
from fewsky.boxes.voc_folder import files_of, read_folder


def find_boxes(
    images: np.ndarray,
    catalog: pd.DataFrame,
    objects: pd.DataFrame,
    settings: Mapping[str, Any],
    sky: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The boxes table of a shard, in pixels of its images `(n, band, y, x)`, which are 0 to 1.

    Row i of `catalog` is image i; `objects` names all objects of the survey (object_id). `settings`
    has `from`, `folder`, `rule`, `classes` and `size`, and `sky_px`, the side of images that the
    demo sky's boxes, `sky`, were made for. Raises FewskyError as `propose`, `read_folder` and
    `check_boxes` do.
    """
    names, size = catalog["object_id"].to_numpy(), settings["size"]
    if settings["from"] == "sky":
        mine = sky[sky["image"].isin(names)].reset_index(drop=True)
        edges = scaled(edges_of(mine), size / settings["sky_px"])
        found = mine.assign(**dict(zip(EDGES, edges.T, strict=True)))[COLUMNS]
    elif settings["from"] == "folder":
        found = _of_folder(images, names, objects, settings)
    else:
        found = _proposed(images, names, settings)
    found = found[found["label"].isin(settings["classes"])]
    return check_boxes(found, names, size, size)


def _of_folder(
    images: np.ndarray, names: np.ndarray, objects: pd.DataFrame, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """What a person's files say; images without a file get proposed boxes."""
    listed = files_of(objects["object_id"], settings["size"])
    held = read_folder(settings["folder"], listed, settings["classes"])
    bare = ~np.isin(names, list(held.sources))
    told = held.boxes[held.boxes["image"].isin(names)]
    return join_boxes([told, _proposed(images[bare], names[bare], settings)])


def _proposed(images: np.ndarray, names: np.ndarray, settings: Mapping[str, Any]) -> pd.DataFrame:
    tables = []
    for image, name in zip(images, names, strict=True):
        rows = propose(image, settings["rule"])
        told = {key: rows[key] for key in ("label", "source", "difficult", "brightness")}
        tables.append(make_boxes([name] * len(rows), edges_of(rows), **told))
    return join_boxes(tables)
