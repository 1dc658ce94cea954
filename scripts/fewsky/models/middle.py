"""How far the light of an image is from its middle, where a network expects its object."""

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter

STANDS_OUT = 4.0  # of the smoothed noise: one empty patch of 25 px in three hundred has such a peak
SMOOTHED = 1 / 25  # of the side: about the PSF of SDSS in a patch of 25 px


def off_middle(images: np.ndarray) -> np.ndarray:
    """Pixels `(n,)` from the middle of images `(n, band, y, x)` to the nearest peak of their light.

    All bands are added, each in units of the noise in its border. Neighbours do not count, since
    the nearest peak does. Half a side where nothing stands out.
    """
    side = images.shape[-1]
    axis = np.arange(side) - (side - 1) / 2
    radius = np.hypot(axis, axis[:, None])
    border = radius > side / 2
    return np.array([_nearest_peak(image, radius, border) for image in images], float)


def _nearest_peak(image: np.ndarray, radius: np.ndarray, border: np.ndarray) -> float:
    width = radius.shape[0] * SMOOTHED
    light = _in_noise(sum(_in_noise(plane, border) for plane in image), border, width)
    peak = (light > STANDS_OUT) & (light == maximum_filter(light, 3))
    return float(radius[peak].min()) if peak.any() else radius.shape[0] / 2


def _in_noise(plane: np.ndarray, border: np.ndarray, width: float = 0.0) -> np.ndarray:
    """A plane above its border's median, in units of the scatter there; 0 where it has no data."""
    known = np.isfinite(plane)
    outer = plane[known & border]
    if not len(outer):
        return np.zeros(plane.shape)
    light = np.where(known, plane - np.median(outer), 0.0)
    light = gaussian_filter(light, width) if width else light
    scatter = 1.4826 * np.median(np.abs(light[known & border]))
    return light / scatter if scatter > 0 else np.zeros(plane.shape)
