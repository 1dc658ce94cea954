"""Pseudo-labels: chosen from a teacher's predictions, and how much they weigh in a training.

Lee 2013 (ICML workshop on challenges in representation learning): the unlabelled loss is the
cross-entropy with the likeliest class, weighed by a ramp alpha(t). Cascante-Bonilla et al. 2021
(arXiv:2001.06001): the surest share of each class, a share that grows, weights restarted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError
from fewsky.models.ramp import ramp
from fewsky.models.samples import Run

KEY = ["budget", "fold"]


def choose_pseudo(
    predictions: pd.DataFrame, classes: list[str], settings: dict[str, Any]
) -> pd.DataFrame:
    """The pseudo-labels of every budget and fold: KEY, object_id, label, weight, p_<class>.

    `predictions` is a teacher's table of one draw. With `threshold`, objects whose likeliest class
    has at least that probability; with `top_share`, that share of all objects, the surest of each
    class and as many of one class as of another, as far as the teacher names so many. `soft` keeps
    the probabilities as targets, `hard` puts all on the likeliest class. Raises FewskyError where
    nothing is left of a run.
    """
    columns = [f"p_{name}" for name in classes]
    unlabelled = predictions[predictions["part"] == "unlabelled"]
    if unlabelled.empty:
        raise FewskyError(
            "pseudo: wanted predictions of unlabelled objects; found none. Set "
            "split.unlabelled_fraction in the task."
        )
    parts = []
    for (budget, fold), run in unlabelled.groupby(KEY):
        kept = run[_sure(run[columns].to_numpy(), settings)]
        if kept.empty:
            top = run[columns].to_numpy().max()
            raise FewskyError(
                f"pseudo: wanted objects of probability {settings['threshold']} or more, {budget} "
                f"labels, fold {fold}; found none, the surest has {top:.3f}. Lower "
                "pseudo.threshold."
            )
        parts.append(kept)
    return _as_targets(pd.concat(parts, ignore_index=True), classes, settings["labels"])


def true_labels(
    manifest: pd.DataFrame, predictions: pd.DataFrame, classes: list[str]
) -> pd.DataFrame:
    """The hidden labels in the form of pseudo-labels: the ceiling, a control and no method.

    Of `predictions`, a table of one draw, only budget, fold and the objects are used.
    """
    hidden = manifest[manifest["part"] == "unlabelled"].set_index("object_id")["label"]
    table = predictions.loc[predictions["part"] == "unlabelled", [*KEY, "object_id"]]
    label = hidden[table["object_id"]].to_numpy()
    stated = {f"p_{name}": (label == name).astype("float32") for name in classes}
    return _as_targets(table.assign(**stated), classes, "hard")


def _sure(probability: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
    top, likeliest = probability.max(axis=1), probability.argmax(axis=1)
    kept = top >= settings["threshold"]
    if settings["top_share"] is None:
        return kept
    each = int(np.ceil(settings["top_share"] * len(top) / probability.shape[1]))
    for k in range(probability.shape[1]):
        rows = np.flatnonzero(likeliest == k)
        kept[rows[np.argsort(-top[rows], kind="stable")[each:]]] = False
    return kept


def _as_targets(table: pd.DataFrame, classes: list[str], labels: str) -> pd.DataFrame:
    columns = [f"p_{name}" for name in classes]
    probability = table[columns].to_numpy(np.float64)
    chosen = probability.argmax(axis=1)
    if labels == "soft":
        target = probability / probability.sum(axis=1, keepdims=True)
    else:
        target = np.eye(len(classes))[chosen]
    found = table[[*KEY, "object_id"]].assign(label=np.array(classes)[chosen], weight=1.0)
    found[columns] = target.astype(np.float32)
    return found.sort_values([*KEY, "object_id"], ignore_index=True)


@dataclass
class Unlabelled:
    """Unlabelled objects of a run: image rows, targets `(n, class)` (None: the network's own).

    `settings` are the experiment's pseudo block.
    """

    rows: np.ndarray
    targets: np.ndarray | None
    settings: dict[str, Any]

    def alpha(self, step: int, steps_per_epoch: int) -> float:
        """Weight of the unlabelled loss at a step."""
        time = step if self.settings["unit"] == "step" else step / steps_per_epoch
        return ramp(time, *(self.settings[key] for key in ("t1", "t2", "alpha")))


def unlabelled_of(
    run: Run, pseudo: pd.DataFrame | None, objects: pd.DataFrame, settings: dict
) -> Unlabelled | None:
    """A run's unlabelled objects with their pseudo-labels, or None where none are used.

    `objects` gives the image row by object_id. Raises FewskyError where a pseudo-label is of an
    object that is not unlabelled in this run.
    """
    if settings["pseudo"] is None:
        return None
    rows = run.parts["unlabelled"]
    if settings["pseudo"]["labels"] == "self":
        return Unlabelled(rows, None, settings["pseudo"])
    own = pseudo[(pseudo["budget"] == run.budget) & (pseudo["fold"] == run.fold)]
    found = objects["row"].reindex(own["object_id"]).fillna(-1).to_numpy(np.int64)
    strange = ~np.isin(found, rows)
    if strange.any() or own.empty:
        what = f"{strange.sum()} of other objects" if len(own) else "none"
        raise FewskyError(
            f"{settings['experiment']}: wanted pseudo-labels of unlabelled objects, "
            f"{run.budget} labels, fold {run.fold}; found {what}. Give teacher and student the "
            "same task and budgets."
        )
    columns = [f"p_{name}" for name in settings["classes"]]
    return Unlabelled(found, own[columns].to_numpy(np.float32), settings["pseudo"])


def likeliest(probabilities: torch.Tensor) -> torch.Tensor:
    """The likeliest class of each object as targets `(n, class)`, one 1 and else 0."""
    best, n = probabilities.argmax(dim=1), probabilities.shape[1]
    return torch.nn.functional.one_hot(best, n).to(probabilities.dtype)
