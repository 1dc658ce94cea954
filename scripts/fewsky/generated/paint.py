"""Simulated patches: point sources and Sersic profiles by GalSim, background and noise."""

from functools import lru_cache
from typing import Any

import galsim
import numpy as np
import pandas as pd

from fewsky.generated.population import POINT

ACCURACY = galsim.GSParams(folding_threshold=1e-2, maxk_threshold=2e-3, kvalue_accuracy=1e-4)
INDEX_STEP = 0.25  # GalSim sets up a Sersic profile anew for each index
WIDTH_STEP = 0.002  # arcsec, to which the width of a PSF is rounded
PSFS = {
    "kolmogorov": lambda fwhm: galsim.Kolmogorov(fwhm=fwhm, gsparams=ACCURACY),
    "moffat": lambda fwhm: galsim.Moffat(beta=3.0, fwhm=fwhm, gsparams=ACCURACY),
    "gaussian": lambda fwhm: galsim.Gaussian(fwhm=fwhm, gsparams=ACCURACY),
}


def paint(
    lights: pd.DataFrame, fwhm: np.ndarray, side: int, pixel_arcsec: float, psf: str
) -> np.ndarray:
    """Patches `(n, band, side, side)` of some lights in nanomaggies, without noise.

    `lights` are those of `population.populate`; `fwhm` `(n, band)` is the width of the PSF in
    arcsec as the catalogue has it, that of the pixels included. `psf` is one of PSFS.
    """
    images = np.zeros((*fwhm.shape, side, side))
    fluxes = lights[[name for name in lights if name.startswith("flux_")]].to_numpy()
    for light, flux in zip(lights.itertuples(), fluxes, strict=True):
        for k in np.flatnonzero(flux > 0):
            profile = _profile(light, psf, round(fwhm[light.patch, k] / WIDTH_STEP)) * flux[k]
            # The catalogue's width is that of what is seen in pixels, so none is laid over it.
            stamp = profile.drawImage(
                nx=side, ny=side, scale=pixel_arcsec, offset=(light.dx, light.dy),
                method="no_pixel", dtype=float,
            )  # fmt: skip
            images[light.patch, k] += np.maximum(stamp.array, 0)
    return images


def _profile(light: Any, psf: str, steps: int) -> galsim.GSObject:
    blur = _psf(psf, steps)
    if light.label == POINT:
        return blur
    body = _sersic(round(light.sersic / INDEX_STEP)).dilate(light.half_light)
    body = body.shear(q=light.axis_ratio, beta=light.angle * galsim.radians)
    return galsim.Convolve(body, blur, gsparams=ACCURACY)


@lru_cache(maxsize=512)
def _psf(kind: str, steps: int) -> galsim.GSObject:
    return PSFS[kind](steps * WIDTH_STEP)


@lru_cache(maxsize=64)
def _sersic(steps: int) -> galsim.GSObject:
    return galsim.Sersic(n=steps * INDEX_STEP, half_light_radius=1.0, gsparams=ACCURACY)


def exposed(
    light: np.ndarray, noise: np.ndarray, bands: list[str], settings: dict, rng
) -> np.ndarray:
    """Patches `(n, band, y, x)` of light, float32 nanomaggies, with background and noise.

    `noise` `(n, band)` is that of an empty pixel; photons of the light add their own where
    `settings` state the electrons a nanomaggy of the band. The background is off by a constant.
    """
    level = noise[:, :, None, None]
    electrons = np.array([settings["electrons"].get(band, np.inf) for band in bands])
    sigma = np.sqrt(level**2 + light / electrons[:, None, None])
    left = settings["background"] * level * rng.standard_normal(level.shape)
    return (light + left + sigma * rng.standard_normal(light.shape)).astype(np.float32)
