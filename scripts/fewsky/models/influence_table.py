"""Numbers of objects and draws as rows with intervals; objects of one sky group stay together."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fewsky.metrics.stats import Resamples, compare, estimate, resample

ALL = "all"
MEAN = -1  # the draw of a row that is the mean over draws
HIGHER = {"better": "higher", "worse": "lower", "cannot be told": "cannot be told"}


class Sample:
    """Objects, their classes and sky groups, and the resamples that all rows share."""

    def __init__(self, labels: Sequence[str], groups: Sequence[Any], n: int, seed: int):
        self.labels = np.asarray(labels)
        self.group = pd.factorize(np.asarray(groups))[0]
        self.n_groups = int(self.group.max()) + 1 if len(self.group) else 0
        self.n, self.seed = n, seed

    def of(self, kept: np.ndarray) -> "Sample":
        """Some of the objects."""
        return Sample(self.labels[kept], self.group[kept], self.n, self.seed)

    def resamples(self, draws: int) -> Resamples:
        """Resamples of groups and draws, the same at every call."""
        return resample(self.n_groups, draws, self.n, np.random.default_rng(self.seed))

    def means(self, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Means over objects of values `(draw, n, k)`, each group weighted: `(b, draw, k)`."""
        known = np.isfinite(values)
        member = np.eye(self.n_groups)[self.group]
        sums = np.einsum("ng,dnk->gdk", member, np.where(known, values, 0))
        counts = np.einsum("ng,dnk->gdk", member, known.astype(float))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.tensordot(weights, sums, 1) / np.tensordot(weights, counts, 1)

    def both(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means over objects as they are `(draw, k)` and in every resample `(n, draw, k)`."""
        drawn = self.resamples(len(values)).groups
        return self.means(values, np.ones((1, self.n_groups)))[0], self.means(values, drawn)


def rows_of(
    values: np.ndarray,
    draws: Sequence[int],
    sample: Sample,
    told: Mapping[str, Any],
    edges: Sequence[tuple[float, float]],
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> list[dict[str, Any]]:
    """Rows of values `(draw, n, k)`, one for each of k edges (r_low_px, r_high_px), and class.

    The mean over draws comes with its interval, of all objects and of each class; each draw for
    itself without one. n counts the objects of which something is known.
    """
    found = []
    for kind in [ALL, *sorted(set(sample.labels))]:
        kept = np.ones(len(sample.labels), bool) if kind == ALL else sample.labels == kind
        own, some = sample.of(kept), values[:, kept]
        whole, resampled = own.both(some)
        mean = estimate(whole, resampled, own.resamples(len(some)), own.n_groups, limits)
        counts = np.isfinite(some).all(axis=0).sum(axis=0)
        for k, (low, high) in enumerate(edges):
            row = {**told, "class": kind, "r_low_px": low, "r_high_px": high, "n": int(counts[k])}
            ends = {"lower": mean.lower[k], "upper": mean.upper[k]}
            found.append({**row, "draw": MEAN, "value": mean.value[k], **ends})
            if kind == ALL:
                found += [
                    {**row, "draw": draw, "value": one[k], "lower": np.nan, "upper": np.nan}
                    for draw, one in zip(draws, whole, strict=True)
                ]
    return found


def compared(
    a: np.ndarray, b: np.ndarray, sample: Sample, told: Mapping[str, Any]
) -> dict[str, Any]:
    """The paired difference a - b of values `(draw, n)`, with interval, p and verdict.

    The verdict says whether a is higher or lower. It is exploratory: no such comparison is named
    beforehand. Objects of which either is unknown are left out.
    """
    known = np.isfinite(a).all(axis=0) & np.isfinite(b).all(axis=0)
    row = {**told, "n": int(known.sum())}
    if not known.any():
        return {**row, "verdict": "cannot be told", "note": "no objects"}
    own = sample.of(known)
    sides = [own.both(one[:, known, None]) for one in (a, b)]
    pairs = [(whole[:, 0], resampled[:, :, 0]) for whole, resampled in sides]
    found = compare(*pairs, own.resamples(len(a)), own.n_groups, primary=False)
    found = {key: value for key, value in found.items() if key != "primary"}
    return {
        **row,
        "a": float(pairs[0][0].mean()),
        "b": float(pairs[1][0].mean()),
        **found,
        "verdict": HIGHER[found["verdict"]],
    }
