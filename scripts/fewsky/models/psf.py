"""Images with a point source taken out: what is left of a star is noise, of a galaxy its light."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError

# Wings of an SDSS-like point source: a Moffat profile of this exponent.
MOFFAT_BETA = 3.0
CHUNK = 4096


def describe(catalog: pd.DataFrame, bands: list[str], pixel_arcsec: float) -> dict[str, Any]:
    """Median FWHM a band in arcsec, which stands in for objects whose field has none."""
    missing = [f"psf_fwhm_{band}" for band in bands if f"psf_fwhm_{band}" not in catalog]
    values = np.zeros((0, len(bands))) if missing else _widths(catalog, bands)
    unknown = [b for k, b in enumerate(bands) if missing or not (values[:, k] > 0).any()]
    if unknown:
        raise FewskyError(
            f"recipe.psf: wanted a known psf_fwhm_<band> in training; found none in bands "
            f"{', '.join(unknown)}. Use psf: none."
        )
    median = [float(np.median(column[column > 0])) for column in values.T]
    return {"fwhm_arcsec": median, "pixel_arcsec": pixel_arcsec}


def _widths(catalog: pd.DataFrame, bands: list[str]) -> np.ndarray:
    return catalog[[f"psf_fwhm_{band}" for band in bands]].to_numpy(np.float64)


def residual(
    pixels: torch.Tensor, size: int, catalog: pd.DataFrame, bands: list[str], card: dict[str, Any]
) -> torch.Tensor:
    """Pixels `(n, y * x, band)` in nanomaggies less the best-fitting point source of each band.

    The source is a Moffat profile of the field's FWHM at the object's sub-pixel position; its
    amplitude is the least-squares one, sum(p x) / sum(p p) for a profile p and an image x.
    """
    widths = _widths(catalog, bands)
    fwhm = np.where(widths > 0, widths, card["fwhm_arcsec"]) / card["pixel_arcsec"]
    centre = catalog[["x", "y"]].to_numpy(np.float64)
    offset = np.nan_to_num(centre - np.floor(centre + 0.5))
    found = torch.empty_like(pixels)
    for k in range(0, len(pixels), CHUNK):
        part = slice(k, k + CHUNK)
        profile = moffat(fwhm[part], offset[part], size).to(pixels)
        image = pixels[part]
        amplitude = (profile * image).sum(1) / profile.square().sum(1)
        found[part] = image - amplitude[:, None, :] * profile
    return found


def moffat(fwhm_px: np.ndarray, offset_px: np.ndarray, size: int) -> torch.Tensor:
    """Moffat profiles of peak 1, float64 `(n, size * size, band)`.

    `fwhm_px` is `(n, band)`; `offset_px` `(n, 2)` is x and y of the source from the centre pixel.
    """
    grid = torch.arange(size, dtype=torch.float64) - size // 2
    x, y = (grid[None, :] - torch.from_numpy(offset_px[:, k, None]) for k in (0, 1))
    square = (y.square()[:, :, None] + x.square()[:, None, :]).flatten(1)
    core = torch.from_numpy(fwhm_px) / (2 * np.sqrt(2 ** (1 / MOFFAT_BETA) - 1))
    return (1 + square[:, :, None] / core.square()[:, None, :]) ** -MOFFAT_BETA
