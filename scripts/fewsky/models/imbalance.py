"""Unequal classes: how often each training object is shown in an epoch."""

from typing import Any, NamedTuple

import numpy as np

from fewsky.console import FewskyError


class Shown(NamedTuple):
    """The objects of an epoch: their places among the training objects, and which are repeats."""

    index: np.ndarray
    copies: np.ndarray

    def counts(self, targets: np.ndarray, n_classes: int) -> np.ndarray:
        """Objects of each class in an epoch."""
        return np.bincount(targets[self.index], minlength=n_classes)


def class_sizes(counts: np.ndarray, strength: float, to: str, classes: list[str]) -> np.ndarray:
    """Objects of each class in an epoch: n^(1 - strength) * wanted^strength, at least one.

    `wanted` is the mean size of a class, or the size of the class that `to` names; strength 1 makes
    all classes equal, 0 leaves them. Raises FewskyError where there is no such class.
    """
    if to != "mean" and to not in classes:
        raise FewskyError(
            f"recipe.rebalance_to: wanted mean or one of {', '.join(classes)}; found {to}. "
            "Correct it."
        )
    wanted = counts.mean() if to == "mean" else counts[classes.index(to)]
    return np.maximum(np.rint(counts ** (1 - strength) * wanted**strength), 1).astype(np.int64)


def shown(
    targets: np.ndarray, recipe: dict[str, Any], classes: list[str], rng: np.random.Generator
) -> Shown | None:
    """Which objects an epoch shows after `rebalance`; None where classes stay as they are.

    `targets` are class numbers `(n,)`. A class that is to shrink loses random objects, the same in
    every epoch; one that is to grow is repeated as a whole and then in part. It is done inside a
    run's training objects, so that no copy can stand on another side of a split.
    """
    if recipe["rebalance"] == 0:
        return None
    counts = np.bincount(targets, minlength=len(classes))
    sizes = class_sizes(counts, recipe["rebalance"], recipe["rebalance_to"], classes)
    parts, copies = [], []
    for k in np.flatnonzero(counts):
        places = rng.permutation(np.flatnonzero(targets == k))
        parts.append(np.resize(places, sizes[k]))
        copies.append(np.arange(sizes[k]) >= len(places))
    return Shown(np.concatenate(parts), np.concatenate(copies))
