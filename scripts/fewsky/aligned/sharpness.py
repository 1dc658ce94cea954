"""How well the bands of a field lie on each other: centroids of bright stars, and their shift."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from astropy.io import fits

from fewsky.aligned.stars import Sky, Stars, measure_stars
from fewsky.console import FewskyError

SHARPNESS = "SHARPNESS"  # HDU of an aligned field
COLUMNS = ["band", "stage", "n", "scatter_px", "offset_x", "offset_y"]
FEWEST = 5  # stars that a shift needs
SIGNIFICANT = 3.0  # standard errors
SMALLEST_PX = 0.02  # below this a shift is of the size of the centroids' own errors
# SDSS bands agree to 0.2 px by their astrometry; this much is another sky, not an error of it.
LARGEST_PX = 1.0
CHECKED, SEEN, SHARE = 20, 5.0, 0.2


class Offsets(NamedTuple):
    """Displacements `(2, n)` in pixels of stars from where they were expected."""

    pixels: np.ndarray

    @classmethod
    def none(cls) -> "Offsets":
        return cls(np.zeros((2, 0)))

    def shift(self) -> np.ndarray:
        """The median displacement (x, y) where it is real, else (0, 0)."""
        count = self.pixels.shape[1]
        if count < FEWEST:
            return np.zeros(2)
        middle = np.median(self.pixels, axis=1)
        spread = 1.4826 * np.median(np.abs(self.pixels - middle[:, None]), axis=1)
        # The standard error of a median is 1.25 times that of a mean.
        error = 1.25 * np.hypot(*spread) / np.sqrt(count)
        real = np.hypot(*middle) > max(SMALLEST_PX, SIGNIFICANT * error)
        return middle if real else np.zeros(2)

    def row(self, band: str, stage: str) -> dict:
        """Count, median distance and median displacement in pixels; NaN without stars."""
        if self.pixels.shape[1] == 0:
            return dict(zip(COLUMNS, (band, stage, 0, np.nan, np.nan, np.nan), strict=True))
        scatter = float(np.median(np.hypot(*self.pixels)))
        middle = np.median(self.pixels, axis=1).tolist()
        values = (band, stage, self.pixels.shape[1], scatter, *middle)
        return dict(zip(COLUMNS, values, strict=True))


def compare(sky: Sky, stars: Stars, positions: Callable, name: str) -> tuple[Offsets, Stars]:
    """Displacements of a band's stars from `positions`, and those reference stars.

    Raises FewskyError where the band does not show the reference's brightest stars at all, or shows
    them more than a pixel off: its WCS is not of this field.
    """
    x, y = positions(stars.x, stars.y)
    found, good = measure_stars(sky, x, y, stars.fwhm_px)
    near = np.hypot(found.x - x, found.y - y) < stars.fwhm_px
    seen = (near & (found.snr > SEEN))[:CHECKED]
    if len(seen) == CHECKED and seen.mean() < SHARE:
        raise FewskyError(
            f"{name}: wanted the {CHECKED} brightest stars of the reference band at their places; "
            f"found {seen.sum()}. Check its WCS, or download it again."
        )
    offsets = Offsets(np.stack([found.x - x, found.y - y])[:, good])
    if (distance := np.hypot(*offsets.shift())) > LARGEST_PX:
        raise FewskyError(
            f"{name}: wanted its stars within {LARGEST_PX:g} px of the reference band's; found "
            f"them {distance:.2f} px off. Check its WCS, or download it again."
        )
    return offsets, stars.only(good)


def shard_sharpness(aligned: pd.DataFrame, folder: str | Path) -> pd.DataFrame:
    """Scatter in pixels of bright stars' centroids against the reference band, by field and band.

    Stage `before` compares the frames as served, pixel by pixel, `after` the aligned ones. The
    scatter is the median distance of a star from its place in the reference band, so it holds the
    offset (also given, x and y) as well as the spread.
    """
    tables = [
        _table(Path(folder) / row.path).assign(field=row.field) for row in aligned.itertuples()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["field", *COLUMNS]]


def _table(path: Path) -> pd.DataFrame:
    rows = fits.getdata(path, SHARPNESS)
    return pd.DataFrame({name: rows[name].tolist() for name in COLUMNS})
