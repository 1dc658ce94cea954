"""The tidy table of a detection task: average precision and recall, with intervals.

Values come from the kept COCO evaluator; the bootstrap weighs groups of images in what it matched.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fewsky.metrics.detection_by import IN_BIN, OF_SIZE, brightness_bins, recall_in_bin, size_limits
from fewsky.metrics.detection_matches import coco_sides, evaluate, match
from fewsky.metrics.detection_measures import RECALLS, SUMMARY, evaluated, measure
from fewsky.metrics.detection_tables import (
    cut_to_windows,
    detections_by_budget,
    places,
    read_boxes,
    reference_of,
    tested_rows,
)
from fewsky.metrics.predictions import budget_of, group_numbers
from fewsky.metrics.scores import COLUMNS, by_experiment, shared_resamples
from fewsky.metrics.stats import estimate
from fewsky.models.detect_crops import OFF_CENTRE

LIMITS = (0.0, 1.0)


class Found(NamedTuple):
    """Measures of one subset: values (draws, measure) and resampled (b, draws, measure).

    `rows` are the images that they rest on, `counts` (draws,) the numbers of boxes.
    """

    names: list
    values: np.ndarray
    resampled: np.ndarray
    rows: np.ndarray
    counts: list


def score_detections(predictions, boxes, manifest, task, settings, *, seed, windows=None):
    """Return the metrics of a detection task as a tidy table, columns as of `scores.score_task`.

    `predictions` maps (experiment, draw) to a prediction table, `boxes` is the boxes table (see
    detection_tables). Metrics: map_50, map_50_95, ar_1, ar_10 and ar_100 as COCO names them, and
    precision_at_recall_R at IoU .50 and 101 recalls; of each size (detection_by) map_50, map_50_95
    and ar_10; of each brightness bin of settings["bin_mag"] magnitudes recall_50 and ar_10. Rows
    with draw -1 hold the mean over draws and its 95 % interval; `n` counts boxes that are not
    difficult. `reference` is the boxes' source, the least known one; experiment `sample` describes
    the boxes. `windows` (models.detect_crops) are where the part off-centre was looked at: it is
    scored too, with the boxes that they show.
    """
    classes, images = task["boxes"]["classes"], manifest.set_index("object_id")
    true = read_boxes(boxes, images, classes)
    settings = {**settings, "seed": seed}
    sides = {"test": true}
    if windows is not None:
        sides[OFF_CENTRE] = cut_to_windows(true, images, windows)
    told = {"reference": reference_of(true), "subset": "all"}
    rows = [{**told, **row} for row in describe(true, images)]
    for part, seen in sides.items():
        for name, frames in by_experiment(predictions).items():
            for cell in detections_by_budget(frames, images, classes, name, part):
                found = score_cell(cell, seen, images, classes, settings, part)
                rows += [{"experiment": name, **told, **row} for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


def describe(true, images):
    """Yield rows of experiment `sample`: images, boxes, and images without any, by part."""
    parts = {"test": tested_rows(images, -1), "folds": np.flatnonzero(images["fold"] >= 0)}
    for part, rows in parts.items():
        if len(rows) == 0:
            continue
        mine = true[true["image"].isin(rows)]
        found = {
            "images": len(rows),
            "images_without_box": len(np.setdiff1d(rows, mine["image"])),
            "boxes": int((~mine["difficult"]).sum()),
            "difficult_boxes": int(mine["difficult"].sum()),
        }
        where = {"experiment": "sample", "draw": -1, "fold": -1, "budget": 0, "part": part}
        yield from (
            {**where, "metric": metric, "value": value, "n": len(rows)}
            for metric, value in found.items()
        )


def score_cell(cell, true, images, classes, settings, part):
    """Yield the rows of one experiment and budget: each draw, each fold, and their means."""
    group, n_groups = group_numbers(cell, images)
    limits = size_limits(true, images)
    bins = brightness_bins(true, settings["bin_mag"])
    for place, chosen in places(cell, part):
        where = {"budget": budget_of(chosen), **place}
        draws = shared_resamples(n_groups, len(chosen), settings["bootstrap"], settings["seed"])
        told = (chosen, true, group, draws, classes)
        whole, matched = whole_values(*told)
        yield from stated(whole, where, chosen, group, draws)
        for name, edges in limits.items():
            yield from stated(
                of_size(*told, edges), {**where, "subset": name}, chosen, group, draws
            )
        for name, mask in bins.items():
            found = in_bin(matched, mask, group, draws, len(classes))
            yield from stated(found, {**where, "subset": name}, chosen, group, draws)


def whole_values(chosen, true, group, draws, classes):
    """Return the Found of all boxes, and the Matches of each draw."""
    sides = [coco_sides(one.rows, on_rows(true, one), one.found, classes) for one in chosen]
    found = [evaluated(evaluate(side)) for side in sides]
    matched = [match(one.rows, true, one.found, classes) for one in chosen]
    again = [measure(one, group, draws.groups, len(classes)) for one in matched]
    curve = [f"precision_at_recall_{recall:.2f}" for recall in RECALLS]
    values = np.array([[*one.values(), *line] for one, line in found])
    resampled = np.stack([np.column_stack([*one.values(), line]) for one, line in again], axis=1)
    rows = np.concatenate([one.rows for one in chosen])
    counts = [len(one.box) for one in matched]
    return Found([*SUMMARY, *curve], values, resampled, rows, counts), matched


def on_rows(true, one):
    """Return the boxes in the images of one Detections."""
    return true[true["image"].isin(one.rows)]


def of_size(chosen, true, group, draws, classes, edges):
    """Return the Found of the boxes whose area lies within edges, in square pixels."""
    matched = [match(one.rows, true, one.found, classes, limits=edges) for one in chosen]
    tables = [
        [measure(one, group, weights, len(classes))[0] for one in matched]
        for weights in (np.ones_like(draws.groups[:1]), draws.groups)
    ]
    boxes = [one.box_image for one in matched]
    return found_of(OF_SIZE, *tables, boxes)


def in_bin(matched, mask, group, draws, n_classes):
    """Return the Found of the boxes in a mask, (boxes,) bool of the table of boxes."""
    tables = [
        [recall_in_bin(one, mask, group, weights, n_classes) for one in matched]
        for weights in (np.ones_like(draws.groups[:1]), draws.groups)
    ]
    boxes = [one.box_image[mask[one.box]] for one in matched]
    return found_of(IN_BIN, *tables, boxes)


def found_of(names, whole, again, boxes):
    """Return the Found of tables {measure: (b,)}, one a draw, and of the images of their boxes."""
    values, resampled = (
        np.stack([np.column_stack([one[name] for name in names]) for one in some], axis=1)
        for some in (whole, again)
    )
    return Found(list(names), values[0], resampled, np.concatenate(boxes), list(map(len, boxes)))


def stated(found, where, chosen, group, draws):
    """Yield the rows of one Found: the mean with its interval, and each draw but for curves.

    Without a box in these images there are none.
    """
    if not any(found.counts):
        return
    present = len(np.unique(group[found.rows]))
    told = estimate(found.values, found.resampled, draws, present, LIMITS)
    mean = {**where, "draw": -1, "n": int(np.mean(found.counts))}
    for metric, value, lower, upper in zip(found.names, *told[:3], strict=True):
        yield {**mean, "metric": metric, "value": value, "lower": lower, "upper": upper}
    for one, n, line in zip(chosen, found.counts, found.values, strict=True):
        own = {**where, "draw": one.draw, "budget": int(one.budget), "n": n}
        for metric, value in zip(found.names, line, strict=True):
            if not metric.startswith("precision_at_recall"):
                yield {**own, "metric": metric, "value": value}
