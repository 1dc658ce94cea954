"""Patches with a part of their sky replaced by empty sky: the field's own noise about its level.

Zeros, which no network has seen, would be an answer to another question.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.cutouts.patches import prepare


class Sky(NamedTuple):
    """What is known of the sky about `n` objects, in nanomaggies a pixel and in pixels."""

    level: np.ndarray  # (n, band) background
    noise: np.ndarray  # (n, band)
    fwhm: np.ndarray  # (n, band) pixels
    x: np.ndarray  # (n, y, x) pixels from the object's exact position
    y: np.ndarray
    light: np.ndarray  # (n, band, y, x) above the background

    @property
    def radius(self) -> np.ndarray:
        """Distance of every pixel from the object's exact position, `(n, y, x)` pixels."""
        return np.hypot(self.x, self.y)

    def of(self, rows: np.ndarray) -> "Sky":
        """The sky about some of the objects."""
        return Sky(*(part[rows] for part in self))


def sky_of(images: np.ndarray, catalog: pd.DataFrame, bands: list[str], pixel_arcsec: float) -> Sky:
    """The sky about objects: level from the patch's outer ring, noise and FWHM of the field.

    `images` are `(n, band, y, x)` in nanomaggies, row i of which is row i of `catalog`. The level
    is that of features, which believe the ring only as far as it stands out from its error. Where a
    field has no noise the median of the others stands in. Raises FewskyError where none has any.
    """
    patches, _, _ = prepare(images, catalog.reset_index(drop=True), bands, pixel_arcsec)
    known = np.isfinite(patches.noise)
    if not known.any(axis=0).all():
        lost = [band for band, some in zip(bands, known.any(axis=0), strict=True) if not some]
        raise FewskyError(
            f"influence: wanted the noise of a field in every band; found none in "
            f"{', '.join(lost)}. Take the experiment out of paper.star-galaxy.radial."
        )
    usual = np.nanmedian(np.where(known, patches.noise, np.nan), axis=0)
    level = np.nanmedian((images - patches.light).reshape(*images.shape[:2], -1), axis=2)
    noise = np.where(known, patches.noise, usual)
    return Sky(level, noise, patches.fwhm, patches.x, patches.y, patches.light)


def empty_sky(sky: Sky, rng: np.random.Generator) -> np.ndarray:
    """Patches `(n, band, y, x)` float32 without an object: white noise about the level."""
    shape = (*sky.level.shape, *sky.x.shape[1:])
    drawn = rng.standard_normal(shape, dtype=np.float32)
    drawn *= sky.noise[..., None, None].astype(np.float32)
    return drawn + sky.level[..., None, None].astype(np.float32)


def erased(images: np.ndarray, where: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Images `(n, band, y, x)` with the pixels `where` `(n, y, x)` is true taken from `empty`."""
    return np.where(where[:, None], empty, images)


def discs(sky: Sky, x: np.ndarray, y: np.ndarray, radius_px: float) -> np.ndarray:
    """Whether a pixel lies within a radius of a place, `(n, y, x)`; places from the object, px."""
    return np.hypot(sky.x - x[:, None, None], sky.y - y[:, None, None]) <= radius_px
