"""Starts of the atlas held against each other: paired differences, of one task or of two.

Two tasks can be paired where they test the same objects under the same labels in the same groups,
and learn from the same draws: tasks that differ in the bands they see, for example.
"""

import numpy as np
import pandas as pd

from fewsky.metrics.curves import AREA, Curve, difference, read_cells, values_of, with_area
from fewsky.metrics.predictions import budget_of, group_numbers, number_classes, sample_of
from fewsky.metrics.scores import by_experiment, shared_resamples
from fewsky.metrics.stats import minimum_detectable, two_sided

COLUMNS = ["a", "b", "way", "budget", "metric", "difference", "lower", "upper", "p"]
COLUMNS += ["detectable", "draws"]
TESTED = ["object_id", "label", "group"]
SEEN = ["budget", "part", "object_id"]


def score_contrasts(predictions, manifest, others, task, pairs, settings, *, seed):
    """Return one row a pair and point, budget 0 for the area: the difference a - b with its p.

    `predictions` maps (experiment, draw) to a prediction table; `pairs` hold the experiments a and
    b, their way, and the task of b, whose manifest is in `others` by its name where it is another
    one. All pairs are on the draws that every experiment of them has, with the resamples of the
    curves; only `settings["metric"]` is told. A pair of two tasks that do not test the same objects
    or have not seen the same ones is left out, since it cannot be paired.
    """
    objects, frames = manifest.set_index("object_id"), by_experiment(predictions)
    known = [
        pair
        for pair in pairs
        if pair["task"] not in others
        or (same_test(manifest, others[pair["task"]]) and same_draws(frames, pair["a"], pair["b"]))
    ]
    names = sorted({pair[side] for pair in known for side in "ab"})
    if not names:
        return pd.DataFrame(columns=COLUMNS)
    cells = read_cells(frames, objects, task["classes"], names)
    group, n_groups = group_numbers([one for cell in cells.values() for one in cell[0]], objects)
    truth = number_classes(objects["label"].to_numpy(), task["classes"])
    resamples = shared_resamples(n_groups, len(cells[names[0]][0]), settings["bootstrap"], seed)
    curves = {
        name: curve_of(
            [[sample_of(one, truth, group) for one in cell] for cell in steps],
            [budget_of(cell) for cell in steps],
            task["classes"],
            settings["metric"],
            resamples.groups,
        )
        for name, steps in cells.items()
    }
    found = [contrast(pair, cells, curves, resamples, n_groups) for pair in known]
    return pd.concat(found, ignore_index=True).assign(metric=settings["metric"])[COLUMNS]


def same_test(manifest, other):
    """Return whether two manifests test the same objects, with the same labels and groups."""
    sides = (one.loc[one["part"] == "test", TESTED].astype(str) for one in (manifest, other))
    told = [side.sort_values("object_id").to_numpy().tolist() for side in sides]
    return told[0] == told[1]


def same_draws(frames, a, b):
    """Return whether two experiments have learned from the same objects in all shared draws."""
    seen = [
        {draw: frozenset(learned_from(frames[name][draw])) for draw in frames[a].keys() & frames[b]}
        for name in (a, b)
    ]
    return bool(seen[0]) and seen[0] == seen[1]


def learned_from(table):
    """Return what a prediction table has learned from: (budget, part, object) of each label."""
    seen = table.loc[table["part"].isin(["train", "val"]), SEEN]
    return seen.itertuples(index=False, name=None)


def curve_of(samples, budgets, classes, metric, weights):
    """Return the Curve of one experiment, with its area, in one measure."""
    whole, resampled = (
        with_area(values_of(samples, some, classes, [metric]), budgets)
        for some in (np.ones((1, weights.shape[1])), weights)
    )
    return Curve(whole[0], resampled)


def contrast(pair, cells, curves, resamples, n_groups):
    """Return the rows of one pair."""
    budgets = [budget_of(cell) for cell in cells[pair["a"]]]
    found = difference(curves[pair["a"]], curves[pair["b"]], resamples, n_groups)
    told = {
        "difference": found.value,
        "lower": found.lower,
        "upper": found.upper,
        "p": two_sided(found),
        "detectable": minimum_detectable(found.error, found.freedom),
    }
    where = {key: pair[key] for key in ("a", "b", "way")}
    where["budget"] = [AREA, *budgets] if len(budgets) > 1 else budgets
    flat = {key: np.ravel(values) for key, values in told.items()}
    return pd.DataFrame({**where, **flat, "draws": len(cells[pair["a"]][0])})
