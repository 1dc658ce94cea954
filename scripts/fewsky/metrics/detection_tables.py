"""Boxes and a detector's predictions as tables to score: read, checked, joined by image.

A box is (x0, y0, x1, y1) in pixels of the image as stored, its edges; x to the right, y downwards.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fewsky.boxes.table import COLUMNS as BOXES
from fewsky.boxes.table import EDGES
from fewsky.console import FewskyError
from fewsky.models.detect_crops import windows

PREDICTIONS = ["image", "part", "budget", "fold", *EDGES, "score", "label"]
KEPT = 0.25  # share of a box's area that still is one to find; as models.detect_views learns
LEAST_KNOWN_FIRST = ("proposed", "catalogue", "corrected", "true")


class Detections(NamedTuple):
    """One model's detections in the images that it tests.

    Images are told by their row number in the manifest: `rows` (images,), sorted. `found` has the
    columns image (such a number), x0, y0, x1, y1, score and label, by image and falling score.
    """

    draw: int
    fold: int
    budget: int
    rows: np.ndarray
    found: pd.DataFrame


def read_boxes(boxes, images, classes):
    """Return the boxes of known images and classes, `image` being their image's row number.

    `images` is the manifest indexed by object_id. Boxes of other images or labels are left out.
    Raises FewskyError where a column is missing or no box is left, and for boxes of no area.
    """
    check_columns(boxes, BOXES, "boxes", "Make the boxes again.")
    if not boxes["label"].isin(classes).any():
        raise FewskyError(
            f"boxes: wanted boxes of the classes {', '.join(classes)}; found none. Mend "
            "boxes.classes of the task, or make the boxes again."
        )
    row = images.index.get_indexer(boxes["image"])
    known = boxes.assign(image=row)[(row >= 0) & boxes["label"].isin(classes)]
    check_edges(known, "boxes", "Make the boxes again.")
    return known.sort_values(["image", *EDGES], kind="stable", ignore_index=True)


def cut_to_windows(true, images, shown):
    """Return the boxes as windows show them: cut, what is out of sight left out.

    `shown` has the columns image (an object_id), x0, y0, x1, y1 in whole pixels. A box of which
    less than KEPT of the area is seen is difficult. Boxes of images without a window are left out.
    """
    at = shown.set_index("image").reindex(images.index[true["image"]])[EDGES].to_numpy(float)
    whole = true[EDGES].to_numpy(float)
    cut = np.concatenate([np.maximum(whole, at)[:, :2], np.minimum(whole, at)[:, 2:]], axis=1)
    sides, full = np.clip(cut[:, 2:] - cut[:, :2], 0, None), whole[:, 2:] - whole[:, :2]
    seen = np.nan_to_num(sides.prod(axis=1) / full.prod(axis=1))
    table = true.assign(**dict(zip(EDGES, cut.T.astype(np.float32), strict=True)))
    table["difficult"] |= seen < KEPT
    return table[seen > 0].reset_index(drop=True)


def off_centre_windows(task, names, size):
    """Return the windows (detect_crops.windows) of images of `size` px; None if not asked for.

    The part off-centre of all predictions of the task was made through them.
    """
    share = task["boxes"].get("off_centre")
    return windows(names, size, share, task["split"]["seed"]) if share else None


def reference_of(boxes):
    """Return the source of boxes, the least known one where there are several; "" without boxes."""
    known = set(boxes["source"])
    return next((name for name in LEAST_KNOWN_FIRST if name in known), "")


def detections_by_budget(frames, images, classes, name, scored="test"):
    """Return lists of Detections, one a budget, smallest first, from {draw: prediction table}.

    The folds of a cross-validation come in lists of their own, as
    `predictions.replicates_by_budget` has it. `scored` is the part whose predictions are read:
    test, or off-centre, the same images seen through windows; of the latter there may be none.
    """
    steps = {}
    for draw, frame in sorted(frames.items()):
        where = f"predictions of {name}, draw {draw}"
        check_columns(frame, PREDICTIONS, where, "Train again.")
        tested = frame[frame["part"] == scored]
        if tested.empty and scored == "test":
            raise FewskyError(f"{where}: wanted test images; found none. Train again.")
        for fold, folded in tested.groupby("fold"):
            for step, (budget, cell) in enumerate(folded.groupby("budget")):
                wanted = tested_rows(images, fold)
                rows, found = read_detections(cell, images, wanted, classes, where)
                one = Detections(draw, fold, budget, rows, found)
                steps.setdefault((fold >= 0, step), []).append(one)
    return [steps[step] for step in sorted(steps)]


def tested_rows(images, fold):
    """Return the row numbers of the images that a fold tests, or those of the test part."""
    if fold >= 0:
        return np.flatnonzero(images["fold"] == fold)
    return np.flatnonzero(images["part"] == "test")


def read_detections(cell, images, wanted, classes, where):
    """Return the rows tested and the table of detections (see Detections) of one prediction table.

    An image without any detection is told by a row of NaN. Raises FewskyError where the images are
    not those wanted, a label is none of the classes, or a score or box is no number.
    """
    rows = images.index.get_indexer(cell["image"])
    tested = np.unique(rows)
    if not np.array_equal(tested, wanted):
        lost = len(np.setdiff1d(wanted, tested))
        more = len(np.setdiff1d(tested, wanted))
        raise FewskyError(
            f"{where}: wanted the {len(wanted)} test images of the manifest; found {lost} missing "
            f"and {more} others. Train again."
        )
    numbers = cell[[*EDGES, "score"]]
    found = cell.assign(image=rows)[numbers.notna().any(axis=1).to_numpy()]
    check_edges(found, where, "Train again.")
    if not np.isfinite(found["score"].to_numpy(float)).all():
        raise FewskyError(f"{where}: wanted finite scores; found others. Train again.")
    other = found.loc[~found["label"].isin(classes), "label"]
    if len(other):
        raise FewskyError(
            f"{where}: wanted the labels {', '.join(classes)}; found {other.iloc[0]}. Train again."
        )
    return tested, in_order(found[["image", *EDGES, "score", "label"]])


def in_order(found):
    """Return detections by image, falling score, then place: ties do not hang on their listing."""
    order = found.assign(falling=-found["score"]).sort_values(
        ["image", "falling", *EDGES, "label"], kind="stable", ignore_index=True
    )
    return order.drop(columns="falling")


def places(cell, scored="test"):
    """Return what is scored together: each fold's draws as test, then whole draws as `folds`.

    With another part scored, both have its name. In a whole draw the detections of all folds are
    ranked together by their scores.
    """
    folds = sorted({one.fold for one in cell})
    found = [
        ({"fold": fold, "part": scored}, [one for one in cell if one.fold == fold])
        for fold in folds
    ]
    if folds == [-1]:
        return found
    draws = {}
    for one in cell:
        draws.setdefault(one.draw, []).append(one)
    whole = [joined(several) for _, several in sorted(draws.items())]
    part = "folds" if scored == "test" else scored
    return [*found, ({"fold": -1, "part": part}, whole)]


def joined(folds):
    """Return the folds of a draw, which test each image once, as one Detections."""
    rows = np.sort(np.concatenate([one.rows for one in folds]))
    found = in_order(pd.concat([one.found for one in folds], ignore_index=True))
    budget = int(np.median([one.budget for one in folds]))
    return Detections(folds[0].draw, -1, budget, rows, found)


def check_columns(table, columns, where, mend):
    """Raise FewskyError where a table lacks a column."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise FewskyError(f"{where}: wanted the column {missing[0]}; found none. {mend}")


def check_edges(table, where, mend):
    """Raise FewskyError where a box has an edge that is no number, or no area."""
    x0, y0, x1, y1 = table[EDGES].to_numpy(float).T
    whole = np.isfinite(x0 + y0 + x1 + y1) & (x0 < x1) & (y0 < y1)
    if not whole.all():
        raise FewskyError(
            f"{where}: wanted boxes with x0 < x1 and y0 < y1; found {int((~whole).sum())} others, "
            f"the first ({', '.join(f'{v:g}' for v in table[EDGES].to_numpy()[~whole][0])}). {mend}"
        )
