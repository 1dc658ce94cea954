"""The point spread function of a field by its own stars, and what galaxies look like through it."""

import numpy as np
from scipy.optimize import nnls

FWHM = 2.3548  # of a Gaussian, in sigma
# A PSF is a sum of round Gaussians of these widths, in units of its FWHM's own sigma.
WIDTHS = np.array([0.6, 0.85, 1.15, 1.6, 2.5, 4.0])
# Mean of the ugriz fits to field 94-1-12, for fields with too few stars of their own.
USUAL = np.array([0.02, 0.36, 0.49, 0.03, 0.06, 0.04])
FEWEST = 5
# Exponential disc of half-light radius 1 as Gaussians: share of the flux and variance
# (Hogg & Lang 2013, PASP 125 719: six of them, truncated at four radii).
DISC_FLUX = np.array([2.34853813e-3, 3.0799526e-2, 2.23364214e-1, 1.17949102, 4.3387375, 5.9982077])
DISC_VARIANCE = np.array(
    [1.20078965e-3, 8.84526493e-3, 3.91463084e-2, 1.39976817e-1, 4.609625e-1, 1.50159566]
)
STEP = 0.001  # FWHM, of the tables that profiles are looked up in


def fit_psf(radius: np.ndarray | None = None, share: np.ndarray | None = None) -> np.ndarray:
    """The flux share `(6,)` of each Gaussian of WIDTHS; the usual ones without stars.

    `radius` are distances of stars' pixels from their centres in FWHM, `share` the fluxes there a
    FWHM**2 as a part of the star's.
    """
    if radius is not None:
        weights, _ = nnls(gaussians(radius, WIDTHS / FWHM), share)
        if weights.sum() > 0:
            return weights / weights.sum()
    return USUAL / USUAL.sum()


def profile(weights: np.ndarray, half_light: float, reach: float) -> np.ndarray:
    """Flux a FWHM**2 of an exponential disc of unit flux seen through the PSF, every STEP to reach.

    `half_light` and `reach` are in FWHM; a half-light radius of 0 gives the PSF itself.
    """
    variances = (WIDTHS / FWHM) ** 2
    if half_light > 0:
        disc = DISC_FLUX / DISC_FLUX.sum()
        weights = np.outer(weights, disc).ravel()
        variances = np.add.outer(variances, DISC_VARIANCE * half_light**2).ravel()
    return gaussians(np.arange(0, reach + STEP, STEP), np.sqrt(variances)) @ weights


def gaussians(radius: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Round Gaussians `(radius, sigma)` of unit flux, in the units of both."""
    return np.exp(-0.5 * (radius[:, None] / sigma) ** 2) / (2 * np.pi * sigma**2)


def enclosed(weights: np.ndarray, radius: float) -> float:
    """The share of a star's flux within a radius in FWHM."""
    return float(weights @ (1 - np.exp(-0.5 * (radius * FWHM / WIDTHS) ** 2)))
