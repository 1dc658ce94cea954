"""Groups of objects that must stay together, and the choice of whole groups for a part."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

TRIES = 64


def connected(n, pairs):
    """Return a group number, (n,), so that the two ends of every pair share it."""
    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def choose_groups(group, kind, fraction, rng):
    """Return which objects, (n,) bool, lie in groups chosen to hold `fraction` of every kind.

    Groups are taken in random order up to the wanted number of objects; of `TRIES` orders the one
    whose shares of the kinds (classes) come closest to `fraction` is used. At least one group is
    chosen and at least one is not; with a single group none is.
    """
    group, kind = np.unique(group, return_inverse=True)[1], np.unique(kind, return_inverse=True)[1]
    sizes = np.zeros((group.max() + 1, kind.max() + 1))
    np.add.at(sizes, (group, kind), 1)
    best, chosen = np.inf, np.zeros(len(sizes), bool)
    for _ in range(TRIES if len(sizes) > 1 else 0):
        order = rng.permutation(len(sizes))
        filled = np.cumsum(sizes[order].sum(1))[:-1]
        taken = order[: np.argmin(np.abs(filled - fraction * len(group))) + 1]
        miss = np.abs(sizes[taken].sum(0) / sizes.sum(0) - fraction).max()
        if miss < best:
            best, chosen = miss, np.isin(np.arange(len(sizes)), taken)
    return chosen[group]
