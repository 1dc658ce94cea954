"""A band on another band's pixels: two one-dimensional B-spline passes along a smooth, nearby map.

Bands of a drift scan differ by a shift of some pixels, a rotation below 1e-3, a scale of 1 to 1e-3
and a distortion below a pixel. Such a map factors into one pass along x and one along y (Catmull
and Smith 1980, SIGGRAPH 14, 279), each a spline of the chosen order (Unser 1999, IEEE Signal
Processing Magazine 16, 22), for a fraction of the time of a two-dimensional gather.
"""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from math import comb, factorial, sqrt

import numpy as np
from scipy import ndimage

from fewsky.aligned.geometry import Map, Shape, Surface

POLES = {
    3: (sqrt(3) - 2,),
    5: (
        sqrt(67.5 - sqrt(4436.25)) + sqrt(26.25) - 6.5,
        sqrt(67.5 + sqrt(4436.25)) - sqrt(26.25) - 6.5,
    ),
}
TILE = (64, 256)  # rows and columns worked on at once: a dozen such float32 planes fit in cache


def resample(image: np.ndarray, along: Map, shape: Shape, order: int) -> np.ndarray:
    """Flux per output pixel, `(y, x)` float32, by splines of `order`; NaN outside the image.

    The image must be finite. Flux is kept: values are multiplied by the local area of an output
    pixel in input pixels.
    """
    rows = _pass(image, 1, (image.shape[0], shape[1]), order, along.slide)
    out = _pass(rows, 0, shape, order, along.dy)
    _blank_outside(out, along, image.shape)
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
    for above, row in pairwise(c):
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


def _tiles(shape: Shape) -> Iterator[tuple[slice, slice]]:
    for top in range(0, shape[0], TILE[0]):
        for left in range(0, shape[1], TILE[1]):
            bottom, right = min(top + TILE[0], shape[0]), min(left + TILE[1], shape[1])
            yield slice(top, bottom), slice(left, right)


def _pass(image: np.ndarray, axis: int, shape: Shape, order: int, shift: Surface) -> np.ndarray:
    """Interpolate along `axis` at index plus `shift`, times the stretch along that axis."""
    rows, columns = shift.bases(shape)
    stretch_rows, stretch_columns = shift.slope(axis).bases(shape)
    padded, before = _padded(image, axis, shape, order, rows[::32] @ columns[:, ::32])
    out = np.empty(shape, np.float32)
    scratch = np.empty((2, order + 1, *TILE), np.float32)
    for tile in _tiles(shape):
        down, right = tile
        first = tile[axis].start + before - (order - 1) // 2
        window = padded[:, right] if axis == 0 else padded[down]
        _interpolate(window, axis, first, rows[down] @ columns[:, right], out[tile], scratch)
        out[tile] *= 1 + stretch_rows[down] @ stretch_columns[:, right]
    return out


def _padded(image, axis: int, shape: Shape, order: int, shifts: np.ndarray):
    """Coefficients mirrored far enough for every shift, and how many lie before the first."""
    margin = order + 1
    before = max(0, -int(np.floor(shifts.min()))) + margin
    after = max(0, int(np.ceil(shifts.max())) + shape[axis] - image.shape[axis]) + margin
    widths = [(0, 0), (0, 0)]
    widths[axis] = (before, after)
    return np.pad(coefficients(image, axis, order), widths, mode="reflect"), before


def _interpolate(window, axis: int, first: int, shift, out, scratch) -> None:
    """Fill one tile with the spline at its own index plus `shift` along `axis`.

    `first` is where in `window` the first sample of an unshifted tile lies. Where the whole part
    of the shift changes inside the tile, each value of it is done in turn.
    """
    count = scratch.shape[1]
    samples, factors = (part[:, : out.shape[0], : out.shape[1]] for part in scratch)
    lowest, highest = int(np.floor(shift.min())), int(np.floor(shift.max()))
    for whole in range(lowest, highest + 1):
        for k in range(count):
            reach = slice(first + whole + k, first + whole + k + out.shape[axis])
            samples[k] = window[reach] if axis == 0 else window[:, reach]
        np.matmul(
            _taps(count - 1), scratch[0].reshape(count, -1), out=scratch[1].reshape(count, -1)
        )
        t = (shift - whole).astype(np.float32)
        value = factors[-1]
        for factor in factors[-2::-1]:
            value *= t
            value += factor
        np.copyto(out, value, where=np.floor(shift) == whole if highest > lowest else True)


def _blank_outside(out: np.ndarray, along: Map, shape: Shape) -> None:
    """Set NaN where an output pixel's centre lies outside the input's outermost pixel centres."""
    bases = along.dx.bases(out.shape), along.dy.bases(out.shape)
    for down, right in _tiles(out.shape):
        (rows_x, columns_x), (rows_y, columns_y) = bases
        x = np.arange(right.start, right.stop) + rows_x[down] @ columns_x[:, right]
        y = np.arange(down.start, down.stop)[:, None] + rows_y[down] @ columns_y[:, right]
        inside = (x >= 0) & (x <= shape[1] - 1) & (y >= 0) & (y <= shape[0] - 1)
        if not inside.all():
            out[down, right][~inside] = np.nan
