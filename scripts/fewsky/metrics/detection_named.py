"""Detection and classification as one: is each true galaxy found, and is it rightly named?

A detection finds a galaxy where their boxes overlap by IoU .50 or more, whatever either is called;
the best score chooses first, and each finds one at most (COCO's matching). A difficult galaxy and
what finds it count for nothing.
"""

import numpy as np
import pandas as pd

from fewsky.boxes.table import EDGES
from fewsky.metrics.detection_matches import coco_sides, evaluate, matched_pairs
from fewsky.metrics.detection_tables import detections_by_budget, places, read_boxes, reference_of
from fewsky.metrics.measures import ratio
from fewsky.metrics.predictions import budget_of, group_numbers
from fewsky.metrics.scores import COLUMNS, by_experiment, shared_resamples
from fewsky.metrics.stats import estimate

OVERLAP = 0.5
RIGHT, MISNAMED, MISSED, INVENTED = "found and rightly named", "misnamed", "missed", "invented"
SHARES = {RIGHT: "found_right", MISNAMED: "misnamed", MISSED: "missed"}
MANY = 1_000_000  # detections an image: all


def judge(rows, true, found):
    """Return one row a true galaxy and one an invented detection, for images `rows` (n,).

    `true` and `found` are tables of detection_tables, labels being classes. Columns: image, outcome
    (one of RIGHT, MISNAMED, MISSED, INVENTED), label (the true class, "" where invented), named
    (the class said, "" where missed), score (NaN where missed), x0, y0, x1, y1 (of the detection,
    else of the galaxy).
    """
    true = true[true["image"].isin(rows)].reset_index(drop=True)
    found = found.reset_index(drop=True)
    pairs = any_class_pairs(rows, true, found).tolist()
    finder = {box: detection for detection, box in pairs}
    hard = true["difficult"].to_numpy(bool)
    told = [one_galaxy(true, found, k, finder.get(k)) for k in np.flatnonzero(~hard)]
    told += [
        {**one, "outcome": INVENTED, "label": "", "named": one["label"]}
        for one in found.drop(index=[k for k, _ in pairs]).to_dict("records")
    ]
    table = pd.DataFrame(told, columns=["image", "outcome", "label", "named", "score", *EDGES])
    return table.sort_values(["image", *EDGES], kind="stable", ignore_index=True)


def any_class_pairs(rows, true, found):
    """Return the pairs (k, 2) of detections and boxes that match, whatever their classes."""
    sides = coco_sides(rows, true.assign(label="any"), found.assign(label="any"), ["any"])
    return matched_pairs(evaluate(sides, [OVERLAP], most=(1, 10, MANY)))


def one_galaxy(true, found, box, detection):
    """Return the row of one true galaxy and the detection that finds it, or None."""
    one = true.loc[box].to_dict()
    if detection is None:
        return {**one, "outcome": MISSED, "named": "", "score": np.nan}
    seen = found.loc[detection].to_dict()
    outcome = RIGHT if seen["label"] == one["label"] else MISNAMED
    return {**one, **seen, "label": one["label"], "named": seen["label"], "outcome": outcome}


def score_named(predictions, boxes, manifest, classes, settings, *, seed):
    """Return how detection followed by classification does, as a tidy table (scores.COLUMNS).

    `predictions` maps (experiment, draw) to a prediction table whose label is the class named, at
    the score that it is used at (best_score); `boxes` are labelled by the true class. Metrics:
    found_right, misnamed and missed, shares of the true galaxies; found, the first two; invented,
    a share of the detections; invented_per_image; right_of_found. Of each class, subset
    "class NAME": the first three of its own galaxies, and purity, the share of the detections so
    named that are right. `n` counts galaxies.
    """
    images = manifest.set_index("object_id")
    true = read_boxes(boxes, images, classes)
    rows = []
    for name, frames in by_experiment(predictions).items():
        for cell in detections_by_budget(frames, images, classes, name):
            told = {"experiment": name, "reference": reference_of(true)}
            found = score_cell(cell, true, images, classes, {**settings, "seed": seed})
            rows += [{**told, **row} for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


def score_cell(cell, true, images, classes, settings):
    """Yield the rows of one experiment and budget: each draw, each fold, and their means."""
    group, n_groups = group_numbers(cell, images)
    for place, chosen in places(cell):
        draws = shared_resamples(n_groups, len(chosen), settings["bootstrap"], settings["seed"])
        judged = [judge(one.rows, true, one.found) for one in chosen]
        per_group = [np.bincount(group[one.rows], minlength=n_groups) for one in chosen]
        for subset in ("all", *(f"class {name}" for name in classes)):
            where = {"budget": budget_of(chosen), **place, "subset": subset}
            given = zip(judged, per_group, strict=True)
            tables = [counts(one, n, group, subset) for one, n in given]
            if any(table["galaxies"].any() for table in tables):
                yield from stated(tables, where, chosen, draws)


def counts(judged, per_group, group, subset):
    """Return by name what adds up, (groups,) each: galaxies, their outcomes, detections, images."""
    name = subset.removeprefix("class ")
    mine = (judged["label"] == name) if subset != "all" else (judged["label"] != "")
    said = (judged["named"] == name) if subset != "all" else (judged["named"] != "")
    outcome = judged["outcome"]
    masks = {"galaxies": mine, "detections": said, "invented": said & (outcome == INVENTED)}
    masks |= {short: mine & (outcome == long) for long, short in SHARES.items()}
    place = group[judged["image"].to_numpy(int)]
    size = len(per_group)
    told = {key: np.bincount(place[mask], minlength=size) for key, mask in masks.items()}
    return {**told, "images": per_group}


def shares(table, weights, whole):
    """Return the measures by name, (b,), of what `counts` gives, for weights (b, groups)."""
    total = {key: weights @ value for key, value in table.items()}
    found = {name: ratio(total[name], total["galaxies"]) for name in SHARES.values()}
    if not whole:
        return found | {"purity": ratio(total["found_right"], total["detections"])}
    seen = total["found_right"] + total["misnamed"]
    found["found"] = ratio(seen, total["galaxies"])
    found["right_of_found"] = ratio(total["found_right"], seen)
    found["invented"] = ratio(total["invented"], total["detections"])
    found["invented_per_image"] = ratio(total["invented"], total["images"])
    return found


def stated(tables, where, chosen, draws):
    """Yield the rows of one subset: the mean with its interval, and each draw."""
    whole = where["subset"] == "all"
    ones = np.ones_like(draws.groups[:1])
    each = [[shares(one, w, whole) for one in tables] for w in (ones, draws.groups)]
    names = list(each[0][0])
    value, again = (
        np.stack([np.column_stack(list(one.values())) for one in some], axis=1) for some in each
    )
    upper = np.array([np.inf if name == "invented_per_image" else 1.0 for name in names])
    base = "images" if whole else "galaxies"
    present = int(np.any([table[base] > 0 for table in tables], axis=0).sum())
    told = estimate(value[0], again, draws, present, (np.zeros(len(names)), upper))
    n = [int(table["galaxies"].sum()) for table in tables]
    mean = {**where, "draw": -1, "n": int(np.mean(n))}
    for metric, middle, low, high in zip(names, *told[:3], strict=True):
        yield {**mean, "metric": metric, "value": middle, "lower": low, "upper": high}
    for one, count, line in zip(chosen, n, value[0], strict=True):
        own = {**where, "draw": one.draw, "budget": int(one.budget), "n": count}
        yield from ({**own, "metric": m, "value": v} for m, v in zip(names, line, strict=True))


def best_score(rows, true, found):
    """Return the score at which detections have the largest F1 at IoU .50, and that F1.

    To be chosen on validation images. NaN and 0 where nothing is found.
    """
    true = true[true["image"].isin(rows)].reset_index(drop=True)
    pairs = any_class_pairs(rows, true, found)
    counted = ~true["difficult"].to_numpy(bool)
    right, said = np.zeros(len(found), bool), np.ones(len(found), bool)
    right[pairs[:, 0]] = said[pairs[:, 0]] = counted[pairs[:, 1]]
    score = found["score"].to_numpy(float)
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)[: len(order)]  # equal scores enter together
    hits, named = np.cumsum(right[order])[last], np.cumsum(said[order])[last]
    f1 = np.nan_to_num(ratio(2 * hits, named + counted.sum()))
    if not hits.any():
        return np.nan, 0.0
    best = int(f1.argmax())
    return float(score[order][last][best]), float(f1[best])
