"""Ensembles: the mean of several experiments' probabilities, weighted by validation or equally."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from fewsky.console import FewskyError

RUN = ["draw", "fold", "budget"]
KEY = [*RUN, "part", "object_id"]
SMALLEST = 1e-7  # of a probability whose logarithm is taken


def combine(
    tables: Mapping[str, pd.DataFrame],
    classes: list[str],
    rule: str,
    budgets: Sequence[int | str] = ("all",),
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The members' predictions averaged, and the weights of every draw, fold and budget.

    `tables` holds a prediction table by member, with the column `draw`. `rule` validation takes the
    weights, each 0 or more and 1 in all, that have the smallest mean log-loss on the validation
    objects of that draw, fold and budget, which all members have seen; equal takes the mean. The
    test part is never looked at. Draws, and parts such as the labels that a budget leaves out, that
    not all members have are left out. Raises FewskyError, one line, where members predict different
    objects, or where there is nothing to find weights on.
    """
    names, columns = list(tables), [f"p_{name}" for name in classes]
    frames = in_common({name: asked(table, budgets) for name, table in tables.items()})
    first = frames[names[0]].reset_index(drop=True)
    stacked = np.stack([aligned(frames[name], first, columns, name) for name in names])
    found, mean = [], np.zeros(stacked.shape[1:])
    for run, rows in first.groupby(RUN, sort=True).indices.items():
        own = first.iloc[rows]
        seen = (own["part"] == "val").to_numpy()
        weights = np.full(len(names), 1 / len(names))
        if rule == "validation":
            truth = pd.Index(classes).get_indexer(own["label"][seen])
            weights = best_weights(stacked[:, rows][:, seen], truth, names)
        mean[rows] = np.tensordot(weights, stacked[:, rows], axes=1)
        told = dict(zip(names, np.round(weights, 6).tolist(), strict=True))
        key = dict(zip(RUN, map(int, run), strict=True))
        found.append({**key, "objects": int(seen.sum()), "weights": told})
    table = first[["draw", "object_id", "part", "budget", "fold", "label"]].copy()
    table[columns] = mean.astype(np.float32)
    return table, found


def asked(table: pd.DataFrame, budgets: Sequence[int | str]) -> pd.DataFrame:
    """Rows of the budgets asked for; all is the largest of a draw and fold."""
    kept = table["budget"].isin([budget for budget in budgets if budget != "all"])
    if "all" in budgets:
        kept |= table["budget"] == table.groupby(["draw", "fold"])["budget"].transform("max")
    return table[kept]


def in_common(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables by member, of those draws and parts that every one has."""
    for column in ("draw", "part"):
        common = set.intersection(*(set(frame[column]) for frame in frames.values()))
        if not common:
            raise FewskyError(
                f"ensemble of {', '.join(frames)}: wanted {column}s that all have; found none. "
                f"Give them the same {column}s."
            )
        frames = {name: frame[frame[column].isin(common)] for name, frame in frames.items()}
    return frames


def aligned(table: pd.DataFrame, like: pd.DataFrame, columns: list[str], name: str) -> np.ndarray:
    """Probabilities `(n, class)` of a member in the row order of another member's table."""
    keyed = table.set_index(KEY)
    wanted = pd.MultiIndex.from_frame(like[KEY])
    lost, more = int((~wanted.isin(keyed.index)).sum()), int((~keyed.index.isin(wanted)).sum())
    found = None
    if lost or more:
        found = f"{lost} of them missing" if lost else f"{more} others"
    elif keyed.index.has_duplicates or wanted.has_duplicates:
        found = "an object twice"
    elif (keyed.loc[wanted, "label"].to_numpy() != like["label"].to_numpy()).any():
        found = "other labels"
    if found:
        raise FewskyError(
            f"ensemble: wanted in {name} the predictions of all {len(like):,} objects of the other "
            f"members, by draw, fold, budget and part; found {found}. Give all members the same "
            "budgets and folds, and train again."
        )
    return keyed.loc[wanted, columns].to_numpy(float)


def best_weights(probability: np.ndarray, truth: np.ndarray, names: list[str]) -> np.ndarray:
    """Weights `(member,)` with the smallest mean log-loss of probabilities `(member, n, class)`.

    The loss is convex in the weights, so that the minimum is the only one.
    """
    n = probability.shape[1]
    if n == 0:
        raise FewskyError(
            f"ensemble of {', '.join(names)}: wanted validation objects to find weights on; found "
            "none. Raise the budget, or say weights: equal."
        )
    right = probability[:, np.arange(n), truth]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        mean = np.maximum(weights @ right, SMALLEST)
        return -np.log(mean).mean(), -(right / mean).mean(axis=1)

    start = np.full(len(names), 1 / len(names))
    sums_to_one = {"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(len(w))}
    found = minimize(
        loss, start, jac=True, method="SLSQP", bounds=[(0, 1)] * len(names),
        constraints=[sums_to_one], options={"ftol": 1e-10, "maxiter": 200},
    )  # fmt: skip
    weights = np.clip(found.x, 0, 1)
    return weights / weights.sum()
