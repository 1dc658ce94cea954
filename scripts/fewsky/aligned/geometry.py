"""Where the pixels of one frame lie in another, as smooth polynomials checked against the WCS."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

DEGREE = 3  # of the fitted displacement: exact for the cubic distortion of the SDSS camera
# Resampling in two passes keeps its accuracy for maps close to the identity only: this bound on
# the slope of the displacement covers drift scans.
NEAR_IDENTITY = 3e-3

Shape = tuple[int, int]


class Surface(NamedTuple):
    """A displacement in pixels, a polynomial in the pixel coordinates of a frame of `shape`."""

    terms: np.ndarray
    shape: Shape

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Values at points, any shape."""
        return np.polynomial.polynomial.polyval2d(
            _unit(y, self.shape[0]), _unit(x, self.shape[1]), self.terms
        )

    def bases(self, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
        """Row and column factors: the values on a pixel grid of `shape` are `rows @ columns`."""
        powers = (
            np.vander(_unit(np.arange(n), m), DEGREE + 1, increasing=True)
            for n, m in zip(shape, self.shape, strict=True)
        )
        rows, columns = powers
        return rows @ self.terms, columns.T

    def slope(self, axis: int) -> "Surface":
        """The derivative by pixel along an axis (0: y, 1: x)."""
        terms = np.zeros_like(self.terms)
        derived = np.polynomial.polynomial.polyder(self.terms, axis=axis)
        terms[: derived.shape[0], : derived.shape[1]] = derived
        return Surface(terms * 2 / max(self.shape[axis] - 1, 1), self.shape)


class Map(NamedTuple):
    """Where each output pixel (x, y) lies in the input, at (x + dx(x, y), y + dy(x, y)).

    `slide` is dx as a function of output x and input y, which is what the first pass needs.
    `error_px` is the largest difference from the positions it was fitted to.
    """

    dx: Surface
    dy: Surface
    slide: Surface
    error_px: float

    def is_near_identity(self) -> bool:
        """True if the slopes of the displacement are small enough for two passes."""
        steepest = (
            np.abs(part.slope(axis).terms).sum() for part in (self.dx, self.dy) for axis in (0, 1)
        )
        return bool(max(steepest) < NEAR_IDENTITY)


def fit_map(positions: Callable, shape: Shape) -> Map:
    """The smooth map nearest to `positions(x, y) -> (x_in, y_in)` over an output frame of `shape`.

    The error is taken on a finer grid than the fit, edges and corners included.
    """
    x, y = _grid(shape, 15)
    x_in, y_in = positions(x, y)
    dx, dy = _fit(x, y, x_in - x, shape), _fit(x, y, y_in - y, shape)
    slide = _fit(x, y_in, x_in - x, shape)
    x, y = _grid(shape, 40)
    x_in, y_in = positions(x, y)
    reached = y + dy.at(x, y)
    misses = [
        np.hypot(x + across - x_in, reached - y_in)
        for across in (dx.at(x, y), slide.at(x, reached))
    ]
    return Map(dx, dy, slide, float(np.max(misses)))


def _fit(x: np.ndarray, y: np.ndarray, values: np.ndarray, shape: Shape) -> Surface:
    design = np.polynomial.polynomial.polyvander2d(
        _unit(y, shape[0]), _unit(x, shape[1]), (DEGREE, DEGREE)
    )
    powers = np.add.outer(np.arange(DEGREE + 1), np.arange(DEGREE + 1)).ravel()
    used = powers <= DEGREE
    terms = np.zeros(used.size)
    terms[used] = np.linalg.lstsq(
        design.reshape(-1, used.size)[:, used], values.ravel(), rcond=None
    )[0]
    return Surface(terms.reshape(DEGREE + 1, DEGREE + 1), shape)


def _grid(shape: Shape, count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.meshgrid(*(np.linspace(0, n - 1, count) for n in shape[::-1]))


def _unit(pixel: np.ndarray, count: int) -> np.ndarray:
    return 2 * np.asarray(pixel, float) / max(count - 1, 1) - 1
