"""What galaxies of many shapes look like through a field's own PSF, on pixels."""

from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from fewsky.cutouts.field_psf import DISC_FLUX, DISC_VARIANCE, FEWEST, FWHM
from fewsky.cutouts.patches import Patches

# A de Vaucouleurs profile of half-light radius 1 as Gaussians: share of the flux and variance
# (Hogg & Lang 2013, PASP 125 719: eight of them, truncated at eight radii).
BULGE_FLUX = np.array([4.26347652e-2, 0.240127183, 0.685907632, 1.5193735, 2.83627243, 4.46467501,
                       5.72440830, 5.60989349])  # fmt: skip
BULGE_VARIANCE = np.array([2.23759216e-4, 1.00220099e-3, 4.18731126e-3, 1.69432589e-2,
                           6.84850479e-2, 0.28720708, 1.33320254, 8.40215071])  # fmt: skip
PROFILES = {
    "disc": (DISC_FLUX / DISC_FLUX.sum(), DISC_VARIANCE),
    "bulge": (BULGE_FLUX / BULGE_FLUX.sum(), BULGE_VARIANCE),
}
RADII = (0.08, 0.15, 0.25, 0.4, 0.6, 0.9, 1.35)  # half-light, in FWHM of the PSF
AXES = (1.0, 0.5, 0.2, 0.05)  # minor over major; SDSS's own fits go down to .05
ANGLES = tuple(np.arange(6) * np.pi / 6)
SHAPES = [
    (profile, radius, axis, angle)
    for profile, radius, axis in product(PROFILES, RADII, AXES)
    for angle in (ANGLES if axis < 1 else ANGLES[:1])
]
IS = {name: np.array([shape[0] == name for shape in SHAPES]) for name in PROFILES}
# A PSF is a sum of Gaussians of one ellipse, as wide as these times its own adaptive width.
WIDTHS = np.array([0.5, 0.7, 0.85, 1.0, 1.2, 1.6, 2.4, 4.0])
USUAL = np.array([0.0, 0.0, 0.5, 0.3, 0.1, 0.06, 0.04, 0.0])  # where a field has too few stars
PHASES = 3  # a pixel is divided into as many parts along either axis
LEAST = 1e-3  # Gaussians with less of the flux are left out
BRIGHT = 20.0  # signal to noise in a band of the stars that give its PSF
REACH_FWHM, CORE_FWHM = 2.6, 1.5  # of the pixels fitted, and of those that hold a star's flux
ROUNDS = 12


class Psf(NamedTuple):
    """Shares `(8,)` of WIDTHS and the 2 x 2 covariance in pixels of a Gaussian as wide."""

    shares: np.ndarray
    covariance: np.ndarray


def elliptical_psf(patches: Patches, band: int, stars: np.ndarray) -> Psf:
    """The PSF of a band from the field's stars `(n,)` bool; a usual one where they are few."""
    fwhm = float(np.median(patches.fwhm[:, band]))
    chosen = np.flatnonzero(stars)
    if len(chosen) < FEWEST:
        return Psf(USUAL, np.eye(2) * (fwhm / FWHM) ** 2)
    covariance = np.median(
        [_moments(patches.light[i, band], patches.x[i], patches.y[i], fwhm / FWHM) for i in chosen],
        axis=0,
    )
    rows, values, radius = [], [], np.hypot(patches.x[chosen], patches.y[chosen])
    for i, away in zip(chosen, radius, strict=True):
        near = away < REACH_FWHM * fwhm
        total = patches.light[i, band][away < CORE_FWHM * fwhm].sum()
        place = patches.x[i][near], patches.y[i][near]
        rows.append(gaussians(*place, WIDTHS[:, None, None] ** 2 * covariance).T)
        values.append(patches.light[i, band][near] / total)
    return Psf(_shares(np.concatenate(rows), np.concatenate(values)), covariance)


def _shares(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Shares that add up to 1; pixels that stand far off, such as neighbours', have no part."""
    kept = np.ones(len(values), bool)
    for _ in range(3):
        found, _ = nnls(rows[kept], values[kept])
        off = np.abs(values - rows @ found)
        kept = off < np.maximum(6 * 1.4826 * np.median(off), 0.3 * (rows @ found))
    return found / found.sum() if found.sum() > 0 else USUAL


def _moments(light, x, y, sigma: float) -> np.ndarray:
    """Covariance of the elliptical Gaussian window that takes a star's own shape."""
    start = np.eye(2) * sigma**2
    matrix = start
    for _ in range(ROUNDS):
        inverse = np.linalg.inv(matrix)
        rho2 = inverse[0, 0] * x * x + 2 * inverse[0, 1] * x * y + inverse[1, 1] * y * y
        seen = light * np.exp(-0.5 * rho2)
        total = seen.sum()
        terms = [(seen * term).sum() for term in (x * x, x * y, y * y)]
        found = 2 * np.array([terms[:2], terms[1:]]) / total if total > 0 else start
        if np.linalg.det(found) <= 0 or np.trace(found) > 20 * sigma**2:
            return start
        matrix = (matrix + found) / 2
    return matrix


def gaussians(x: np.ndarray, y: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Gaussians `(k, pixel)` of unit flux at pixels `(pixel,)`, of covariances `(k, 2, 2)`."""
    inverse = np.linalg.inv(covariances)
    form = np.stack([inverse[:, 0, 0], 2 * inverse[:, 0, 1], inverse[:, 1, 1]], axis=1)
    powers = (-0.5 * form).astype(np.float32) @ np.stack([x * x, x * y, y * y]).astype(np.float32)
    scale = 1 / (2 * np.pi * np.sqrt(np.linalg.det(covariances)))
    return np.exp(powers, out=powers) * scale[:, None].astype(np.float32)


def templates(psf: Psf, fwhm: float, size: int) -> np.ndarray:
    """Models of unit flux, float32 `(phase, 1 + shape, size * size)`: a star, then SHAPES.

    `fwhm` in pixels is the unit of RADII. A phase is where in its pixel the object stands, row by
    row; `phases` names it.
    """
    steps = (np.arange(PHASES) + 0.5) / PHASES - 0.5
    index = np.arange(size) - size // 2
    down, across = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
    shape = (PHASES**2, size, size)
    y = np.broadcast_to(index[:, None] - down[:, None, None], shape).ravel()
    x = np.broadcast_to(index - across[:, None, None], shape).ravel()
    kept = psf.shares > LEAST
    own = WIDTHS[kept, None, None] ** 2 * psf.covariance
    models = [psf.shares[kept].astype(np.float32) @ gaussians(x, y, own)]
    for name, radius, axis, angle in SHAPES:
        flux, variance = PROFILES[name]
        told = flux > LEAST
        weight = np.outer(psf.shares[kept], flux[told]).ravel().astype(np.float32)
        wide = variance[told, None, None] * _spread(radius * fwhm, axis, angle)
        both = (own[:, None] + wide).reshape(-1, 2, 2)
        models.append(weight @ gaussians(x, y, both))
    return (
        np.stack(models, axis=1)
        .reshape(len(models[0]), -1)
        .T.reshape(len(models), PHASES**2, -1)
        .swapaxes(0, 1)
        .copy()
    )


def _spread(radius: float, axis: float, angle: float) -> np.ndarray:
    """Covariance of a profile of unit variance stretched to a radius, axis ratio and angle."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.diag([1.0, axis**2]) @ turn.T * radius**2


def phases(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The phase `(n,)` of objects whose pixel offsets `(n, y, x)` are given."""
    middle = x.shape[-1] // 2
    place = np.stack([-y[:, middle, middle], -x[:, middle, middle]])
    row, column = np.clip(np.floor((place + 0.5) * PHASES), 0, PHASES - 1).astype(int)
    return row * PHASES + column
