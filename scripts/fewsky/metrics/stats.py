"""Intervals, tests and verdicts: the one hierarchical bootstrap and the exact tests beside it.

The bootstrap resamples sky groups first, then replicates, each with replacement (Owen 2007, the
pigeonhole bootstrap). It counts what is peculiar to a group in one replicate three times, and
misses the spread of few groups or replicates; so its interval keeps the shape of the resamples and
takes its width from a t interval (in the manner of Hesterberg's (2015) expanded percentiles).
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from fewsky.console import FewskyError

LEVEL = 0.95
POWER = 0.8
FEWEST_REPLICATES = 10
FEWEST_FOR_SIGNED_RANK = 8
FEWEST_BEYOND = 5


class Resamples(NamedTuple):
    """How often each group (n, groups) and each replicate (n, replicates) stands in a resample."""

    groups: np.ndarray
    replicates: np.ndarray


class Estimate(NamedTuple):
    """A mean over replicates with its interval, its standard error and degrees of freedom."""

    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    error: np.ndarray
    freedom: np.ndarray


def resample(n_groups, n_replicates, n, rng):
    """Return `n` resamples of groups and replicates; share them to pair experiments."""
    equal = [np.full(size, 1 / size) for size in (n_groups, n_replicates)]
    counts = [rng.multinomial(len(p), p, size=n).astype(float) for p in equal]
    return Resamples(*counts)


def hierarchical_bootstrap(statistic, n_groups, n_replicates, n, rng, limits=(-np.inf, np.inf)):
    """Return the Estimate of a statistic's mean over replicates, from `n` resamples.

    `statistic` takes group weights (b, groups) and gives the value in each replicate,
    (b, replicates) or (b, replicates, measures).
    """
    resamples = resample(n_groups, n_replicates, n, rng)
    whole = statistic(np.ones((1, n_groups)))[0]
    return estimate(whole, statistic(resamples.groups), resamples, n_groups, limits)


def estimate(whole, resampled, resamples, n_groups, limits=(-np.inf, np.inf)):
    """Return the Estimate from the values of each replicate, on all objects and resampled.

    `whole` is (replicates, ...), `resampled` (n, replicates, ...). `n_groups` are those that hold
    objects. There is no interval, but NaN, with one group and one replicate, and where every
    resample gives the largest or smallest value possible: that tells nothing of how far it goes.
    """
    weights = resamples.replicates.reshape(*resampled.shape[:2], *[1] * (whole.ndim - 1))
    means = over_replicates(resampled, weights)
    found, spread = known_mean(whole), np.sqrt(variance(means))
    error, freedom = error_and_freedom(whole, resampled, n_groups)
    lower, upper = expanded_interval(found, means, spread, error, freedom)
    untold = (spread == 0) & ((found == limits[0]) | (found == limits[1]))
    edges = [np.where(untold, np.nan, np.clip(edge, *limits)) for edge in (lower, upper)]
    return Estimate(found, *edges, error, freedom)


def known_mean(values):
    """Return the mean over the first axis of what is not NaN; NaN where nothing is known."""
    known = ~np.isnan(values)
    return np.nan_to_num(values).sum(0) / np.where(known.any(0), known.sum(0), np.nan)


def error_and_freedom(whole, resampled, n_groups):
    """Return the standard error and the degrees of freedom of a mean over replicates.

    The variance of a table of groups by replicates is that between groups, plus that between
    replicates, less that of their interaction, which both hold (as in a two-way analysis of
    variance); the freedom is Satterthwaite's.
    """
    n = len(whole)
    unbiased = n_groups / (n_groups - 1) if n_groups > 1 else 0.0
    of_groups = unbiased * variance(over_replicates(resampled))
    of_draws, shared = np.zeros_like(of_groups), np.zeros_like(of_groups)
    if n > 1:
        of_draws = variance(whole) / n
        shared = (unbiased * known_mean(variance(resampled)) - of_groups) / (n - 1)
    total = np.maximum(
        of_groups + of_draws - np.maximum(shared, 0), np.maximum(of_groups, of_draws)
    )
    parts = [(of_groups, n_groups - 1), (of_draws, n - 1), (shared, (n_groups - 1) * (n - 1))]
    weight = sum(part**2 / max(free, 1) for part, free in parts)
    most = np.full(total.shape, float(max(n_groups + n - 2, 1)))
    freedom = np.divide(total**2, weight, out=most, where=weight > 0)
    return np.sqrt(total) * (1 if n_groups > 1 or n > 1 else np.nan), np.maximum(freedom, 1)


def variance(values):
    """Return the variance over the first axis, freed of its bias, of what is not NaN."""
    n = np.maximum((~np.isnan(values)).sum(0), 2)
    return np.nan_to_num(known_mean((values - known_mean(values)) ** 2)) * n / (n - 1)


def over_replicates(values, weights=1.0):
    """Return the mean over the second axis, weighted, of what is not NaN."""
    weights = np.where(np.isnan(values), 0, weights)
    with np.errstate(invalid="ignore"):
        return (np.nan_to_num(values) * weights).sum(1) / weights.sum(1)


def expanded_interval(value, means, spread, error, freedom):
    """Return the lower and upper edge of the expanded percentile interval.

    A quantile beyond the last few resamples is carried on from the outermost one that they tell,
    in proportion to its distance from the centre. The centre of the resamples is moved to the
    value, since some measures (ECE, CAL) are larger in every resample than in the whole.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        wide = stats.t.ppf(0.5 + LEVEL / 2, freedom) * np.where(spread > 0, error / spread, 1)
    told = stats.norm.isf(FEWEST_BEYOND / len(means))
    inside = stats.norm.sf(np.minimum(wide, told))
    centre, reach = known_mean(means), np.maximum(wide / told, 1)
    edges = [column_quantile(means, q) for q in (inside, 1 - inside)]
    return [np.where(np.isnan(error), np.nan, value + (edge - centre) * reach) for edge in edges]


def column_quantile(values, quantile):
    """Return the quantile of each column of (n, ...), with a quantile of its own for each."""
    flat, wanted = values.reshape(len(values), -1), np.broadcast_to(quantile, values.shape[1:])
    pairs = zip(flat.T, wanted.ravel(), strict=True)
    found = [np.nanquantile(v, q) if np.isfinite(v).any() and q == q else np.nan for v, q in pairs]
    return np.reshape(found, values.shape[1:])


def minimum_detectable(error, freedom, alpha=1 - LEVEL, power=POWER):
    """Return the smallest true difference found with `power` at two-sided level `alpha`."""
    return (stats.t.isf(alpha / 2, freedom) + stats.t.isf(1 - power, freedom)) * error


def two_sided(found):
    """Return the two-sided p of the Estimate of a difference, from its error and freedom.

    It is 1 where nothing differs in any resample, and NaN where there is no error to go by.
    """
    value = np.asarray(found.value, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * stats.t.sf(abs(value) / found.error, found.freedom)
    return np.where((value == 0) & (np.asarray(found.error) == 0), 1.0, p)


def compare(a, b, resamples, n_groups, *, primary, higher_is_better=True):
    """Return the paired comparison a - b as a dict: difference, interval, p, verdict, note.

    `a` and `b` are each (values (replicates,), resampled values (n, replicates)) from the same
    resamples. A primary comparison of fewer than ten replicates counts as exploratory.
    """
    found = estimate(a[0] - b[0], a[1] - b[1], resamples, n_groups, (-np.inf, np.inf))
    n = len(a[0])
    counted = primary and n >= FEWEST_REPLICATES
    told = {
        "difference": float(found.value),
        "lower": float(found.lower),
        "upper": float(found.upper),
        "p": float(two_sided(found)),
        "minimum_detectable": float(minimum_detectable(found.error, found.freedom)),
        "primary": bool(counted),
        "n_replicates": n,
        "note": "primary" if counted else f"exploratory: {n} replicates",
    }
    return {**told, "verdict": verdict(told, told["p"], higher_is_better)}


def verdict(told, p, higher_is_better=True):
    """Return better, worse or cannot be told; both p and the interval must speak for it."""
    apart = told["lower"] > 0 or told["upper"] < 0
    if not (p < 1 - LEVEL and apart):
        return "cannot be told"
    return "better" if (told["difference"] > 0) == higher_is_better else "worse"


def holm(p):
    """Return the p values adjusted for their number (Holm 1979); NaN stays and is not counted."""
    p = np.asarray(p, float)
    rows = np.flatnonzero(~np.isnan(p))
    order = rows[np.argsort(p[rows], kind="stable")]
    adjusted = np.full(len(p), np.nan)
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def mcnemar_exact(right_a, right_b):
    """Return how many objects only a, and only b, has right, and the exact two-sided p.

    Both are (n,) bool over one fixed test with one prediction an object, else FewskyError.
    """
    a, b = np.asarray(right_a), np.asarray(right_b)
    if a.ndim != 1 or a.shape != b.shape or a.dtype != bool or b.dtype != bool:
        raise FewskyError(
            f"McNemar: wanted one right or wrong an object, (n,) bool twice; found {a.dtype} "
            f"{a.shape} and {b.dtype} {b.shape}. Take one draw, or use the bootstrap comparison."
        )
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    p = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    return only_a, only_b, float(p)


def nadeau_bengio(differences, tests, *, n_train, n_test):
    """Return t and the two-sided p of the corrected resampled t test (Nadeau & Bengio 2003).

    `tests` holds the object_ids of each replicate's test part. Raises FewskyError where two are
    the same: the correction is for resampled splits, not for draws over one fixed test.
    """
    d = np.asarray(differences, float)
    if len({frozenset(ids) for ids in tests}) < len(d) or len(d) < 2:
        raise FewskyError(
            f"Nadeau-Bengio: wanted {len(d)} resampled test parts, at least 2; found the same one "
            "again. Use the bootstrap comparison for draws over one test part."
        )
    error = np.sqrt((1 / len(d) + n_test / n_train) * d.var(ddof=1))
    t = d.mean() / error if error > 0 else np.copysign(np.inf, d.mean()) * (d.mean() != 0)
    return float(t), float(2 * stats.t.sf(abs(t), len(d) - 1))


def wilcoxon_exact(differences, *, primary):
    """Return the exact two-sided p of the signed-rank test and the smallest p that it could give.

    Zeros are left out, ties share their mean rank. Below 8 replicates a primary use raises
    FewskyError: with 5 the smallest p is 0.0625.
    """
    d = np.asarray(differences, float)
    d = d[d != 0]
    if primary and len(d) < FEWEST_FOR_SIGNED_RANK:
        raise FewskyError(
            f"signed-rank test: wanted at least {FEWEST_FOR_SIGNED_RANK} replicates that differ; "
            f"found {len(d)}, whose smallest p is {2.0 ** (1 - len(d)) if len(d) else 1:.4f}. "
            "Raise split.draws."
        )
    ranks = np.rint(2 * stats.rankdata(np.abs(d))).astype(int)
    ways = np.ones(1)
    for rank in ranks:
        ways = np.convolve(ways, np.concatenate([[1], np.zeros(rank - 1), [1]]))
    seen = int(ranks[d > 0].sum())
    tail = min(ways[: seen + 1].sum(), ways[seen:].sum()) / 2.0 ** len(d)
    return float(min(2 * tail, 1)), float(min(2.0 ** (1 - len(d)), 1))
