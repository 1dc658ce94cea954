"""Scores under shift: test fields of the training fields' own run and camcol, and of others.

A prior correction is found for each side apart and without its labels; a temperature is fitted on
the validation objects inside the budget, never on the test part.
"""

import numpy as np
import pandas as pd

from fewsky.metrics.predictions import (
    budget_of,
    group_numbers,
    number_classes,
    probabilities,
    replicates_by_budget,
    sample_of,
)
from fewsky.metrics.sample import describe
from fewsky.metrics.scores import bootstrap, by_experiment
from fewsky.metrics.subsets import subset_masks
from fewsky.metrics.temperature import apply_temperature, fit_temperature

SIDES = ("inside", "outside")
WANTED = ("auroc", "accuracy", "balanced_accuracy", "accuracy_prior_corrected", "ece")
CALIBRATED = "ece_calibrated"
COLUMNS = ["experiment", "side", "subset", "metric", "value", "lower", "upper", "n", "budget"]


def score_shift(predictions, manifest, catalog, task, settings, *, seed):
    """Return a tidy table with COLUMNS: means over draws with 95 % intervals.

    `predictions` maps (experiment, draw) to a table, `catalog` has the measured columns joined,
    `settings` is paper.scoring. Subsets are all, snr>CUT and matched in magnitude. `ece` is of the
    probabilities as stated, `ece_calibrated` at the temperature of the validation objects;
    `recall_CLASS` is the completeness of a class, which fields with labels of one class have too.
    Nothing else has a value there: the accuracy would be that completeness, and a correction of the
    shares would call all objects alike. A side without a test object has no row.
    """
    classes, objects = task["classes"], describe(manifest, catalog)
    number = number_classes(objects["label"], classes)
    outside = sides(objects)
    masks = subset_masks(objects, number, settings, np.random.default_rng(seed))
    masks = {name: mask for name, mask in masks.items() if is_shown(name)}
    rows = []
    for experiment, frames in by_experiment(predictions).items():
        for side in SIDES:
            chosen = objects.index[outside if side == "outside" else ~outside]
            own = {draw: restricted(frame, chosen) for draw, frame in frames.items()}
            own = {draw: frame for draw, frame in own.items() if (frame["part"] == "test").any()}
            told = {"experiment": experiment, "side": side}
            found = score_side(own, objects, number, masks, classes, settings, seed, experiment)
            rows += [{**told, **row} for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


def sides(objects):
    """Return which objects, (n,) bool, are of a run and camcol that no training object is of."""
    place = objects["run"].astype(str) + "-" + objects["camcol"].astype(str)
    seen = set(place[objects["part"].isin(["pool", "train", "val"])])
    return ~place.isin(seen).to_numpy()


def is_shown(subset):
    """Return whether a subset is one of those told: all, above a cut, matched in magnitude."""
    return subset == "all" or subset.startswith(("snr>", "matched "))


def restricted(frame, chosen):
    """Return a prediction table with those of its test objects that are among the chosen."""
    return frame[(frame["part"] != "test") | frame["object_id"].isin(chosen)]


def calibrated(frame, classes):
    """Return a prediction table at the temperature of each run's own validation objects."""
    names, parts = [f"p_{name}" for name in classes], []
    for _, run in frame.groupby(["budget", "fold"], sort=False):
        val = run[run["part"] == "val"]
        truth = number_classes(val["label"], classes)
        temperature = fit_temperature(probabilities(val, classes), truth) if len(val) else 1.0
        stated = apply_temperature(probabilities(run, classes), temperature)
        parts.append(run.assign(**dict(zip(names, stated.T, strict=True))))
    return pd.concat(parts)


def score_side(frames, objects, number, masks, classes, settings, seed, experiment):
    """Yield the rows of one experiment on one side."""
    wanted = [*WANTED, *(f"recall_{name}" for name in classes)]
    plain = replicates_by_budget(frames, objects, classes, experiment) if frames else []
    after = {draw: calibrated(frame, classes) for draw, frame in frames.items()}
    tempered = replicates_by_budget(after, objects, classes, experiment) if frames else []
    for one, other in zip(plain, tempered, strict=True):
        group, n_groups = group_numbers(one, objects)
        for subset, mask in masks.items():
            told = (n_groups, subset, classes, settings, seed)
            found = measured(one, number, group, mask, *told)
            found |= {CALIBRATED: measured(other, number, group, mask, *told).get("ece")}
            n = int(np.mean([(mask[run.rows] & (number[run.rows] >= 0)).sum() for run in one]))
            where = {"subset": subset, "n": n, "budget": budget_of(one)}
            if not np.isfinite(found.get("auroc", [np.nan])[0]):  # all of one class
                found |= {name: 3 * (np.nan,) for name in found if not name.startswith("recall_")}
            for metric in [*wanted, CALIBRATED]:
                if found.get(metric) is not None:
                    cells = dict(zip(("value", "lower", "upper"), found[metric], strict=True))
                    yield {**where, "metric": metric, **cells}


def measured(replicates, number, group, mask, n_groups, subset, classes, settings, seed):
    """Return {metric: (value, lower, upper)} of a subset; nothing where it holds no object."""
    samples = [sample_of(one, number, group, mask) for one in replicates]
    samples = [sample for sample in samples if len(sample.truth)]
    if not samples:
        return {}
    names, _, found = bootstrap(samples, n_groups, subset, classes, settings, seed)
    return {name: values for name, *values in zip(names, *found[:3], strict=True)}
