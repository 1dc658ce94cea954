"""A band on another band's pixels: two one-dimensional B-spline passes along a nearby affine map.

Bands of a drift scan differ by a shift of some pixels, a rotation below 1e-3 and a scale of 1 to
1e-3. Such a map factors into one pass along x and one along y (Catmull and Smith 1980), each a
spline of the chosen order (Unser 1999, IEEE Signal Processing Magazine 16, 22), for a fraction of
the time of a two-dimensional gather and with the same accuracy.
"""

from collections.abc import Iterator
from functools import cache
from math import comb, factorial, sqrt
from typing import NamedTuple

import numpy as np
from scipy import ndimage

POLES = {
    3: (sqrt(3) - 2,),
    5: (
        sqrt(67.5 - sqrt(4436.25)) + sqrt(26.25) - 6.5,
        sqrt(67.5 + sqrt(4436.25)) - sqrt(26.25) - 6.5,
    ),
}
# Two passes stay exact only for maps close to the identity; this covers every survey scan while
# keeping the drift inside a tile below one pixel.
NEAR_IDENTITY = 3e-3
TILE = (64, 256)  # rows and columns worked on at once: eight such float32 planes fit in cache


class Affine(NamedTuple):
    """Input pixel (x, y) as a linear function of the output pixel: `x_in = x0 + xx x + xy y`."""

    x0: float
    xx: float
    xy: float
    y0: float
    yx: float
    yy: float

    @property
    def area(self) -> float:
        """Area of an output pixel in input pixels."""
        return abs(self.xx * self.yy - self.xy * self.yx)

    def __call__(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.x0 + self.xx * x + self.xy * y, self.y0 + self.yx * x + self.yy * y

    def is_near_identity(self) -> bool:
        """True if scales are 1 and shears 0 within what the two passes can follow."""
        terms = (self.xx - 1, self.xy, self.yx, self.yy - 1)
        return all(abs(term) < NEAR_IDENTITY for term in terms)


def fit_affine(x: np.ndarray, y: np.ndarray, x_in: np.ndarray, y_in: np.ndarray):
    """The affine map nearest to the given pairs of pixels, and its largest error in pixels."""
    design = np.stack([np.ones(x.size), x.ravel(), y.ravel()], axis=1)
    wanted = np.stack([x_in.ravel(), y_in.ravel()], axis=1)
    terms, *_ = np.linalg.lstsq(design, wanted, rcond=None)
    error = np.hypot(*(design @ terms - wanted).T).max()
    return Affine(*terms.T.ravel().tolist()), float(error)


def resample(image: np.ndarray, affine: Affine, shape: tuple[int, int], order: int) -> np.ndarray:
    """Flux per output pixel, `(y, x)` float32, by splines of `order`; NaN outside the image.

    The image must be finite. The sum of flux is kept: values are multiplied by the area of an
    output pixel in input pixels.
    """
    x0, xx, xy, y0, yx, yy = affine
    rows = _pass(image, 1, (image.shape[0], shape[1]), order,
                 (x0 - xy * y0 / yy, xx - xy * yx / yy, xy / yy))  # fmt: skip
    out = _pass(rows, 0, shape, order, (y0, yy, yx))
    out *= np.float32(affine.area)
    _blank_outside(out, affine, image.shape)
    return out


def coefficients(image: np.ndarray, axis: int, order: int) -> np.ndarray:
    """B-spline coefficients of `(y, x)` along one axis, mirrored at the ends, float32."""
    if axis == 1:
        return ndimage.spline_filter1d(image, order, axis=1, output=np.float32, mode="mirror")
    out = np.array(image, dtype=np.float32)
    for pole in POLES[order]:
        _filter_down(out, pole)
    return out


def _filter_down(c: np.ndarray, pole: float) -> None:
    """Causal, then anti-causal recursion along y in place, all columns at once (Unser 1999)."""
    c *= np.float32((1 - pole) * (1 - 1 / pole))
    reach = min(len(c), 40)  # pole**40 is below 1e-14
    c[0] = np.float32(pole) ** np.arange(reach, dtype=np.float32) @ c[:reach]
    z, scratch = np.float32(pole), np.empty_like(c[0])
    for above, row in zip(c[:-1], c[1:], strict=True):
        np.multiply(above, z, out=scratch)
        row += scratch
    c[-1] = np.float32(pole / (pole * pole - 1)) * (c[-1] + z * c[-2])
    for below, row in zip(c[:0:-1], c[-2::-1], strict=True):
        np.subtract(below, row, out=row)
        row *= z


@cache
def _taps(order: int) -> np.ndarray:
    """Row d, column k: the factor of t**d in the weight of the k-th of `order + 1` samples."""
    middle = (order - 1) // 2
    table = np.zeros((order + 1, order + 1))
    for k in range(order + 1):
        for j in range(order + 2):
            start = middle - k + (order + 1) / 2 - j
            if start >= 0:
                sign = (-1) ** j * comb(order + 1, j) / factorial(order)
                table[:, k] += sign * np.polynomial.polynomial.polypow([start, 1.0], order)
    return table.astype(np.float32)


def _tiles(shape: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    for top in range(0, shape[0], TILE[0]):
        for left in range(0, shape[1], TILE[1]):
            yield (slice(top, min(top + TILE[0], shape[0])),
                   slice(left, min(left + TILE[1], shape[1])))  # fmt: skip


def _pass(image: np.ndarray, axis: int, shape: tuple[int, int], order: int, terms) -> np.ndarray:
    """Interpolate along `axis` at `offset + scale * along + shear * across`."""
    offset, scale, shear = terms
    along, across = shape[axis], shape[1 - axis]
    drifts = [offset + (scale - 1) * a + shear * b for a in (0, along) for b in (0, across)]
    before = max(0, -int(np.floor(min(drifts)))) + order
    after = max(0, int(np.ceil(max(drifts))) + along - image.shape[axis]) + order
    widths = [(0, 0), (0, 0)]
    widths[axis] = (before, after)
    padded = np.pad(coefficients(image, axis, order), widths, mode="reflect")
    out = np.empty(shape, np.float32)
    scratch = np.empty((2, order + 1, *TILE), np.float32)
    for tile in _tiles(shape):
        index = np.ogrid[tile]
        drift = offset + (scale - 1) * index[axis] + shear * index[1 - axis]
        first = tile[axis].start + before - (order - 1) // 2
        window = padded[:, tile[1]] if axis == 0 else padded[tile[0]]
        _interpolate(window, axis, first, drift, out[tile], scratch)
    return out


def _interpolate(window, axis, first, drift, out, scratch) -> None:
    """Fill one tile of output at `first + drift` (plus the tile's own index) along `axis`.

    Where the whole part of the drift changes inside the tile, each value of it is done in turn.
    """
    count = scratch.shape[1]
    samples, factors = (part[:, : out.shape[0], : out.shape[1]] for part in scratch)
    lowest, highest = int(np.floor(drift.min())), int(np.floor(drift.max()))
    for whole in range(lowest, highest + 1):
        for k in range(count):
            reach = slice(first + whole + k, first + whole + k + out.shape[axis])
            samples[k] = window[reach] if axis == 0 else window[:, reach]
        np.matmul(_taps(count - 1), scratch[0].reshape(count, -1), out=scratch[1].reshape(count, -1))
        t = (drift - whole).astype(np.float32)
        value = factors[-1]
        for factor in factors[-2::-1]:
            value *= t
            value += factor
        np.copyto(out, value, where=(t >= 0) & (t < 1) if highest > lowest else True)


def _blank_outside(out: np.ndarray, affine: Affine, shape: tuple[int, int]) -> None:
    """Set NaN where an output pixel's centre lies outside the input's outermost pixel centres."""
    for tile in _tiles(out.shape):
        y, x = (np.array([part.start, part.stop - 1]) for part in tile)
        if not _inside(*affine(x[None, :], y[:, None]), shape).all():
            y, x = np.ogrid[tile]
            out[tile][~_inside(*affine(x, y), shape)] = np.nan


def _inside(x: np.ndarray, y: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return (x >= 0) & (x <= shape[1] - 1) & (y >= 0) & (y <= shape[0] - 1)
