"""Prediction tables as replicates to score: read, checked, joined to the manifest by key."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.metrics.measures import Sample
from fewsky.metrics.priors import decide_adjusted

KEY = ["budget", "fold", "part", "object_id"]
HIDDEN = "unlabelled"


class Replicate(NamedTuple):
    """One model's predictions of a part: rows of the object table (n,), probabilities (n, class).

    `adjusted` (n,) are class numbers after prior correction, `shares` (class,) the class shares
    it found and `threshold` its cut; `seen` holds truth and probabilities of the labels seen, by
    part.
    """

    draw: int
    fold: int
    budget: int
    rows: np.ndarray
    probability: np.ndarray
    adjusted: np.ndarray
    shares: np.ndarray
    threshold: float
    seen: dict


def number_classes(label, classes):
    """Return class numbers, (n,), of labels; -1 for any other label."""
    return pd.Index(classes).get_indexer(pd.Series(label))


def replicates_by_budget(frames, objects, classes, name, scored="test"):
    """Return lists of Replicates, one a budget, smallest first, from {draw: prediction table}.

    Budgets are paired over draws and folds by their order, since "all" may differ by a few. The
    folds of a cross-validation come in lists of their own, after the rest. `scored` is the part
    whose predictions are read; the list is empty where no table has it.
    """
    steps = {}
    for draw, frame in sorted(frames.items()):
        if scored != "test" and not (frame["part"] == scored).any():
            continue
        check_frame(frame, objects, classes, f"predictions of {name}, draw {draw}")
        frame = frame.drop_duplicates(KEY)
        for fold, folded in frame.groupby("fold"):
            for step, (budget, cell) in enumerate(folded.groupby("budget")):
                if not (cell["part"] == scored).any():
                    continue
                found = read_replicate(cell, objects, classes, (draw, fold, budget), scored)
                steps.setdefault((fold >= 0, step), []).append(found)
    return [steps[step] for step in sorted(steps)]


def budget_of(replicates):
    """Return the number of labels seen, the median over replicates."""
    return int(np.median([one.budget for one in replicates]))


def check_frame(frame, objects, classes, where):
    """Raise FewskyError where a table lacks columns, holds NaN, or disagrees with the manifest."""
    columns = [*KEY, "label", *(f"p_{c}" for c in classes)]
    missing = [column for column in columns if column not in frame]
    if missing:
        raise FewskyError(f"{where}: wanted the column {missing[0]}; found none. Train again.")
    tested = frame[frame["part"] == "test"]
    judged = frame[frame["part"].isin(["test", HIDDEN])]
    unknown = ~judged["object_id"].isin(objects.index)
    if unknown.any():
        raise FewskyError(
            f"{where}: wanted objects of the manifest; found {int(unknown.sum())} others, "
            f"{judged['object_id'][unknown].iloc[0]} first. Labels are joined by key: train again."
        )
    check_hidden(frame, objects, where)
    labels = objects["label"].reindex(tested["object_id"]).to_numpy()
    if tested.empty or (labels != tested["label"].to_numpy()).any():
        found = "no test object" if tested.empty else "other labels"
        raise FewskyError(
            f"{where}: wanted test objects with the manifest's labels; found {found}. Train again."
        )
    scored = frame.loc[frame["part"] != "unused", [f"p_{c}" for c in classes]].to_numpy()
    if not np.isfinite(scored).all():
        raise FewskyError(
            f"{where}: wanted finite probabilities; found {int((~np.isfinite(scored)).sum())} NaN. "
            "Lower the learning rate and train again."
        )


def check_hidden(frame, objects, where):
    """Raise FewskyError where unlabelled predictions know a label, or are of labelled objects."""
    hidden = frame[frame["part"] == HIDDEN]
    other = objects["part"].reindex(hidden["object_id"]).to_numpy() != HIDDEN
    told = (hidden["label"] != "").to_numpy()
    if (other | told).any():
        found = f"{int(told.sum())} with a label" if told.any() else f"{int(other.sum())} others"
        raise FewskyError(
            f"{where}: wanted unlabelled objects of the manifest, without labels; found {found}. "
            "Train again."
        )


def read_replicate(cell, objects, classes, key, scored="test"):
    """Return the Replicate of one draw, fold and budget, its prior correction done."""
    part = {name: cell[cell["part"] == name] for name in ("train", "val", scored)}
    truth = {name: number_classes(some["label"], classes) for name, some in part.items()}
    stated = {name: probabilities(some, classes) for name, some in part.items()}
    counts = np.bincount(truth["train"], minlength=len(classes))
    prior = counts / counts.sum() if counts.sum() else np.full(len(classes), 1 / len(classes))
    adjusted = decide_adjusted(stated[scored], stated["val"], truth["val"], prior)
    rows = objects.index.get_indexer(part[scored]["object_id"])
    seen = {name: (truth[name], stated[name]) for name in ("train", "val") if len(part[name])}
    return Replicate(*key, rows, stated[scored], *adjusted, seen)


def whole_draws(replicates):
    """Return one Replicate a draw, the predictions of all its folds as one; without folds, as is.

    A draw with all its folds tests each object once, by a model that has not seen it, so it is one
    replicate. Counts are then taken over all folds together, which is free of the bias that means
    over small folds have (Forman & Scholz 2010); ranked measures compare objects across folds.
    """
    if all(one.fold == -1 for one in replicates):
        return list(replicates)
    draws = {}
    for one in replicates:
        draws.setdefault(one.draw, []).append(one)
    return [one_draw(folds) for _, folds in sorted(draws.items())]


def one_draw(folds):
    """Return the folds of a draw as one Replicate; shares and threshold are their means."""
    sizes = [len(one.rows) for one in folds]
    joined = (
        np.concatenate([getattr(one, name) for one in folds])
        for name in ("rows", "probability", "adjusted")
    )
    shares = np.average([one.shares for one in folds], axis=0, weights=sizes)
    threshold = float(np.average([one.threshold for one in folds], weights=sizes))
    return Replicate(folds[0].draw, -1, budget_of(folds), *joined, shares, threshold, {})


def probabilities(frame, classes):
    """Return the probabilities, (n, class), made to add up to one."""
    stated = frame[[f"p_{c}" for c in classes]].to_numpy(float)
    return stated / stated.sum(axis=1, keepdims=True)


def group_numbers(replicates, objects):
    """Return a group number, (all objects,), for those that any replicate tests, and how many."""
    rows = np.unique(np.concatenate([one.rows for one in replicates]))
    number = np.full(len(objects), -1)
    names, number[rows] = np.unique(
        objects["group"].to_numpy()[rows].astype(str), return_inverse=True
    )
    return number, len(names)


def sample_of(one, truth, group, mask=None):
    """Return the Sample of a Replicate, on objects with a known class that lie in the mask."""
    kept = truth[one.rows] >= 0
    if mask is not None:
        kept &= mask[one.rows]
    rows = one.rows[kept]
    return Sample(truth[rows], one.probability[kept], one.adjusted[kept], group[rows])
