"""Colour composites of calibrated bands, as a colour picture would show them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy.visualization import ManualInterval, make_lupton_rgb

from fewsky.console import FewskyError

BLOCK = 1024  # images at once


def composite(
    images: np.ndarray, bands: list[str], settings: Mapping[str, Any] | None
) -> np.ndarray:
    """Red, green and blue `(n, 3, y, x)` float32 in 0..1 of images `(n, band, y, x)`.

    `settings` are the bands shown as red, green and blue, the linear `stretch` and the `minimum`
    that is black, both in the images' units, and the softening `q` of Lupton et al. (2004, PASP
    116, 133): the colour of a pixel stays while its intensity, the mean of the three, goes by
    asinh(q I / stretch) / q; what is brighter than 1 keeps its colour at 1. A pixel without data in
    one of the bands has none. Without settings the images come back as they are. Raises
    FewskyError on a band that is not there.
    """
    if settings is None:
        return images
    missing = [band for band in settings["bands"] if band not in bands]
    if missing:
        raise FewskyError(
            f"composite: wanted bands among {', '.join(bands)}; found {', '.join(missing)}. Name "
            "others."
        )
    order = [bands.index(band) for band in settings["bands"]]
    out = np.empty((len(images), 3, *images.shape[2:]), np.float32)
    for start in range(0, len(images), BLOCK):
        block = np.s_[start : start + BLOCK]
        out[block] = _lupton(images[block][:, order], settings)
    return out


def _lupton(images: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Images `(n, 3, y, x)` stretched; the mapping is of pixels, so all are one tall picture."""
    n, _, height, width = images.shape
    missing = ~np.isfinite(images).all(axis=1)
    planes = np.where(missing[:, None], settings["minimum"], images).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        colours = make_lupton_rgb(
            *planes.swapaxes(0, 1).reshape(3, n * height, width),
            interval=ManualInterval(vmin=settings["minimum"], vmax=np.inf),
            stretch=settings["stretch"],
            Q=settings["q"],
            output_dtype=np.float64,
        )
    shown = np.moveaxis(colours.reshape(n, height, width, 3), 3, 1)
    return np.where(missing[:, None], np.nan, shown)
