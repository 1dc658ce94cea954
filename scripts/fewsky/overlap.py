"""How much of their pixels square patches share, and which to keep so that none share much."""

import numpy as np
from scipy.spatial import cKDTree


def shared(dx: np.ndarray, dy: np.ndarray, side: float) -> np.ndarray:
    """The fraction of their pixels that two squares of one size share, 0 to 1.

    `dx`, `dy` are the offsets of their centres in the unit of `side`; their sides are parallel, and
    the offsets are along them.
    """
    along, across = (np.clip(1 - np.abs(np.asarray(d, float)) / side, 0, None) for d in (dx, dy))
    return along * across


def most_shared(distance: np.ndarray, side: float) -> np.ndarray:
    """The largest fraction that two parallel squares at a distance can share, however they lie.

    For an offset at an angle t it is convex in |cos t| + |sin t|, so the largest is that along a
    side or along the diagonal.
    """
    distance = np.asarray(distance, float)
    diagonal = distance / np.sqrt(2)
    return np.maximum(shared(distance, 0, side), shared(diagonal, diagonal, side))


def close(x: np.ndarray, y: np.ndarray, side: float, limit: float) -> np.ndarray:
    """Index pairs `(m, 2)`, i < j, of patches that share more than `limit` of their pixels."""
    places = np.stack([np.asarray(x, float), np.asarray(y, float)], axis=1)
    if len(places) < 2:
        return np.empty((0, 2), int)
    pairs = cKDTree(places).query_pairs(side, p=np.inf, output_type="ndarray").reshape(-1, 2)
    dx, dy = (places[pairs[:, 0]] - places[pairs[:, 1]]).T
    return pairs[shared(dx, dy, side) > limit]


def greedy(n: int, pairs: np.ndarray) -> np.ndarray:
    """Which of `n` rows, `(n,)` bool, are kept: in their order, each that pairs with none kept."""
    earlier: dict[int, list[int]] = {}
    for one, other in np.sort(pairs, axis=1).tolist():
        earlier.setdefault(other, []).append(one)
    kept = np.ones(n, bool)
    for row in sorted(earlier):
        kept[row] = not kept[earlier[row]].any()
    return kept
