"""Round profiles as sums of Gaussians, and the fluxes that fitting them to pixels gives."""

from functools import lru_cache

import numpy as np
from scipy.optimize import nnls

# Effective radii tried, arcsec; the first is as good as a point.
RADII_ARCSEC = np.geomspace(0.08, 8.0, 18)
KINDS = ("exp", "dev")
WIDTHS_PX = np.geomspace(0.8, 9.0, 14)
TABLE_STEP_PX = 0.1


@lru_cache(maxsize=2)
def unit_mixture(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights (sum 1) and sigmas of Gaussians that add up to a profile of effective radius 1.

    The exponential is cut at 4, the de Vaucouleurs at 8 effective radii, as SDSS cuts its models.
    """
    end, power, factor = {"exp": (4.0, 1.0, 1.678), "dev": (8.0, 0.25, 7.669)}[kind]
    r = np.geomspace(0.01, end, 300)
    target = np.exp(-factor * r**power)
    sigma = np.geomspace(0.02, end / 2, 12)
    basis = np.exp(-((r[:, None] / sigma) ** 2) / 2) / sigma**2
    # Rings of equal steps in log r hold light as r^2.
    weights, _ = nnls(basis * r[:, None] ** 2, target * r**2)
    keep = weights > 0
    return weights[keep] / weights.sum(), sigma[keep]


def psf_mixture(radii: np.ndarray, fluxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (sum 1) and sigmas, px, of a round PSF with the given flux inside each radius, px.

    A circle cut through square pixels widens what it sums by one more pixel, of variance 1/12.
    """
    inside = 1 - np.exp(-((radii[:, None] / WIDTHS_PX) ** 2) / 2)
    weights, _ = nnls(inside, fluxes)
    keep = weights > 0
    return weights[keep] / weights.sum(), np.sqrt(WIDTHS_PX[keep] ** 2 - 1 / 12)


def radial(mixture: tuple, r: np.ndarray) -> np.ndarray:
    """Flux a pixel at radii r, px, of a mixture of unit flux."""
    weights, sigma = mixture
    return np.exp(-((r[..., None] / sigma) ** 2) / 2) @ (weights / (2 * np.pi * sigma**2))


def fwhm(mixture: tuple) -> float:
    """Full width at half maximum of a mixture, px."""
    r = np.arange(0, 20, 0.01)
    profile = radial(mixture, r)
    return 2 * float(np.interp(-profile[0] / 2, -profile, r))


def tables(psf: tuple, pixel_arcsec: float) -> tuple[np.ndarray, np.ndarray]:
    """Radial tables of unit flux: models seen through the PSF (kind, radius, step), PSF (step,)."""
    r = np.arange(0, 80, TABLE_STEP_PX)
    seen = np.array([[radial(_seen(unit_mixture(kind), size / pixel_arcsec, psf), r)
                      for size in RADII_ARCSEC] for kind in KINDS])  # fmt: skip
    return seen, radial(psf, r)


def _seen(profile: tuple, size: float, psf: tuple) -> tuple[np.ndarray, np.ndarray]:
    sigmas = np.hypot(profile[1][:, None] * size, psf[1])
    return np.outer(profile[0], psf[0]).ravel(), sigmas.ravel()


class Lookup:
    """Where each pixel of stamps (n, y, x), at radii r px, lies in a radial table."""

    def __init__(self, r: np.ndarray):
        place = r / TABLE_STEP_PX
        self.low = place.astype(np.int32)
        self.rest = (place - self.low).astype(np.float64)

    def __call__(self, table: np.ndarray) -> np.ndarray:
        """The stamps, from one table (step,) or from one each (n, step)."""
        if table.ndim == 2:
            size = table.shape[1]
            first = (np.arange(len(table)) * size)[:, None, None]
            return self._read(table.ravel(), self.low + first)
        return self._read(table, self.low)

    def _read(self, table: np.ndarray, low: np.ndarray) -> np.ndarray:
        here = table.take(low)
        return here + self.rest * (table.take(low + 1) - here)


def fit(template, data, weight) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares flux of a template on each stamp, (n,), and how much it lowers chi square.

    Arrays are (n, y, x); `weight` is the inverse variance, 0 where a pixel is another's.
    """
    weighted = template * weight
    cross = np.einsum("nyx,nyx->n", weighted, data)
    norm = np.maximum(np.einsum("nyx,nyx->n", weighted, template), 1e-30)
    return cross / norm, np.sign(cross) * cross**2 / norm


def flux_ivar(template, flux, weight, electron: float) -> np.ndarray:
    """Inverse variance of a fitted flux, (n,): noise of the sky and of the object's own light."""
    weighted = template * weight
    norm = np.maximum(np.einsum("nyx,nyx->n", weighted, template), 1e-30)
    own = np.einsum("nyx,nyx,nyx->n", weighted, weighted, template)
    return 1 / (1 / norm + electron * np.maximum(flux, 0) * own / norm**2)


def dev_share(dev, exp, data, weight) -> np.ndarray:
    """Share, 0 to 1, of de Vaucouleurs light in the best sum of both models on each stamp, (n,)."""
    pair = np.stack([dev, exp], axis=1)
    weighted = pair * weight[:, None]
    matrix = np.einsum("nayx,nbyx->nab", weighted, pair)
    ridge = 1e-6 * np.trace(matrix, axis1=1, axis2=2) + 1e-30
    vector = np.einsum("nayx,nyx->na", weighted, data)
    both = np.linalg.solve(matrix + ridge[:, None, None] * np.eye(2), vector[..., None])[..., 0]
    total = both.sum(axis=1)
    return np.clip(both[:, 0] / np.where(total > 0, total, np.inf), 0, 1)
