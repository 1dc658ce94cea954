"""Features of patches that tell a star from a galaxy, relative to the field's own PSF and noise."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fewsky.cutouts.field_psf import FEWEST, STEP, enclosed, fit_psf, profile
from fewsky.cutouts.patches import FWHM, Patches, aperture, stacked

SIZES = (0.25, 0.4, 0.6, 0.9)  # half-light radii in FWHM of the discs that are tried
FIT_FWHM = 2.2  # pixels farther out carry neighbours and no light
APERTURES = {"core": 0.5, "halo": 2.0}  # FWHM, each against one of 1 FWHM
BRIGHT = 30.0  # signal to noise that tells a star's width
FAINTEST = 20.0  # signal to noise in a band of the stars that give its PSF
LOCUS = 0.08  # stars lie this near each other in the logarithm of their width
WIDEST = 2.5  # PSFs, of an adaptive window
ROUNDS = 12  # of its adaptation: the width is then known to 1 %


class Fit(NamedTuple):
    """Best fluxes `(n, band, model)`, their errors, and the gain in chi squared over no object."""

    flux: np.ndarray
    error: np.ndarray
    gain: np.ndarray


def measure_shapes(patches: Patches, snr: np.ndarray, bands: list[str]) -> dict[str, np.ndarray]:
    """The features by name, each `(n,)`, finite, and near 0 for a star where that has a meaning."""
    size, ellipticity, fourth, stars = _moments(patches, snr)
    psf = field_psf(patches, snr, stars)
    columns = {"size": _less_stars(size, stars), "ellipticity": ellipticity, "fourth": fourth}
    columns |= _discs(fit_models(patches, psf), bands)
    columns |= _apertures(patches, psf, bands)
    for k, band in enumerate(bands):
        width = patches.fwhm[:, k] / FWHM
        size, *_ = adaptive_moments(patches.light[:, k], patches.x, patches.y, width)
        columns[f"size_{band}"] = _less_stars(size, stars & (snr[:, k] > FAINTEST))
        columns[f"snr_{band}"] = np.arcsinh(snr[:, k])
    return {name: np.nan_to_num(value) for name, value in columns.items()}


def field_stars(patches: Patches, snr: np.ndarray) -> np.ndarray:
    """Which bright objects `(n,)` have the field's commonest width: its stars, by no label."""
    return _moments(patches, snr)[3]


def _moments(patches: Patches, snr: np.ndarray):
    """Log width, ellipticity and fourth moment of all bands together, and the field's stars."""
    stack, width = stacked(patches)
    found = adaptive_moments(stack, patches.x, patches.y, width / FWHM)
    bright = np.sqrt((np.maximum(snr, 0) ** 2).sum(axis=1)) > BRIGHT
    return *found, _commonest(found[0], bright)


def field_psf(patches: Patches, snr: np.ndarray, stars: np.ndarray) -> np.ndarray:
    """The PSF of each band `(band, 6)` in shares of psf.WIDTHS, from the field's stars `(n,)`."""
    weights = []
    for k in range(snr.shape[1]):
        chosen = np.flatnonzero(stars & (snr[:, k] > FAINTEST))
        radius = patches.radius[chosen] / patches.fwhm[chosen, k, None, None]
        near = radius < FIT_FWHM
        light = patches.light[chosen, k]
        total = np.where(near, light, 0).sum(axis=(1, 2))
        share = light * (patches.fwhm[chosen, k] ** 2 / total)[:, None, None]
        weights.append(fit_psf(radius[near], share[near]) if len(chosen) >= FEWEST else fit_psf())
    return np.array(weights)


def fit_models(patches: Patches, psf: np.ndarray) -> Fit:
    """Fluxes of a point (model 0) and of round discs of SIZES, each fitted by least squares."""
    shape = (*patches.noise.shape, 1 + len(SIZES))
    product, square = np.zeros(shape), np.zeros(shape)
    for k, weights in enumerate(psf):
        width = patches.fwhm[:, k, None, None]
        radius = np.minimum(patches.radius / width, FIT_FWHM)
        place = np.rint(radius / STEP).astype(np.int32)
        for m, half_light in enumerate((0.0, *SIZES)):
            table = profile(weights, half_light, FIT_FWHM)
            table[round(FIT_FWHM / STEP) :] = 0
            model = table[place] / width**2
            product[:, k, m] = np.einsum("nyx,nyx->n", patches.light[:, k], model)
            square[:, k, m] = np.einsum("nyx,nyx->n", model, model)
    noise = patches.noise[..., None]
    return Fit(product / square, noise / np.sqrt(square), product**2 / square / noise**2)


def adaptive_moments(light: np.ndarray, x: np.ndarray, y: np.ndarray, sigma: np.ndarray):
    """Logarithm of width over the PSF's, ellipticity 0 to 1, and fourth moment less a Gaussian's.

    `light` is `(n, y, x)`, `sigma` the PSF's `(n,)` in pixels. The window is an elliptical Gaussian
    that takes the object's own shape (Bernstein & Jarvis 2002, AJ 123 583). The width is NaN where
    there is no light.
    """
    n = len(light)
    flat = light.reshape(n, 1, -1).astype(np.float32)
    terms = np.stack([x * x, x * y, y * y], axis=-1).reshape(n, -1, 3).astype(np.float32)
    matrix = sigma[:, None, None] ** 2 * np.eye(2)
    for _ in range(ROUNDS):
        inverse = np.linalg.inv(matrix)
        form = np.stack([inverse[:, 0, 0], 2 * inverse[:, 0, 1], inverse[:, 1, 1]], axis=-1)
        rho2 = np.einsum("npt,nt->np", terms, form.astype(np.float32))[:, None]
        seen = flat * np.exp(-0.5 * rho2)
        total = seen.sum(axis=2)[:, 0].astype(float)
        lit = total > 0
        total = np.where(lit, total, 1)
        xx, xy, yy = (2 * (seen @ terms)[:, 0] / total[:, None]).T
        wanted = _bounded(np.stack([xx, xy, xy, yy], axis=-1).reshape(n, 2, 2), sigma)
        matrix = np.where(lit[:, None, None], (matrix + wanted) / 2, matrix)
    trace = matrix[:, 0, 0] + matrix[:, 1, 1]
    stretch = np.hypot(matrix[:, 0, 0] - matrix[:, 1, 1], 2 * matrix[:, 0, 1]) / trace
    fourth = np.where(lit, (seen * rho2**2).sum(axis=2)[:, 0] / total - 2, 0)
    size = np.where(lit, 0.5 * np.log(trace / (2 * sigma**2)), np.nan)
    return size, stretch, np.clip(fourth, -3, 3)


def _bounded(moments: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Second moments `(n, 2, 2)` with both axes between half a PSF and WIDEST of them."""
    values, vectors = np.linalg.eigh(moments)
    values = np.clip(values, (sigma[:, None] / 2) ** 2, (WIDEST * sigma[:, None]) ** 2)
    return (vectors * values[:, None]) @ vectors.swapaxes(1, 2)


def log_ratio(a: np.ndarray, b: np.ndarray, error: np.ndarray) -> np.ndarray:
    """log(a / b) where both are well measured, and 0 where neither is."""
    return np.arcsinh(a / (2 * error)) - np.arcsinh(b / (2 * error))


def _discs(fit: Fit, bands: list[str]) -> dict[str, np.ndarray]:
    """How much better than a point each disc is, and how much flux the best one adds."""
    better = fit.gain[..., 1:] - fit.gain[..., :1]
    columns = {
        f"extended_{half_light:g}": np.arcsinh(better[..., m].sum(axis=1))
        for m, half_light in enumerate(SIZES)
    }
    best = fit.gain.sum(axis=1).argmax(axis=1)
    flux = np.take_along_axis(fit.flux, best[:, None, None], axis=2)[..., 0]
    point, error = fit.flux[..., 0], fit.error[..., 0]
    columns["excess"] = log_ratio(flux.sum(1), point.sum(1), np.sqrt((error**2).sum(1)))
    for k, band in enumerate(bands):
        columns[f"extended_{band}"] = np.arcsinh(better[:, k, 1])
        columns[f"excess_{band}"] = log_ratio(flux[:, k], point[:, k], error[:, k])
    return columns


def _apertures(patches: Patches, psf: np.ndarray, bands: list[str]) -> dict[str, np.ndarray]:
    """Concentration, each aperture against a star's, and colours in apertures of 1 FWHM."""
    stars = np.array([[enclosed(weights, r) for r in APERTURES.values()] for weights in psf])
    main = np.array([enclosed(weights, 1.0) for weights in psf])
    flux, error = aperture(patches, patches.fwhm)
    flux, error = flux / main, error / main
    columns = {}
    for m, (name, radius) in enumerate(APERTURES.items()):
        other = aperture(patches, radius * patches.fwhm)[0] / stars[:, m]
        ratio = log_ratio(other, flux, error)
        columns |= {f"{name}_{band}": ratio[:, k] for k, band in enumerate(bands)}
    for k, (blue, red) in enumerate(pairwise(bands)):
        noise = np.hypot(error[:, k], error[:, k + 1])
        columns[f"colour_{blue}{red}"] = log_ratio(flux[:, k + 1], flux[:, k], noise)
    return columns


def _commonest(size: np.ndarray, bright: np.ndarray) -> np.ndarray:
    """Which bright objects have the commonest width: the field's stars, by no label."""
    ordered = np.sort(size[bright])
    if len(ordered) == 0:
        return bright
    last = np.searchsorted(ordered, ordered + LOCUS, side="right")
    first = int(np.argmax(last - np.arange(len(ordered))))
    middle = np.median(ordered[first : last[first]])
    return bright & (np.abs(size - middle) < LOCUS)


def _less_stars(size: np.ndarray, stars: np.ndarray) -> np.ndarray:
    """Log width less that of the field's stars, where there are some."""
    return size - np.median(size[stars]) if stars.sum() >= FEWEST else size
