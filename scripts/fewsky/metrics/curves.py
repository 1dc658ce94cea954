"""Curves of score against number of labels, and what each gains over training from nothing.

Intervals are those of the hierarchical bootstrap (`stats`): sky groups of the test part first, then
draws of labels. All experiments, budgets and areas of a task share the same resamples, so that
differences are paired by test object and by draw.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.metrics.measures import LOWER_IS_BETTER, RANKED, measure
from fewsky.metrics.predictions import (
    budget_of,
    group_numbers,
    number_classes,
    replicates_by_budget,
    sample_of,
)
from fewsky.metrics.scores import by_experiment, limits, shared_resamples
from fewsky.metrics.stats import estimate, minimum_detectable, two_sided

AREA = 0  # stands for the budget in the rows of areas
METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "auroc")
COLUMNS = ["experiment", "start", "way", "budget", "metric", "value", "lower", "upper"]
COLUMNS += ["gain", "gain_lower", "gain_upper", "gain_p", "gain_detectable", "draws", "n"]


class Curve(NamedTuple):
    """Values of one experiment, (replicates, point, metric), and resampled, (b, replicates, ...).

    The points are its area, where it has several budgets, and then the budgets, rising.
    """

    whole: np.ndarray
    resampled: np.ndarray


def score_curves(predictions, manifest, task, rows, settings, *, seed):
    """Return the curves of a task of the atlas: one row an experiment, point and metric.

    `predictions` maps (experiment, draw) to a prediction table; `rows` are those of Plan.atlas of
    this task; `settings` has `metric` and `bootstrap`. All is on the draws that every experiment
    has. `value`, `lower`, `upper` are the mean over draws, `gain` its difference from what the row
    is held `against`, a training from nothing, with its interval, its two-sided p and the smallest
    true difference that would have been found with a power of 80 %; `draws` and `n` count draws and
    test objects. Areas stand at budget 0. Raises FewskyError where budgets or test parts differ, or
    the metric is none whose increase is good.
    """
    objects, names = manifest.set_index("object_id"), [row["experiment"] for row in rows]
    cells = read_cells(by_experiment(predictions), objects, task["classes"], names)
    budgets = shared_budgets(cells)
    group, n_groups = group_numbers([one for steps in cells.values() for one in steps[0]], objects)
    truth = number_classes(objects["label"].to_numpy(), task["classes"])
    samples = {
        name: [[sample_of(one, truth, group) for one in cell] for cell in steps]
        for name, steps in cells.items()
    }
    told = (task["classes"], n_groups, settings)
    return estimate_curves(samples, budgets, rows, *told, seed=seed)


def read_cells(frames, objects, classes, names):
    """Return by experiment its lists of Replicates, one a budget, on the draws that all have."""
    draws = sorted(set.intersection(*(set(frames[name]) for name in names)))
    if not draws:
        raise FewskyError(
            f"curves of {', '.join(names)}: wanted a draw that all have; found none. Train all on "
            "the same draws."
        )
    return {
        name: replicates_by_budget({k: frames[name][k] for k in draws}, objects, classes, name)
        for name in names
    }


def shared_budgets(cells):
    """Return the budgets of all experiments; raise FewskyError where they cannot be paired.

    "all" may differ by a few labels from draw to draw: a budget is their median.
    """
    first, *others = cells
    told = {name: [(len(c), budget_of(c)) for c in steps] for name, steps in cells.items()}
    tested = {
        name: {frozenset(one.rows) for cell in steps for one in cell}
        for name, steps in cells.items()
    }
    for name in others:
        if told[name] != told[first]:
            ours, theirs = ([budget for _, budget in told[one]] for one in (name, first))
            raise FewskyError(
                f"curve of {name}: wanted the budgets {theirs} of {first} in every draw; found "
                f"{ours}. Train both on the same budgets."
            )
    if len(set.union(*tested.values())) > 1:
        raise FewskyError(
            f"curves of {', '.join(cells)}: wanted one test part; found several. Train them on one "
            "split."
        )
    return [budget for _, budget in told[first]]


def estimate_curves(samples, budgets, rows, classes, n_groups, settings, *, seed):
    """Return the table of `score_curves` from {experiment: Samples (budget, replicate)}."""
    names = list(dict.fromkeys([settings["metric"], *METRICS]))
    n_draws = len(next(iter(samples.values()))[0])
    resamples = shared_resamples(n_groups, n_draws, settings["bootstrap"], seed)
    all_once = np.ones((1, n_groups))
    curves = {
        name: Curve(
            with_area(values_of(steps, all_once, classes, names), budgets)[0],
            with_area(values_of(steps, resamples.groups, classes, names), budgets),
        )
        for name, steps in samples.items()
    }
    table = tabulate(curves, budgets, names, rows, resamples, n_groups)
    sizes = {name: len(steps[0][0].truth) for name, steps in samples.items()}
    return table.assign(draws=n_draws, n=table["experiment"].map(sizes))[COLUMNS]


def values_of(steps, weights, classes, names):
    """Return the values (b, replicates, budget, metric) for weights (b, groups)."""
    ranked = tuple(name for name in RANKED if name in names)
    tables = [measure(samples, weights, classes, ranked=ranked) for samples in steps]
    if names[0] not in tables[0] or names[0] in LOWER_IS_BETTER:
        raise FewskyError(
            f"curves: wanted a measure that grows with skill, as {', '.join(METRICS)}; "
            f"found {names[0]}. Choose another paper.self-supervision.metric."
        )
    return np.stack([np.stack([t[name] for name in names], axis=-1) for t in tables], axis=-2)


def with_area(values, budgets):
    """Return values (..., budget, metric) with their area before them; one budget has none."""
    if len(budgets) < 2:
        return values
    return np.concatenate([area(values, budgets)[..., None, :], values], axis=-2)


def area(values, budgets):
    """Return the areas (..., metric) under curves (..., budget, metric) over log(labels).

    They are divided by the width: a mean score between the smallest and the largest budget.
    """
    x = np.log(np.asarray(budgets, float))
    return np.trapezoid(values, x, axis=-2) / (x[-1] - x[0])


def tabulate(curves, budgets, names, rows, resamples, n_groups):
    """Return one row an experiment, point and metric from {experiment: Curve}, with its gain."""
    points = [AREA, *budgets] if len(budgets) > 1 else list(budgets)
    budget, metric = (grid.ravel() for grid in np.meshgrid(points, names, indexing="ij"))
    tables = []
    for row in rows:
        own = curves[row["experiment"]]
        value = estimate(*own, resamples, n_groups, limits(names))
        found = {"value": value.value, "lower": value.lower, "upper": value.upper}
        found |= gain_of(own, curves.get(row["against"]), resamples, n_groups)
        where = {key: row[key] for key in ("experiment", "start", "way")}
        flat = {key: np.ravel(values) for key, values in found.items()}
        tables.append(pd.DataFrame({**where, "budget": budget, "metric": metric, **flat}))
    return pd.concat(tables, ignore_index=True)


def gain_of(own, nothing, resamples, n_groups):
    """Return the gain over nothing by column, (point, metric); NaN where there is none to tell."""
    keys = ("gain", "gain_lower", "gain_upper", "gain_p", "gain_detectable")
    if nothing is None:
        return dict.fromkeys(keys, np.full(own.whole.shape[1:], np.nan))
    gain = difference(own, nothing, resamples, n_groups)
    detectable = minimum_detectable(gain.error, gain.freedom)
    told = (gain.value, gain.lower, gain.upper, two_sided(gain), detectable)
    return dict(zip(keys, told, strict=True))


def difference(a, b, resamples, n_groups):
    """Return the Estimate of Curve a less Curve b, (point, metric), paired in every resample."""
    return estimate(*(x - y for x, y in zip(a, b, strict=True)), resamples, n_groups)
