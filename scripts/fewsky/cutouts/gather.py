"""Patches of an image about positions."""

import numpy as np

from fewsky.console import FewskyError

HOT = 32  # patches checked at once, while they are still in the processor's cache


def gather(
    cube: np.ndarray, x: np.ndarray, y: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Patches `(n, band, size, size)` about the pixels that hold (x, y), and which are complete.

    `cube` is `(band, y, x)`, positions are 0-based pixel centres, `size` is odd. What lies off the
    image is NaN, and such a patch is not complete; nor is one with a pixel that is not finite.
    """
    check_size(size)
    bands, height, width = cube.shape
    left, top = (np.floor(np.asarray(v) + 0.5).astype(int) - size // 2 for v in (x, y))
    patches = np.empty((len(left), bands, size, size), np.float32)
    inside = (left >= 0) & (top >= 0) & (left + size <= width) & (top + size <= height)
    total = np.empty(len(left), np.float32)
    zeros = np.zeros(bands * size * size, np.float32)
    pixels = patches.reshape(len(left), zeros.size)
    corners = list(zip(patches, top.tolist(), left.tolist(), inside.tolist(), strict=True))
    with np.errstate(invalid="ignore"):
        for start in range(0, len(left), HOT):
            for patch, i, j, whole in corners[start : start + HOT]:
                if whole:
                    patch[...] = cube[:, i : i + size, j : j + size]
                else:
                    _copy_part(patch, cube, i, j, size)
            # Zeros times pixels sum to NaN where one is NaN or infinite; BLAS is quick at it.
            np.matmul(pixels[start : start + HOT], zeros, out=total[start : start + HOT])
    complete = np.isfinite(total)
    return patches, complete


def check_size(size: int) -> None:
    """Raise FewskyError unless a patch of that side has a central pixel."""
    if size < 1 or size % 2 == 0:
        raise FewskyError(
            f"size {size}: wanted an odd number of pixels, so that a patch has a centre. Change it."
        )


def _copy_part(patch: np.ndarray, cube: np.ndarray, top: int, left: int, size: int) -> None:
    """Fill what of a patch lies on the image; the rest is NaN."""
    patch[...] = np.nan
    (i0, i1), (j0, j1) = (
        (min(max(start, 0), length), max(min(start + size, length), 0))
        for start, length in ((top, cube.shape[1]), (left, cube.shape[2]))
    )
    if i0 < i1 and j0 < j1:
        patch[:, i0 - top : i1 - top, j0 - left : j1 - left] = cube[:, i0:i1, j0:j1]
