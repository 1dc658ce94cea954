"""Curves of score against number of labels: their area, where a start stops paying, labels saved.

Everything is read from the rows of a metrics table that hold one draw each. Two experiments are
paired by draw, since a draw gives both the same labels; intervals are Student's t over draws. All
draws share one test part: the intervals tell what other labels would do, not other test objects.
"""

import numpy as np
import pandas as pd
from scipy import stats

from fewsky.console import FewskyError
from fewsky.metrics.stats import LEVEL


def by_draw(metrics, experiment, metric):
    """Return the scores of an experiment on the test part, a row a draw, a column a budget.

    Budgets are paired over draws by their order, since "all" may differ by a few labels; a column
    is named by their median. Raises FewskyError where the table has no such rows.
    """
    own = (metrics["experiment"] == experiment) & (metrics["metric"] == metric)
    rows = metrics[own & (metrics["draw"] >= 0) & (metrics["fold"] == -1)]
    rows = rows[(rows["part"] == "test") & (rows["subset"] == "all")]
    rows = rows[rows["reference"] == "catalogue"]
    if rows.empty:
        raise FewskyError(
            f"curve of {experiment}: wanted its {metric} in each draw; found no such rows. Choose "
            "a metric of the metrics table in paper.self-supervision.metric."
        )
    rows = rows.assign(step=rows.groupby("draw")["budget"].rank(method="dense").astype(int))
    found = rows.pivot(index="draw", columns="step", values="value").astype(float)
    return found.set_axis(rows.groupby("step")["budget"].median().astype(int), axis=1)


def area(scores):
    """Return the area under each draw's curve, (draws,), over the logarithm of the labels.

    It is divided by the width, and so is a mean score between the smallest and the largest budget;
    NaN with fewer than two budgets.
    """
    x = np.log(scores.columns.to_numpy(float))
    if len(x) < 2:
        return pd.Series(np.nan, scores.index)
    return pd.Series(np.trapezoid(scores.to_numpy(), x, axis=1) / (x[-1] - x[0]), scores.index)


def mean_interval(values):
    """Return the mean of (draws,) with the lower and upper edge of its t interval at LEVEL.

    NaN is left out; with fewer than two values the edges are NaN.
    """
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if len(known) < 2:
        return (known[0] if len(known) else np.nan), np.nan, np.nan
    reach = stats.t.ppf(0.5 + LEVEL / 2, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return known.mean(), known.mean() - reach, known.mean() + reach


def paired(a, b):
    """Return two tables of `by_draw` cut to the draws and the budgets that both have.

    Raises FewskyError where they have none in common.
    """
    draws, budgets = a.index.intersection(b.index), a.columns.intersection(b.columns)
    if draws.empty or budgets.empty:
        raise FewskyError(
            f"curves: wanted draws and budgets that both have; found draws {list(a.index)} with "
            f"budgets {list(a.columns)} and draws {list(b.index)} with budgets {list(b.columns)}. "
            "Give both the same."
        )
    return a.loc[draws, budgets], b.loc[draws, budgets]


def gain(a, b):
    """Return the paired difference a - b at each budget: budget, value, lower, upper."""
    a, b = paired(a, b)
    rows = [(budget, *mean_interval(a[budget] - b[budget])) for budget in a.columns]
    return pd.DataFrame(rows, columns=["budget", "value", "lower", "upper"])


def stops_paying(start, none):
    """Return the smallest budget from which a start is no longer better than nothing.

    From there to the largest budget the paired interval of the difference reaches down to 0. It is
    the smallest budget of all where the start never pays, infinity where it still pays at the
    largest, and NaN where one draw gives no interval.
    """
    found = gain(start, none)
    if found["lower"].isna().all():
        return np.nan
    pays = np.flatnonzero(found["lower"] > 0)
    after = pays[-1] + 1 if len(pays) else 0
    return float(found["budget"].iloc[after]) if after < len(found) else np.inf


def labels_needed(none, level):
    """Return how many labels a curve needs on average to reach a score; infinity if it never does.

    Between two budgets its mean over draws is a straight line over the logarithm of the labels.
    Below the smallest budget nothing is known: it is the answer where the curve starts higher.
    """
    x, y = np.log(none.columns.to_numpy(float)), none.mean().to_numpy()
    reached = np.flatnonzero(y >= level)
    if not len(reached):
        return np.inf
    k = reached[0]
    if k == 0:
        return float(np.exp(x[0]))
    return float(np.exp(np.interp(level, y[k - 1 : k + 1], x[k - 1 : k + 1])))


def labels_saved(start, none):
    """Return the labels that a start saves at the smallest budget of both; infinity if unbounded.

    As many more are needed from nothing for the start's mean score there; 0 where it is not better.
    """
    start, none = paired(start, none)
    smallest = start.columns[0]
    return labels_needed(none, start[smallest].mean()) - float(smallest)
