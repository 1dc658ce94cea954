"""The true class of each galaxy, for detection followed by classification."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fewsky.boxes.geometry import centres
from fewsky.boxes.table import EDGES, edges_of, make_boxes
from fewsky.console import FewskyError, say
from fewsky.metrics.detection_named import judge
from fewsky.metrics.detection_tables import detections_by_budget, read_boxes
from fewsky.splits.grouped import grouped


def classed_boxes(
    boxes: pd.DataFrame,
    truth: pd.DataFrame | None,
    catalog: pd.DataFrame,
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    """The boxes table with the galaxy's class as label; difficult where the class is not known.

    On the demo sky `truth` has the true box and true_class of every galaxy, in images of
    settings["sky_size"] pixels, and takes the place of `boxes`. Elsewhere the catalogue's label is
    that of the galaxy in the image's middle: of `boxes`, in images of settings["size"] pixels, the
    one there has it, and no other's class is known. `settings` has `task`, the classes and groups
    of the classifier, and `boxes`, the classes of the detector.
    """
    task = settings["task"]
    if truth is not None:
        table = _of_sky(truth, settings)
        label = grouped(table, task, "true_class")["true_class"]
    else:
        table = boxes[boxes["label"].isin(settings["boxes"]["classes"])].reset_index(drop=True)
        told = grouped(catalog, task, "label").set_index("object_id")["label"]
        label = table["image"].map(told).where(_in_middle(table, settings["size"]))
    known = label.isin(task["classes"]).to_numpy()
    if not known.any():
        say("warning: no galaxy's class is known, so that what is called rightly cannot be told")
    return make_boxes(
        table["image"].to_numpy(),
        edges_of(table),
        label=np.where(known, label, task["classes"][0]),
        source=table["source"].to_numpy(),
        difficult=table["difficult"].to_numpy(bool) | ~known,
        brightness=table["brightness"].to_numpy(),
    )


def judged_images(
    predictions: pd.DataFrame, boxes: pd.DataFrame, manifest: pd.DataFrame, classes: list[str]
) -> pd.DataFrame:
    """What became of every true galaxy and every detection of one draw, as `judge` says it.

    `image` is the object_id; `boxes` are those of `classed_boxes`.
    """
    images = manifest.set_index("object_id")
    ((one,),) = detections_by_budget({0: predictions}, images, classes, "what is named")
    table = judge(one.rows, read_boxes(boxes, images, classes), one.found)
    return table.assign(image=images.index.to_numpy()[table["image"].to_numpy(int)])


def _of_sky(truth: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The true boxes in pixels of the data set's images."""
    if "true_class" not in truth or not settings["sky_size"]:
        found = "no true_class" if "true_class" not in truth else "no sky_size"
        raise FewskyError(
            f"truth: wanted true boxes with true_class and the side of the sky's images; found "
            f"{found}. Make the demo sky again."
        )
    scale = settings["size"] / settings["sky_size"]
    return truth.assign(**{edge: truth[edge] * scale for edge in EDGES})


def _in_middle(boxes: pd.DataFrame, size: int) -> np.ndarray:
    """Which box holds its image's middle, the nearest of those that do, (n,) bool."""
    edges = edges_of(boxes).astype(float)
    apart = np.hypot(*(centres(edges) - size / 2).T)
    holds = (edges[:, :2] <= size / 2).all(axis=1) & (edges[:, 2:] >= size / 2).all(axis=1)
    order = boxes[["image"]].assign(apart=apart, row=np.arange(len(boxes)))[holds]
    nearest = order.sort_values("apart", kind="stable").drop_duplicates("image")
    chosen = np.zeros(len(boxes), bool)
    chosen[nearest["row"]] = True
    return chosen
