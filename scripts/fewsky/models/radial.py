"""Profiles of maps about objects: by rings, half of it, and how much lies within the PSF."""

from itertools import pairwise

import numpy as np


def rings(radii_px: list[float], size: int) -> np.ndarray:
    """Edges of rings in pixels: 0, the radii, and the corner of a patch, half a pixel more."""
    corner = np.hypot(size, size) / 2 + 1
    return np.array([0.0, *(radius for radius in radii_px if radius < corner), corner])


def regions(radius: np.ndarray, edges: np.ndarray) -> list[np.ndarray]:
    """Whether a pixel lies in a ring, `(n, y, x)`, for each ring; the inner edge belongs to it."""
    return [(radius >= low) & (radius < high) for low, high in pairwise(edges)]


def by_ring(maps: np.ndarray, places: list[np.ndarray]) -> np.ndarray:
    """Sums `(n, ring)` of maps `(n, y, x)` over rings."""
    return np.stack([np.where(place, maps, 0).sum(axis=(1, 2)) for place in places], axis=1)


def spread_out(values: np.ndarray, places: list[np.ndarray]) -> np.ndarray:
    """Maps `(n, y, x)` whose rings sum to values `(n, ring)`, all pixels of a ring alike."""
    found = np.zeros(places[0].shape)
    for k, place in enumerate(places):
        count = np.maximum(place.sum(axis=(1, 2)), 1)
        found += place * (values[:, k] / count)[:, None, None]
    return found


def share(maps: np.ndarray, places: list[np.ndarray]) -> np.ndarray:
    """Share of each ring in the sum of a map, `(n, ring)`; NaN where a map is 0 everywhere."""
    total = maps.sum(axis=(1, 2))[:, None]
    return np.divide(by_ring(maps, places), total, out=_unknown(maps, places), where=total > 0)


def density(maps: np.ndarray, places: list[np.ndarray]) -> np.ndarray:
    """Mean of a ring's pixels over that of all pixels, `(n, ring)`: 1 where a map is even.

    NaN where a map is 0 everywhere or a ring has no pixel.
    """
    count = np.stack([place.sum(axis=(1, 2)) for place in places], axis=1)
    every = maps.shape[1] * maps.shape[2]
    return share(maps, places) * every / np.where(count > 0, count, np.nan)


def half_radius(maps: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Radius in pixels within which half of each map lies, `(n,)`; NaN where it is 0 everywhere."""
    flat, far = maps.reshape(len(maps), -1), radius.reshape(len(maps), -1)
    order = np.argsort(far, axis=1, kind="stable")
    inside = np.take_along_axis(flat, order, axis=1).cumsum(axis=1)
    first = (inside >= inside[:, -1:] / 2).argmax(axis=1)
    found = np.take_along_axis(far, order, axis=1)[np.arange(len(maps)), first]
    return np.where(inside[:, -1] > 0, found, np.nan)


def within(maps: np.ndarray, radius: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Share of each map nearer than a limit `(n,)` in pixels; NaN where it is 0 everywhere."""
    return share(maps, [radius < limit[:, None, None]])[:, 0]


def _unknown(maps, places):
    return np.full((len(maps), len(places)), np.nan)
