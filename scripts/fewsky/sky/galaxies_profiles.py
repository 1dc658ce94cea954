"""The axes of a simulated galaxy, and the profiles of light that its parts are made of.

Lengths are shares of the galaxy's radius, so 1 is its edge.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, zoom


class Part(NamedTuple):
    """Light of one part of a galaxy: a map (y, x), its share of all light, and its colour."""

    light: np.ndarray
    share: float
    colour: tuple[float, float, float]


class Grid(NamedTuple):
    """Pixel centres (y, x) from the galaxy's centre, along its own axes, and pixels a radius."""

    x: np.ndarray
    y: np.ndarray
    radius_px: float


def make_grid(side: int, radius_px: float, angle: float, shift: tuple[float, float]) -> Grid:
    """The grid of an image whose galaxy is turned by `angle` (rad) and moved by `shift` (px)."""
    axis = np.arange(side, dtype=np.float32) - (side - 1) / 2
    x, y = (axis - shift[0])[None, :] / radius_px, (axis - shift[1])[:, None] / radius_px
    cos, sin = np.cos(angle), np.sin(angle)
    turned = cos * x + sin * y, cos * y - sin * x
    return Grid(*(plane.astype(np.float32) for plane in turned), radius_px)


# --- profiles -----------------------------------------------------------------------------------
def sersic(r: np.ndarray, half: float, n: float) -> np.ndarray:
    """Sersic's profile of half-light radius `half`, fading out at the edge of the galaxy."""
    return np.exp(-(2 * n - 1 / 3) * (r / half) ** (1 / n)) * edge(r, 0.10)


def edge(r: np.ndarray, width: float) -> np.ndarray:
    """1 within the galaxy and 0 beyond, over `width` around its edge."""
    return 1 / (1 + np.exp(np.clip((r - 1) / width, -30, 30) * 2))


def oval(grid: Grid, q: float) -> np.ndarray:
    """Elliptical radius of axis ratio q."""
    return np.hypot(grid.x, grid.y / q)


def patchy(grid: Grid, rng: np.random.Generator, strength: float, cells: int = 14) -> np.ndarray:
    """Smooth random brightness around 1, in about `cells` patches a side."""
    rough = rng.normal(0, 1, (cells, cells))
    fine = zoom(rough, grid.x.shape[0] / cells, order=1, grid_mode=True, mode="nearest")
    return np.exp(strength * fine.astype(np.float32))


def along(grid: Grid, x: np.ndarray, y: np.ndarray, width: float, light: np.ndarray) -> np.ndarray:
    """Light strewn at points of the galaxy's own axes, smoothed to `width`, within the image."""
    side = grid.x.shape[0]
    # The axes are orthogonal and of one scale, so the corner and two steps tell where a point lies.
    cos, sin = (grid.x[0, 1] - grid.x[0, 0], grid.x[1, 0] - grid.x[0, 0])
    norm = cos**2 + sin**2
    dx, dy = x - grid.x[0, 0], y - grid.y[0, 0]
    column = np.rint((cos * dx - sin * dy) / norm).astype(int)
    row = np.rint((sin * dx + cos * dy) / norm).astype(int)
    seen = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    plane = np.zeros((side, side), np.float32)
    np.add.at(plane, (row[seen], column[seen]), light[seen])
    return gaussian_filter(plane, width * grid.radius_px, mode="constant", truncate=3)
