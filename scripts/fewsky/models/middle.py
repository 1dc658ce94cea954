"""How far the light of an image is from its middle, where a network expects its object."""

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter

STANDS_OUT = 4.0  # of the smoothed noise: one empty patch of 25 px in three hundred has such a peak
SMOOTHED = 1 / 25  # of the side: about the PSF of SDSS in a patch of 25 px
NEAR = 1 / 4  # of the side: light farther off is a neighbour's


def off_middle(images: np.ndarray) -> np.ndarray:
    """Pixels `(n,)` from the middle of images `(n, band, y, x)` to the nearest peak of their light.

    All bands are added, each weighted by the noise in its border. NaN where nothing within a
    quarter of the side stands out: faint objects have no peak of their own. Neighbours do not
    count, since the nearest peak does.
    """
    side = images.shape[-1]
    axis = np.arange(side) - (side - 1) / 2
    radius = np.hypot(axis, axis[:, None])
    border = radius > side / 2
    return np.array([_nearest_peak(image, radius, border) for image in images], float)


def _nearest_peak(image: np.ndarray, radius: np.ndarray, border: np.ndarray) -> float:
    side = len(radius)
    stack = sum(_above(plane, border, power=2) for plane in image)
    light = _above(gaussian_filter(stack, side * SMOOTHED), border, power=1)
    peak = (light > STANDS_OUT) & (light == maximum_filter(light, 3)) & (radius < side * NEAR)
    return float(radius[peak].min()) if peak.any() else np.nan


def _above(plane: np.ndarray, border: np.ndarray, power: int) -> np.ndarray:
    """A plane above its border's median, over a power of the scatter there; 0 without data."""
    known = np.isfinite(plane)
    outer = plane[known & border]
    if not len(outer):
        return np.zeros(plane.shape)
    light = np.where(known, plane - np.median(outer), 0.0)
    scatter = 1.4826 * np.median(np.abs(light[known & border]))
    return light / scatter**power if scatter > 0 else np.zeros(plane.shape)
