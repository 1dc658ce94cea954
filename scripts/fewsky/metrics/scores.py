"""The tidy table of a task: every measure of every experiment, by draw and with its interval."""

from functools import lru_cache
from itertools import chain

import numpy as np
import pandas as pd

from fewsky.metrics.measures import Sample, measure
from fewsky.metrics.nuisance import mean_score
from fewsky.metrics.predictions import (
    HIDDEN,
    budget_of,
    group_numbers,
    number_classes,
    replicates_by_budget,
    sample_of,
    whole_draws,
)
from fewsky.metrics.rankings import list_measures
from fewsky.metrics.sample import describe, describe_sample
from fewsky.metrics.stats import estimate, resample
from fewsky.metrics.subsets import FEWEST_OF_KIND, is_kind, match_truth, subset_masks

COLUMNS = ["experiment", "draw", "fold", "budget", "part", "reference", "subset"]
COLUMNS += ["metric", "value", "lower", "upper", "n"]
SEEN = ("accuracy", "balanced_accuracy", "mcc", "auroc", "log_loss")
CORE = (*SEEN, "macro_f1", "brier", "ece", "cal", "accuracy_prior_corrected")
BINNED = ("accuracy", "error_rate", "auroc")
OF_KIND = ("accuracy", "error_rate")
BY_CLASS = ("recall", "precision", "f1")


def score_task(predictions, manifest, catalog, truth, task, settings, *, seed):
    """Return the metrics of a task as a tidy table (DESIGN.md, metrics room).

    `predictions` maps (experiment, draw) to a prediction table; `catalog` has the measured columns
    joined; `truth` (ra, dec, true_class) is None where the sky is real. Rows with draw -1 hold the
    mean over draws and its 95 % interval; experiment `sample` describes the test part itself.
    `settings` is paper.scoring, with the name of the nuisance control, if any, as `nuisance`. The
    part `unlabelled` (transductive) is scored where predictions have it, against the manifest's
    hidden labels.
    """
    classes = task["classes"]
    objects = describe(manifest, catalog)
    labels = {"catalogue": objects["label"].to_numpy()}
    if truth is not None:
        labels["truth"] = match_truth(objects, truth, classes)
    cells, hidden = (
        {
            name: replicates_by_budget(frames, objects, classes, name, part)
            for name, frames in by_experiment(predictions).items()
        }
        for part in ("test", HIDDEN)
    )
    nuisance = mean_score(cells.get(settings.get("nuisance")), len(objects))
    rows = []
    for reference, label in labels.items():
        number = number_classes(label, classes)
        if (number >= 0).any():
            rng = np.random.default_rng(seed)
            masks = subset_masks(objects, number, settings, rng, nuisance)
            rows += describe_sample(objects, number, masks, classes, reference, settings)
            for name, steps in cells.items():
                ends = (classes, settings, seed)
                found = [score_cell(c, objects, reference, number, masks, *ends) for c in steps]
                found += [
                    score_unlabelled(c, objects, reference, number, *ends) for c in hidden[name]
                ]
                rows += [{"experiment": name, **row} for row in chain(*found)]
    return pd.DataFrame(rows, columns=COLUMNS)


def by_experiment(predictions):
    """Return {experiment: {draw: table}} of {(experiment, draw): table}, sorted."""
    found = {}
    for name, draw in sorted(predictions):
        found.setdefault(name, {})[draw] = predictions[name, draw]
    return found


def score_cell(replicates, objects, reference, truth, masks, classes, settings, seed):
    """Yield the rows of one experiment and budget: each draw, each fold, and their means.

    Rows over all folds of a cross-validation have the part `folds`; there a replicate is a draw
    with all its folds (`predictions.whole_draws`).
    """
    where = {"budget": budget_of(replicates), "reference": reference}
    group, n_groups = group_numbers(replicates, objects)
    for place, chosen in choose_folds(replicates):
        for subset, mask in masks.items():
            pairs = [(one, sample_of(one, truth, group, mask)) for one in chosen]
            pairs = [pair for pair in pairs if len(pair[1].truth)]
            fewest = FEWEST_OF_KIND if is_kind(subset, settings) else 1
            if max((len(sample.truth) for _, sample in pairs), default=0) >= fewest:
                told = {**where, **place, "subset": subset}
                yield from score_subset(pairs, n_groups, told, classes, settings, seed)
    if reference == "catalogue":
        for one in replicates:
            yield from score_seen(one, classes, reference)


def choose_folds(replicates):
    """Return what is scored together: each fold's draws as test, then whole draws as `folds`."""
    folds = sorted({one.fold for one in replicates})
    places = [
        ({"fold": fold, "part": "test"}, [one for one in replicates if one.fold == fold])
        for fold in folds
    ]
    whole = ({"fold": -1, "part": "folds"}, whole_draws(replicates))
    return places if folds == [-1] else [*places, whole]


def score_unlabelled(replicates, objects, reference, truth, classes, settings, seed):
    """Yield the rows of the part `unlabelled`: each draw over all its folds, and their mean.

    Under folds every object is predicted by all models but its own fold's: shares and ranks are
    over all those predictions, `n` counts objects, and what counts predictions is left out.
    """
    group, n_groups = group_numbers(replicates, objects)
    where = {"budget": budget_of(replicates), "reference": reference, "fold": -1}
    where |= {"part": HIDDEN, "subset": "all"}
    pairs = [(one, sample_of(one, truth, group)) for one in whole_draws(replicates)]
    pairs = [pair for pair in pairs if len(pair[1].truth)]
    if pairs:
        rows = score_subset(pairs, n_groups, where, classes, settings, seed)
        n = int(np.mean([len(np.unique(one.rows[truth[one.rows] >= 0])) for one, _ in pairs]))
        counted = ("confusion", "yield")
        yield from ({**row, "n": n} for row in rows if not row["metric"].startswith(counted))


def score_subset(pairs, n_groups, where, classes, settings, seed):
    """Yield the rows of one subset: the mean with its interval, and each draw but in bins."""
    samples = [sample for _, sample in pairs]
    sizes = [len(sample.truth) for sample in samples]
    names, whole, found = bootstrap(samples, n_groups, where["subset"], classes, settings, seed)
    mean = {**where, "draw": -1, "n": int(np.mean(sizes))}
    for metric, value, lower, upper in zip(names, *found[:3], strict=True):
        if is_kind(where["subset"], settings) and np.isnan(value):
            continue
        yield {**mean, "metric": metric, "value": value, "lower": lower, "upper": upper}
    lists = [{} for _ in pairs]
    if where["subset"] == "all":
        lists = [list_measures(*pair, classes, settings["top_k"]) for pair in pairs]
        for metric, value in pd.DataFrame(lists).mean().items():
            yield {**mean, "metric": metric, "value": value}
    if is_bin(where["subset"]):
        return
    for (one, _), size, values, more in zip(pairs, sizes, whole, lists, strict=True):
        own = {**where, "draw": one.draw, "budget": int(one.budget), "n": size}
        for metric, value in {**dict(zip(names, values, strict=True)), **more}.items():
            yield {**own, "metric": metric, "value": value}


def bootstrap(samples, n_groups, subset, classes, settings, seed):
    """Return the names of a subset's measures, their values by replicate, and the Estimate.

    Every experiment with the same test groups and replicates gets the same resamples.
    """
    kind = is_kind(subset, settings)
    told = classes, tuple(settings["prevalences"]), () if kind else ranked_in(subset)
    draws = shared_resamples(n_groups, len(samples), settings["bootstrap"], seed)
    whole = measure(samples, np.ones((1, n_groups)), *told)
    names = [name for name in whole if is_wanted(name, subset, classes, kind)]
    resampled = measure(samples, draws.groups, *told)
    values = [np.stack([table[name] for name in names], axis=-1) for table in (whole, resampled)]
    present = len(np.unique(np.concatenate([sample.group for sample in samples])))
    return names, values[0][0], estimate(values[0][0], values[1], draws, present, limits(names))


@lru_cache(maxsize=64)
def shared_resamples(n_groups, n_replicates, n, seed):
    """Return the resamples of a seed, the same at every call."""
    return resample(n_groups, n_replicates, n, np.random.default_rng(seed))


def limits(names):
    """Return the smallest and the largest value, (measures,) each, that the measures can take."""
    smallest = np.array([-1.0 if name.startswith("mcc") else 0.0 for name in names])
    open_ended = ("confusion", "log_loss")
    return smallest, np.array([np.inf if name.startswith(open_ended) else 1.0 for name in names])


def is_bin(subset):
    """Return whether a subset is one bin of many, scored briefly."""
    return subset != "all" and not subset.startswith(("snr>", "matched"))


def ranked_in(subset):
    """Return which of AUROC and CAL a subset gets: both, in magnitude bins AUROC, else none."""
    if is_bin(subset):
        return () if subset.startswith("neighbour") else ("auroc",)
    return ("auroc", "cal")


def is_wanted(metric, subset, classes, kind=False):
    """Return whether a measure is given for a subset: all for `all`, few for a bin or a kind."""
    if subset == "all":
        return True
    if kind:
        return metric in OF_KIND or metric in [f"recall_{c}" for c in classes]
    named = {f"{name}_{c}" for name in BY_CLASS for c in classes}
    return metric in named or metric in (BINNED if is_bin(subset) else CORE)


def score_seen(one, classes, reference):
    """Yield the rows of the labels seen: training and validation objects of one replicate."""
    where = {"draw": one.draw, "fold": one.fold, "budget": int(one.budget)}
    for part, (truth, probability) in one.seen.items():
        group = np.zeros(len(truth), int)
        sample = Sample(truth, probability, probability.argmax(axis=1), group)
        found = measure([sample], np.ones((1, 1)), classes)
        own = {**where, "part": part, "subset": "all", "reference": reference, "n": len(truth)}
        yield from ({**own, "metric": name, "value": found[name][0, 0]} for name in SEEN)
