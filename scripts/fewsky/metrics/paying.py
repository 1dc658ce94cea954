"""What curves of score by number of labels say of a start: where it stops paying, labels saved.

A curve is one experiment and metric of `<results>/metrics/{task}.curves.csv`: columns budget,
value, gain_lower and others, budgets rising, areas (budget 0) left out.
"""

import numpy as np


def stops_paying(curve):
    """Return the smallest budget from which a start is no longer better than nothing.

    From there to the largest budget the interval of what it gains reaches down to 0. It is the
    smallest budget of all where the start never pays, infinity where it still pays at the largest,
    and NaN where nothing has an interval.
    """
    if curve["gain_lower"].isna().all():
        return np.nan
    pays = np.flatnonzero(curve["gain_lower"] > 0)
    after = pays[-1] + 1 if len(pays) else 0
    return float(curve["budget"].iloc[after]) if after < len(curve) else np.inf


def labels_needed(none, level):
    """Return how many labels a curve needs to reach a score; infinity if it never does.

    Between two budgets it is a straight line over the logarithm of the labels. Below the smallest
    budget nothing is known: that is the answer where the curve starts higher.
    """
    x, y = np.log(none["budget"].to_numpy(float)), none["value"].to_numpy(float)
    reached = np.flatnonzero(y >= level)
    if not len(reached):
        return np.inf
    k = reached[0]
    if k == 0:
        return float(np.exp(x[0]))
    return float(np.exp(np.interp(level, y[k - 1 : k + 1], x[k - 1 : k + 1])))


def labels_saved(start, none):
    """Return the labels that a start saves at its smallest budget; infinity if unbounded.

    As many more are needed from nothing for the start's score there; 0 where it is not better.
    """
    return labels_needed(none, start["value"].iloc[0]) - float(start["budget"].iloc[0])
