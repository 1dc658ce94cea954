"""Which detection finds which box, by the kept COCO evaluator (faster-coco-eval).

Boxes and detections are the tables of detection_tables: image is a row number, edges are in pixels.
A difficult box is COCO's crowd: it does not count, nor do detections that lie in it by the share of
their own area.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from faster_coco_eval import COCO, COCOeval_faster

from fewsky.boxes.coco import to_coco, to_results
from fewsky.boxes.table import EDGES, edges_of

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of the intersection over union, as COCO has them
MOST = (1, 10, 100)  # detections an image and class
ALL = (0.0, 1e10)  # square pixels
NEVER = 1_000_000
ROUNDING = 1e-6  # of shares of an area


class Matches(NamedTuple):
    """Detections (d,) by falling score and counted boxes (m,), at each threshold (t,).

    `image` and `kind` are the image's row and the class number; `right` (t, d) says whether a
    detection finds a counted box, `counted` (t, d) whether it is right or wrong at all. `box` (m,)
    are rows of the table of boxes; `rank` (t, m) is the rank, in its image and class, of the
    detection that finds the box, NEVER where none does.
    """

    image: np.ndarray
    kind: np.ndarray
    right: np.ndarray
    counted: np.ndarray
    box: np.ndarray
    box_image: np.ndarray
    box_kind: np.ndarray
    rank: np.ndarray


def coco_sides(rows, true, found, classes):
    """Return boxes and detections in the images `rows` (n,) as the evaluator wants them."""
    listed = [int(row) for row in rows]
    truth = COCO(to_coco(true, listed, 1, 1, classes))
    return truth, truth.loadRes(to_results(found, listed, classes))


def evaluate(sides, thresholds=THRESHOLDS, limits=ALL, most=MOST):
    """Return the evaluator's tables: precision (t, 101, class, 1, 3) and recall (t, class, 1, 3).

    The last axis is that of `most`; `limits` are the smallest and largest area counted, in square
    pixels. -1 stands where no box counts. `matched` maps "detection_box", numbers from 1, to the
    intersection over union; with one threshold it holds all matches.
    """
    one = COCOeval_faster(*sides, "bbox")
    one.params.iouThrs = np.asarray(thresholds, float)
    one.params.maxDets = list(most)
    one.params.areaRng = [list(limits)]
    one.params.areaRngLbl = ["all"]
    one.evaluate()
    one.accumulate()
    return one.eval


def match(rows, true, found, classes, thresholds=THRESHOLDS, limits=ALL):
    """Return the Matches of detections with boxes of their class in the images `rows` (n,)."""
    true = true[true["image"].isin(rows)]
    near = np.flatnonzero(may_find(true, found, min(thresholds)))
    sides = coco_sides(rows, true, found.iloc[near], classes)
    pairs = [matched_pairs(evaluate(sides, [one], limits)) for one in thresholds]
    pairs = [np.column_stack([near[one[:, 0]], one[:, 1]]) for one in pairs]
    return matches_of(pairs, true, found, classes, limits)


def may_find(true, found, least):
    """Return which detections, (d,) bool, can find a box by an overlap of `least`: often few can.

    Those have at least so much of their own area in a box, which neither an intersection over union
    nor a crowd's share exceeds, and are among the MOST best of their image and class.
    """
    numbered = found.assign(row=np.arange(len(found)))
    pairs = numbered.merge(true[["image", *EDGES]], on="image", suffixes=("", "_box"))
    seen, box = (pairs[[f"{edge}{end}" for edge in EDGES]].to_numpy(float) for end in ("", "_box"))
    sides = np.minimum(seen, box)[:, 2:] - np.maximum(seen, box)[:, :2]
    share = sides.clip(0).prod(axis=1) / areas(pairs)
    near = np.isin(numbered["row"], pairs["row"][share >= least - ROUNDING])
    return near & (places_by_score(found) < MOST[-1])


def places_by_score(found):
    """Return the rank, (d,) from 0, of each detection among those of its image and class."""
    return found.groupby(["image", "label"]).cumcount().to_numpy()


def matched_pairs(told):
    """Return the matches of one threshold, (k, 2): row of the detection and of the box."""
    pairs = [key.split("_") for key in told["matched"]]
    return np.array(pairs, int).reshape(-1, 2) - 1


def matches_of(pairs, true, found, classes, limits):
    """Return the Matches of lists of pairs, one a threshold."""
    area, counts = areas(true), ~true["difficult"].to_numpy(bool)
    counts &= (area >= limits[0]) & (area <= limits[1])
    inside = (areas(found) >= limits[0]) & (areas(found) <= limits[1])
    place = places_by_score(found)
    finder = np.full((len(pairs), len(true)), NEVER)
    right = np.zeros((len(pairs), len(found)), bool)
    counted = np.tile(inside & (place < MOST[-1]), (len(pairs), 1))
    for t, (detection, box) in enumerate(np.moveaxis(p, 1, 0) for p in pairs):
        finder[t, box] = place[detection]
        right[t, detection] = counted[t, detection] = counts[box]
    order = np.argsort(-found["score"].to_numpy(float), kind="stable")
    kind, image = class_numbers(found, classes)[order], found["image"].to_numpy(int)[order]
    return Matches(
        image,
        kind,
        right[:, order],
        counted[:, order],
        true.index.to_numpy()[counts],
        true["image"].to_numpy(int)[counts],
        class_numbers(true, classes)[counts],
        finder[:, counts],
    )


def class_numbers(table, classes):
    """Return the class number, (n,), of each row of a table; -1 for any other label."""
    return pd.Index(classes).get_indexer(table["label"])


def areas(table):
    """Return the area of each box in square pixels, (n,)."""
    x0, y0, x1, y1 = edges_of(table).astype(float).T
    return (x1 - x0) * (y1 - y0)
