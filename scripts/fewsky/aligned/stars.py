"""Bright stars of an image: where they are, to a hundredth of a pixel, and how wide."""

from typing import NamedTuple

import numpy as np
import sep
from scipy.spatial import cKDTree

BRIGHT = 50.0  # signal to noise in a 3-pixel aperture: a centroid is then known to 0.03 pixels
DETECTION = 10.0  # sigma a pixel
MOST = 400  # stars used, the brightest: more add time and no precision
NEIGHBOUR_PX = 10.0  # a source nearer than this pulls the centroid
EDGE_PX = 16
LOCUS_PX = 0.2  # stars share one half-light radius; galaxies and saturated stars are larger
# Centre of the core against centre of the wings. They part where a pixel of the core was taken for
# a cosmic ray and replaced, which happens in SDSS runs of good seeing (half the bright stars of
# field 8162-6-80), and in close blends.
SKEWED_PX = 0.08
FWHM = 2.3548  # of a Gaussian, in sigma


class Stars(NamedTuple):
    """Centroids in pixels (0-based centres), signal to noise, and the width assumed for them."""

    x: np.ndarray
    y: np.ndarray
    snr: np.ndarray
    fwhm_px: float

    def only(self, kept: np.ndarray) -> "Stars":
        return Stars(self.x[kept], self.y[kept], self.snr[kept], self.fwhm_px)


class Sky(NamedTuple):
    """An image without its background, NaN set to 0, and its noise per pixel."""

    image: np.ndarray
    known: np.ndarray
    rms: float


def subtract_sky(image: np.ndarray) -> Sky:
    """The image less a smooth background (boxes of 64 pixels)."""
    known = np.isfinite(image)
    filled = np.where(known, image, 0).astype(np.float32)
    background = sep.Background(filled, mask=~known)
    return Sky(filled - background.back(dtype=np.float32) * known, known, background.globalrms)


def find_stars(sky: Sky) -> Stars:
    """Bright, unresolved, single stars away from the edges, the brightest first."""
    found = sep.extract(sky.image, DETECTION, err=sky.rms, mask=~sky.known, minarea=5)
    x, y = found["x"], found["y"]
    if len(x) < 2:
        return Stars(x, y, np.zeros(len(x)), np.nan)
    snr = _snr(sky, x, y)
    radius = sep.flux_radius(sky.image, x, y, np.full(len(x), 12.0), 0.5)[0]
    bright = (snr > BRIGHT) & (radius > 0.5) & (found["flag"] == 0)
    if not bright.any():
        return Stars(x[:0], y[:0], snr[:0], np.nan)
    typical = _commonest(radius[bright])
    alone = cKDTree(np.stack([x, y], 1)).query(np.stack([x, y], 1), k=2)[0][:, 1] > NEIGHBOUR_PX
    inside = _away_from_edges(sky.image.shape, x, y)
    kept = np.flatnonzero(bright & alone & inside & (np.abs(radius - typical) < LOCUS_PX))
    kept = kept[np.argsort(-snr[kept], kind="stable")][:MOST]
    return measure_stars(sky, x[kept], y[kept], 2 * typical)[0]


def measure_stars(sky: Sky, x: np.ndarray, y: np.ndarray, fwhm_px: float):
    """Windowed centroids near the given positions, and which are bright, whole and not skewed."""
    if len(x) == 0:
        return Stars(x, y, np.zeros(0), fwhm_px), np.zeros(0, bool)
    sigma = fwhm_px / FWHM
    centre, core, wings = (
        np.stack(sep.winpos(sky.image, x, y, factor * sigma)[:2]) for factor in (1.0, 0.6, 1.6)
    )
    snr = _snr(sky, *centre)
    good = (snr > BRIGHT) & (np.hypot(*(centre - [x, y])) < fwhm_px) & _whole(sky, *centre)
    if good.any():
        skew = core - wings
        good &= np.hypot(*(skew - _centre_of(skew[:, good])[:, None])) < SKEWED_PX
    return Stars(*centre, snr, fwhm_px), good


def fwhm_px(sky: Sky, stars: Stars) -> float:
    """Full width at half maximum in pixels of a Gaussian fitted to the stars' cores; NaN if none.

    Within 6 % of SDSS's PSF_FWHM on real frames.
    """
    offsets = np.arange(-6, 7)
    widths = []
    for x, y in zip(stars.x, stars.y, strict=True):
        i, j = round(float(x)), round(float(y))
        stamp = sky.image[j - 6 : j + 7, i - 6 : i + 7]
        if stamp.shape != (13, 13):
            continue
        radius2 = (offsets[None, :] - (x - i)) ** 2 + (offsets[:, None] - (y - j)) ** 2
        core = (stamp > 0.3 * stamp[5:8, 5:8].max()) & (radius2 < 20)
        if core.sum() > 4:
            slope = np.polyfit(radius2[core], np.log(stamp[core]), 1, w=stamp[core])[0]
            if slope < 0:
                widths.append(FWHM * np.sqrt(-0.5 / slope))
    return float(np.median(widths)) if widths else float("nan")


def _snr(sky: Sky, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    flux, error, _ = sep.sum_circle(sky.image, x, y, 3.0, err=sky.rms)
    return np.divide(flux, error, out=np.zeros_like(flux), where=error > 0)  # 0 off the image


def _whole(sky: Sky, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which positions have only known pixels around them."""
    inside = _away_from_edges(sky.image.shape, x, y)
    i, j = (np.where(inside, np.rint(value), 0).astype(int) for value in (x, y))
    around = [sky.known[b - 7 : b + 8, a - 7 : a + 8] for a, b in zip(i, j, strict=True)]
    return inside & np.array([bool(part.all()) for part in around])


def _away_from_edges(shape: tuple[int, int], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (np.minimum(x, shape[1] - 1 - x) > EDGE_PX) & (np.minimum(y, shape[0] - 1 - y) > EDGE_PX)


def _commonest(values: np.ndarray) -> float:
    """The middle of the densest window of width LOCUS_PX."""
    ordered = np.sort(values)
    last = np.searchsorted(ordered, ordered + LOCUS_PX, side="right")
    first = int(np.argmax(last - np.arange(len(ordered))))
    return float(np.median(ordered[first : last[first]]))


def _centre_of(points: np.ndarray) -> np.ndarray:
    """The point `(2,)` of the given `(2, n)` with most others within SKEWED_PX."""
    tree = cKDTree(points.T)
    near = tree.query_ball_point(points.T, SKEWED_PX)
    return points[:, max(near, key=len)].mean(axis=1)
