"""Linear probes on stored features: every draw, fold, budget and strength in one job.

A probe is the logistic regression that scikit-learn fits, written down as the output layer of the
backbone, so that fine-tuning may start from it (Kumar et al. 2022, arXiv:2202.10054).
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from fewsky.console import FewskyError, say
from fewsky.models.cards import Data, all_rows, predictions_table, run_card
from fewsky.models.features import PLAIN
from fewsky.models.inputs import describe
from fewsky.models.samples import Run, labelled, runs


def recipe_of(settings: dict[str, Any]) -> dict[str, Any]:
    """The recipe that a probe's card states, so that it is loaded as any network is."""
    return {**PLAIN, "loss": "softmax", "test_views": settings["probe"]["views"]}


class Head(NamedTuple):
    """An output layer: weights `(class, feature)` and biases `(class,)`."""

    weight: np.ndarray
    bias: np.ndarray

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Probabilities `(n, class)` from features `(n, view, feature)`, outputs averaged first."""
        outputs = (features @ self.weight.T + self.bias).mean(axis=1)
        raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)


def fit_probes(
    settings: dict[str, Any],
    features: np.ndarray,
    catalog: pd.DataFrame,
    manifest: pd.DataFrame,
    draws: pd.DataFrame,
    backbone: dict[str, Any],
) -> tuple[dict[str, np.ndarray], list[dict], pd.DataFrame]:
    """Weights by name, the card's runs and the predictions (with `draw`) of all probes.

    `features` are `(n, 8, feature)`, row i of `catalog`. `settings` are the experiment's: `probe`
    (`c`, `views`), `classes`, `budgets`, `folds`, `draws`; `backbone` is the card of the weights.
    The strength is the one with the lowest loss on the validation objects of the budget; without
    any, the strongest of the list.
    """
    table = labelled(catalog, manifest, settings["classes"])
    data = Data(features, catalog, table, manifest)
    _check(features, table)
    used = features[:, : settings["probe"]["views"]].astype(np.float64)
    shared = {
        "input": describe(np.empty(0), catalog[:0], settings["bands"], PLAIN, [], backbone),
        "frozen": {"path": settings["start"]["frozen"], "sha256": backbone["sha256"]},
    }
    weights, cards, predictions = {}, [], []
    for draw in range(settings["draws"]):
        for run in runs(settings, table, draws, draw):
            head, c, loss = _best(settings, data, used, run)
            prefix = f"draw-{draw}/{run.prefix}"
            weights[f"{prefix}head.weight"] = head.weight.astype(np.float32)
            weights[f"{prefix}head.bias"] = head.bias.astype(np.float32)
            count = head.weight.size + head.bias.size
            cards.append(
                run_card(settings, data, run)
                | shared
                | {"draw": draw, "prefix": prefix, "c": c, "val_loss": loss}
                | {"parameters": count + backbone["parameters"]}
                | {"trainable_parameters": count}
                | {"images_seen": len(run.parts["train"]) * settings["probe"]["views"]}
            )
            found = head.probabilities(used[all_rows(run)]).astype(np.float32)
            stated = predictions_table(data, run, found, settings["classes"])
            stated.insert(0, "draw", draw)
            predictions.append(stated)
        say(f"{settings['experiment']}: draw {draw}, C of the last run {c:g}")
    return weights, cards, pd.concat(predictions, ignore_index=True)


def _best(settings, data: Data, used: np.ndarray, run: Run) -> tuple[Head, float, float | None]:
    rows, targets = data.part(run, "train")
    val_rows, val_targets = data.part(run, "val")
    strengths = sorted(settings["probe"]["c"])
    heads = fit_heads(used[rows], targets, strengths)
    if not len(val_rows):
        return heads[0], strengths[0], None
    labels = range(len(settings["classes"]))
    losses = [log_loss(val_targets, head.probabilities(used[val_rows]), labels=labels)
              for head in heads]  # fmt: skip
    best = int(np.argmin(losses))
    return heads[best], strengths[best], float(losses[best])


def fit_heads(features: np.ndarray, targets: np.ndarray, strengths: list[float]) -> list[Head]:
    """An output layer for each inverse strength C of the L2 penalty, weakest C first.

    `features` are `(n, view, feature)`; every view is an example. Features are brought to mean 0
    and spread 1 for the fit, and the layer is stated for features as they are.
    """
    n, views, size = features.shape
    flat = features.reshape(n * views, size)
    mean, spread = flat.mean(axis=0), flat.std(axis=0)
    spread[spread <= 1e-12] = 1.0
    scaled, repeated = (flat - mean) / spread, np.repeat(targets, views)
    # The views of an object are no new objects: the penalty weighs against n, not n * views.
    weight = np.full(len(repeated), 1 / views)
    model = LogisticRegression(max_iter=2000, tol=1e-6, warm_start=True)
    heads = []
    for c in strengths:
        model.set_params(C=c).fit(scaled, repeated, sample_weight=weight)
        heads.append(_as_layer(model, mean, spread))
    return heads


def _as_layer(model: LogisticRegression, mean, spread) -> Head:
    coefficients, offsets = model.coef_, model.intercept_
    if len(coefficients) == 1:
        # One row of log-odds becomes two outputs, half of it each.
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        offsets = np.concatenate([-offsets, offsets]) / 2
    weight = coefficients / spread
    return Head(weight, offsets - weight @ mean)


def _check(features: np.ndarray, table: pd.DataFrame) -> None:
    rows = table["row"].to_numpy()
    bad = ~np.isfinite(features[rows]).all(axis=(1, 2))
    if bad.any():
        raise FewskyError(
            f"features: wanted finite numbers; found others for {bad.sum()} objects, first "
            f"{table.index[bad][0]}. Mend their images or the weights, and extract again."
        )
