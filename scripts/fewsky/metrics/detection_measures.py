"""Average precision and recall of matched detections, for many sets of group weights at once.

With all weights 1 they are those of the COCO evaluator, and with whole weights those of the
evaluator where each image stands as often as it weighs. Shapes: weights (b, groups), results (b,).
"""

import numpy as np
from scipy.sparse import csr_array

from fewsky.metrics.detection_matches import MOST
from fewsky.metrics.measures import ratio
from fewsky.metrics.stats import known_mean

RECALLS = np.linspace(0, 1, 101)
FIRST = 0  # place of the threshold .50
PAIR = ("precision", "recall")
SUMMARY = ("map_50", "map_50_95", "ar_1", "ar_10", "ar_100")


def evaluated(told):
    """Return SUMMARY and precision (101,) at IoU .50 by the evaluator's own tables (evaluate)."""
    precision, recall = (np.where(told[key] < 0, np.nan, told[key]) for key in PAIR)
    found = {"map_50": mean_known(precision[FIRST, ..., -1])}
    found["map_50_95"] = mean_known(precision[..., -1])
    found |= {f"ar_{n}": mean_known(recall[..., k]) for k, n in enumerate(MOST)}
    return found, known_mean(np.moveaxis(precision[FIRST, :, :, 0, -1], 1, 0))


def mean_known(values):
    """Return the mean of what is not NaN; NaN where nothing is known."""
    known = values[~np.isnan(values)]
    return known.mean() if len(known) else np.nan


def measure(matches, group, weights, n_classes):
    """Return SUMMARY, a dict of (b,), and precision (b, 101) at IoU .50, for weights of groups.

    `group` (images,) are group numbers by the image's row. A class without a counted box in a
    resample is left out of its mean.
    """
    each = [precisions(matches, group, weights, kind) for kind in range(n_classes)]
    curves = known_mean(np.stack([one[:, FIRST] for one in each]))
    found = {"map_50": curves.mean(axis=1)}
    found["map_50_95"] = known_mean(np.stack([one.mean(axis=(1, 2)) for one in each]))
    for most in MOST:
        several = [recalls(matches, group, weights, kind, most) for kind in range(n_classes)]
        found[f"ar_{most}"] = known_mean(np.stack([one.mean(axis=1) for one in several]))
    return found, curves


def recalls(matches, group, weights, kind, most, chosen=None):
    """Return the share of boxes found, (b, t), by the `most` best detections of an image.

    `chosen` (m,) bool takes some of the boxes only. NaN where none weighs anything.
    """
    kept = matches.box_kind == kind
    kept = kept if chosen is None else kept & chosen
    place = group[matches.box_image[kept]]
    hits = (matches.rank[:, kept] < most).astype(float)
    total = np.bincount(place, minlength=weights.shape[1])
    sums = [np.bincount(place, hit, minlength=weights.shape[1]) for hit in hits]
    above = weights @ np.stack(sums, axis=1)
    return ratio(above, np.broadcast_to((weights @ total)[:, None], above.shape))


def precisions(matches, group, weights, kind):
    """Return the interpolated precision at RECALLS, (b, t, 101), of a class; NaN without a box."""
    mine = matches.kind == kind
    place = group[matches.image[mine]]
    boxes = group[matches.box_image[matches.box_kind == kind]]
    total = weights @ np.bincount(boxes, minlength=weights.shape[1])
    flags = zip(matches.right[:, mine], matches.counted[:, mine], strict=True)
    each = [interpolated(weights, place, *flag, total) for flag in flags]
    return np.stack(each, axis=1)


def interpolated(weights, place, right, counted, total):
    """Return the precision at RECALLS, (b, 101), of detections by falling score.

    `place` (d,) are their groups, `right` and `counted` (d,) bool, `total` (b,) the weight of the
    boxes. As COCO has it: at each recall the largest precision at that recall or beyond, 0 where no
    detection reaches so far.
    """
    hits = np.cumsum(weights[:, place[right]], axis=1)
    so_far = np.cumsum(between_hits(weights, place, right, counted), axis=1)
    best = np.maximum.accumulate(np.nan_to_num(ratio(hits, so_far))[:, ::-1], axis=1)[:, ::-1]
    best = np.concatenate([best, np.zeros((len(best), 1))], axis=1)
    reached = ratio(hits, np.broadcast_to(total[:, None], hits.shape))
    found = np.full((len(weights), len(RECALLS)), np.nan)
    for k in np.flatnonzero(total > 0):
        found[k] = best[k, np.searchsorted(reached[k], RECALLS, side="left")]
    return found


def between_hits(weights, place, right, counted):
    """Return the weight, (b, hits), of what counts from after one right detection to the next one.

    What comes after the last one cannot change a precision and is left out, which most is.
    """
    n = int(right.sum())
    step = np.cumsum(right) - right  # the hit that a detection comes before, or is
    kept = counted & (step < n)
    ones = np.ones(int(kept.sum()))
    shape = (n, weights.shape[1])
    return (csr_array((ones, (step[kept], place[kept])), shape=shape) @ weights.T).T
