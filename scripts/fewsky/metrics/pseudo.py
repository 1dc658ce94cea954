"""How good a teacher's pseudo-labels are: accuracy and share kept, against the hidden labels."""

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.metrics.measures import ratio
from fewsky.metrics.predictions import (
    HIDDEN,
    budget_of,
    group_numbers,
    number_classes,
    replicates_by_budget,
    sample_of,
    whole_draws,
)
from fewsky.metrics.scores import by_experiment, shared_resamples
from fewsky.metrics.stats import estimate

THRESHOLDS = (0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
COLUMNS = ["experiment", "draw", "budget", "fold", "threshold", "n", "share", "accuracy"]


def score_pseudo(predictions, manifest, task, thresholds=THRESHOLDS, *, seed, bootstrap=1000):
    """Return one row a teacher, budget, threshold and draw, and the mean over draws as draw -1.

    `predictions` maps (experiment, draw) to a prediction table with the part `unlabelled`. Among
    the unlabelled objects whose largest probability is at least `threshold`: `n`, their `share` of
    all, and the share whose pseudo-label (the most probable class) is the hidden label,
    `accuracy`; `accuracy_<class>` is that of the objects which are of the class. `lower` and
    `upper` bound the mean accuracy. Folds have rows of their own; fold -1 stands for all of a draw,
    where `n` counts predictions, one an object and fold that does not hold it. What no object
    tells is NaN. Raises FewskyError where a teacher has not predicted unlabelled objects.
    """
    objects = manifest.set_index("object_id")
    rows = []
    for name, frames in by_experiment(predictions).items():
        steps = replicates_by_budget(frames, objects, task["classes"], name, HIDDEN)
        if not steps:
            raise FewskyError(
                f"pseudo-labels of {name}: wanted predictions of unlabelled objects; found none. "
                "Give the split an unlabelled_fraction, or take the experiment out of teachers."
            )
        told = (objects, task["classes"], thresholds, bootstrap, seed)
        rows += [{"experiment": name, **row} for cell in steps for row in judge(cell, *told)]
    columns = [*COLUMNS, *(f"accuracy_{c}" for c in task["classes"]), "lower", "upper"]
    return pd.DataFrame(rows).reindex(columns=columns)


def judge(replicates, objects, classes, thresholds, bootstrap, seed):
    """Yield the rows of one teacher and budget."""
    group, n_groups = group_numbers(replicates, objects)
    truth = number_classes(objects["label"].to_numpy(), classes)
    whole = whole_draws(replicates)
    folds = [one for one in replicates if one.fold >= 0]
    samples = {id(one): sample_of(one, truth, group) for one in (*whole, *folds)}
    resamples = shared_resamples(n_groups, len(whole), bootstrap, seed)
    for threshold in thresholds:
        for one in (*whole, *folds):
            counts = count_right(samples[id(one)], threshold, n_groups, len(classes))
            found = {name: values[0] for name, values in shares(counts, classes).items()}
            place = {"draw": one.draw, "budget": int(one.budget), "fold": one.fold}
            yield {**place, "threshold": threshold, **found}
        counts = np.stack(
            [count_right(samples[id(one)], threshold, n_groups, len(classes)) for one in whole]
        )
        mean = mean_row(counts, resamples, classes, n_groups)
        place = {"draw": -1, "budget": budget_of(replicates), "fold": -1}
        yield {**place, "threshold": threshold, **mean}


def count_right(sample, threshold, n_groups, classes):
    """Return by group the number of all objects and of those kept and right: (groups, 1 + 2 c).

    After the first column come, by true class, those kept and then those kept and right.
    """
    kept = sample.probability.max(axis=1) >= threshold
    right = kept & (sample.probability.argmax(axis=1) == sample.truth)
    counts = np.zeros((n_groups, 1 + 2 * classes))
    np.add.at(counts, (sample.group, 0), 1)
    np.add.at(counts, (sample.group, 1 + sample.truth), kept)
    np.add.at(counts, (sample.group, 1 + classes + sample.truth), right)
    return counts


def shares(counts, classes, weights=None):
    """Return n, share and accuracies, each (b,), of counts (groups, 1 + 2 c) and group weights."""
    c = len(classes)
    total = (np.ones((1, len(counts))) if weights is None else weights) @ counts
    kept, right = total[:, 1 : 1 + c], total[:, 1 + c :]
    found = {"n": kept.sum(1), "share": ratio(kept.sum(1), total[:, 0])}
    found["accuracy"] = ratio(right.sum(1), kept.sum(1))
    each = ratio(right, kept)
    return found | {f"accuracy_{name}": each[:, k] for k, name in enumerate(classes)}


def mean_row(counts, resamples, classes, n_groups):
    """Return the means over replicates of counts (replicates, groups, 1 + 2 c), with bounds."""
    table = pd.DataFrame([{k: v[0] for k, v in shares(one, classes).items()} for one in counts])
    mean = table.mean().to_dict()
    whole = table["accuracy"].to_numpy(float)
    if np.isnan(whole).all():
        return mean
    resampled = [shares(one, classes, resamples.groups)["accuracy"] for one in counts]
    found = estimate(whole, np.stack(resampled, axis=1), resamples, n_groups, (0.0, 1.0))
    return mean | {"lower": float(found.lower), "upper": float(found.upper)}
