"""The tidy table of a task with targets: how far predicted values lie from the catalogue's."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.metrics.measures import ratio
from fewsky.metrics.predictions import KEY, budget_of, group_numbers
from fewsky.metrics.scores import COLUMNS, by_experiment, shared_resamples
from fewsky.metrics.stats import estimate
from fewsky.splits.labels import target_values

BLOCK = 2_000_000  # weights of objects at a time
LIMITS = {
    "mae_over_error": (0.0, np.inf),
    "mae": (0.0, np.inf),
    "bias": (-np.inf, np.inf),
    "r2": (-np.inf, 1.0),
}


class Guess(NamedTuple):
    """One model's test objects: rows of the object table (n,), truth and prediction (n, target)."""

    draw: int
    fold: int
    budget: int
    rows: np.ndarray
    truth: np.ndarray
    found: np.ndarray


def score_targets(predictions, manifest, catalog, task, settings, *, seed):
    """Return the metrics of a task with targets as a tidy table, columns as of `scores.score_task`.

    For each target column, in its own unit and over the objects where it is known: mae_COLUMN, the
    mean absolute difference; bias_COLUMN, the mean of predicted minus catalogued; r2_COLUMN, the
    share of variance explained; and where the task names `errors`, mae_over_error_COLUMN, the
    median of the absolute difference over the catalogue's own error. Rows with draw -1 hold the
    mean over draws with its 95 % interval; `n` counts the objects where the column is known. A task
    without target columns has an empty table.
    """
    targets, objects = task["targets"], manifest.set_index("object_id")
    errors = catalogued_errors(catalog, objects.index, targets)
    rows = []
    for name, frames in by_experiment(predictions).items() if targets["columns"] else ():
        for cell in guesses_by_budget(frames, objects, targets["columns"], name):
            for row in score_cell(cell, objects, errors, targets["columns"], settings, seed):
                rows.append({"experiment": name, **row})
    return pd.DataFrame(rows, columns=COLUMNS)


def catalogued_errors(catalog, names, targets):
    """Return the catalogue's errors, (objects, target), NaN where unknown or not above 0, or None.

    None stands for a task that names none.
    """
    if not targets["errors"]:
        return None
    known = catalog.set_index("object_id").reindex(names)
    errors = target_values(known, {"columns": targets["errors"]})
    return np.where(errors > 0, errors, np.nan)


def guesses_by_budget(frames, objects, columns, name):
    """Return lists of Guesses, one a budget, smallest first, from {draw: prediction table}.

    The folds of a cross-validation come in lists of their own, as `replicates_by_budget` has it.
    """
    steps = {}
    for draw, frame in sorted(frames.items()):
        check_frame(frame, objects, columns, f"predictions of {name}, draw {draw}")
        tested = frame[frame["part"] == "test"].drop_duplicates(KEY)
        for fold, folded in tested.groupby("fold"):
            for step, (budget, cell) in enumerate(folded.groupby("budget")):
                truth, found = (
                    cell[[f"{side}_{c}" for c in columns]].to_numpy(float) for side in "ty"
                )
                rows = objects.index.get_indexer(cell["object_id"])
                one = Guess(draw, fold, budget, rows, truth, found)
                steps.setdefault((fold >= 0, step), []).append(one)
    return [steps[step] for step in sorted(steps)]


def check_frame(frame, objects, columns, where):
    """Raise FewskyError where a table lacks columns, test objects or a prediction."""
    missing = [
        c for c in [*KEY, *(f"{side}_{c}" for c in columns for side in "ty")] if c not in frame
    ]
    if missing:
        raise FewskyError(f"{where}: wanted the column {missing[0]}; found none. Train again.")
    tested = frame[frame["part"] == "test"]
    unknown = int((~tested["object_id"].isin(objects.index)).sum())
    if tested.empty or unknown:
        found = "none" if tested.empty else f"{unknown} others"
        raise FewskyError(
            f"{where}: wanted test objects of the manifest; found {found}. Train again."
        )
    lost = int((~np.isfinite(tested[[f"y_{c}" for c in columns]].to_numpy(float))).sum())
    if lost:
        raise FewskyError(
            f"{where}: wanted finite predictions; found {lost} others. Lower the learning rate and "
            "train again."
        )


def score_cell(guesses, objects, errors, columns, settings, seed):
    """Yield the rows of one experiment and budget: each draw, each fold, and their means."""
    group, n_groups = group_numbers(guesses, objects)
    told = {"budget": budget_of(guesses), "reference": "catalogue", "subset": "all"}
    for place, chosen in places(guesses):
        where = {**told, **place}
        draws = shared_resamples(n_groups, len(chosen), settings["bootstrap"], seed)
        whole, resampled = (
            measure(chosen, group, errors, columns, weights)
            for weights in (np.ones((1, n_groups)), draws.groups)
        )
        values = [np.stack(list(table.values()), axis=-1) for table in (whole, resampled)]
        present = len(np.unique(group[np.concatenate([one.rows for one in chosen])]))
        limits = tuple(np.array(edge) for edge in zip(*map(limits_of, whole), strict=True))
        found = estimate(values[0][0], values[1], draws, present, limits)
        counts = count_known(chosen, errors, columns)
        for k, metric in enumerate(whole):
            n = counts[metric]
            ends = {"value": found.value[k], "lower": found.lower[k], "upper": found.upper[k]}
            yield {**where, "draw": -1, "metric": metric, **ends, "n": int(np.mean(n))}
            for one, value, own in zip(chosen, values[0][0, :, k], n, strict=True):
                told_here = {**where, "draw": one.draw, "budget": int(one.budget), "n": own}
                yield {**told_here, "metric": metric, "value": value}


def limits_of(metric):
    """Return the smallest and largest value that a measure can take."""
    return next(ends for stem, ends in LIMITS.items() if metric.startswith(f"{stem}_"))


def places(guesses):
    """Return what is scored together: each fold's draws as test, then whole draws as `folds`."""
    folds = sorted({one.fold for one in guesses})
    found = [
        ({"fold": fold, "part": "test"}, [one for one in guesses if one.fold == fold])
        for fold in folds
    ]
    if folds == [-1]:
        return found
    draws = {}
    for one in guesses:
        draws.setdefault(one.draw, []).append(one)
    whole = [joined(several) for _, several in sorted(draws.items())]
    return [*found, ({"fold": -1, "part": "folds"}, whole)]


def joined(folds):
    """Return the folds of a draw, which test each object once, as one Guess."""
    parts = (np.concatenate([getattr(one, key) for one in folds]) for key in Guess._fields[3:])
    return Guess(folds[0].draw, -1, budget_of(folds), *parts)


def measure(guesses, group, errors, columns, weights):
    """Return all measures by name, (b, draws) each, for weights of groups (b, groups)."""
    found = {}
    for k, name in enumerate(columns):
        each = [of_column(one, k, group, errors, weights) for one in guesses]
        found |= {f"{m}_{name}": np.stack([one[m] for one in each], axis=-1) for m in each[0]}
    return found


def of_column(one, k, group, errors, weights):
    """Return the measures of one target in one draw, (b,) each."""
    rows, truth, apart = known_of(one, k)
    place = group[rows]
    centred = truth - truth.mean() if len(truth) else truth
    terms = (np.ones(len(rows)), abs(apart), apart, apart**2, centred, centred**2)
    sums = [np.bincount(place, term, minlength=weights.shape[1]) for term in terms]
    n, absolute, signed, squares, total, square = (weights @ term for term in sums)
    found = {"mae": ratio(absolute, n), "bias": ratio(signed, n)}
    found["r2"] = 1 - ratio(squares, square - ratio(total**2, n))
    if errors is not None:
        over = abs(apart) / errors[rows, k]
        kept = np.isfinite(over)
        found["mae_over_error"] = medians(over[kept], place[kept], weights)
    return found


def known_of(one, k):
    """Return rows, true values and differences of the objects where a target is known, (n,) each.

    A difference is predicted minus catalogued.
    """
    kept = np.isfinite(one.truth[:, k])
    truth = one.truth[kept, k]
    return one.rows[kept], truth, one.found[kept, k] - truth


def medians(values, place, weights):
    """Return the weighted medians, (b,), of values (n,) whose groups weigh `weights` (b, groups).

    Where half of the weight lies below a value it is the mean of that and the next one.
    """
    if not len(values):
        return np.full(len(weights), np.nan)
    order = np.argsort(values, kind="stable")
    values, place = values[order], place[order]
    found = []
    for some in np.array_split(weights, min(len(weights), len(weights) * len(values) // BLOCK + 1)):
        running = np.cumsum(some[:, place], axis=1)
        half = running[:, -1:] / 2
        ends = [(edge).argmax(axis=1) for edge in (running >= half, running > half)]
        middle = (values[ends[0]] + values[ends[1]]) / 2
        found.append(np.where(half[:, 0] > 0, middle, np.nan))
    return np.concatenate(found)


def count_known(guesses, errors, columns):
    """Return by measure the number of objects that it counts in each draw."""
    counts = {}
    for k, name in enumerate(columns):
        rows = [known_of(one, k)[0] for one in guesses]
        counts |= {f"{m}_{name}": list(map(len, rows)) for m in ("mae", "bias", "r2")}
        if errors is not None:
            known = [int(np.isfinite(errors[some, k]).sum()) for some in rows]
            counts[f"mae_over_error_{name}"] = known
    return counts
