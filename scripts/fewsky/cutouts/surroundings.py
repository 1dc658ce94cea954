"""What surrounds an object on its image: sky, noise and sources of the outer ring."""

import numpy as np
import sep
from astropy.stats import mad_std, sigma_clipped_stats

RING = 0.38  # of the side: pixels farther from the centre are the outer ring
PEAK = 5.0  # spreads of the ring that a source stands above it
FEWEST_PX = 3
COLUMNS = ("background", "spread", "ring_median", "ring_rms", "peaks")


def surroundings(cube: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers of the outer ring of an image `(band, y, x)`, each `(band,)`, in its own units.

    The image is as it was read: neither scaled nor resized. Nothing within RING of the side from
    the centre has any part in them. Background and spread are the median and 1.4826 times the
    median absolute deviation of all pixels of the ring, ring_median and ring_rms the median and
    standard deviation once sources are clipped away, peaks the number of sources. A band without a
    pixel of data in the ring has NaN.
    """
    outer = distance(cube.shape[-1]) > RING
    rows = [_of_plane(plane, outer & np.isfinite(plane)) for plane in cube]
    return dict(zip(COLUMNS, np.array(rows, dtype=float).reshape(-1, len(COLUMNS)).T, strict=True))


def distance(side: int) -> np.ndarray:
    """Distance of every pixel `(y, x)` from the centre of a square image, in shares of the side."""
    axis = (np.arange(side) - (side - 1) / 2) / side
    return np.hypot(axis, axis[:, None])


def clipped(values: np.ndarray) -> tuple[float, float]:
    """Median and standard deviation of some pixels, sources clipped away."""
    _, median, rms = sigma_clipped_stats(values, sigma=3, maxiters=5)
    return float(median), float(rms)


def _of_plane(plane: np.ndarray, seen: np.ndarray) -> tuple[float, ...]:
    values = plane[seen].astype(np.float64)
    if len(values) == 0:
        return (np.nan,) * len(COLUMNS)
    median, rms = clipped(values)
    light = np.where(seen, plane - median, 0.0)
    count = _sources(light, ~seen, max(rms, _rounding(values)))
    return float(np.median(values)), float(mad_std(values)), median, rms, count


def _rounding(values: np.ndarray) -> float:
    """The noise of rounding to the image's own steps; without it a flat sky would have none."""
    levels = np.unique(values)
    return float(np.diff(levels).min() / np.sqrt(12)) if len(levels) > 1 else 1.0


def _sources(light: np.ndarray, hidden: np.ndarray, rms: float) -> int:
    """Sources of a plane `(y, x)`, smaller than a quarter of it, outside what is hidden."""
    light, hidden = np.ascontiguousarray(light, np.float32), np.ascontiguousarray(hidden)
    step = max(light.shape[0] // 4, 1)
    sky = sep.Background(light, mask=hidden, bw=step, bh=step).back()
    above = np.where(hidden, 0, light - sky).astype(np.float32)
    try:
        found = sep.extract(above, PEAK * rms, mask=hidden, minarea=FEWEST_PX, deblend_cont=1.0)
    except Exception as error:  # sep raises plain Exception, here where its buffer is full
        if "buffer" not in str(error):
            raise
        return 0
    return len(found)
