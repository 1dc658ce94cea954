"""Patches drawn from a Gaussian mixture in a few principal components of real ones.

Patches are taken in units of their own noise on an asinh scale, so that faint and bright ones fit
in one linear basis (Lupton, Gunn & Szalay 1999). What the basis cannot show of the noise is drawn
anew, at the level of the field that a patch is drawn for.
"""

from typing import Any, NamedTuple

import numpy as np
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from fewsky.console import FewskyError

FEWEST = 8  # patches of a class that a mixture is fitted to
A_DIMENSION = 8  # patches for each dimension of the basis, else it is a basis of their noise
# Patches that a component needs in a basis of d dimensions, else its covariance is singular.
A_COMPONENT = {"diag": lambda d: 10, "full": lambda d: 2 * (d + 1)}
FLOOR = 1e-2  # least variance of a component, in units of the variance of its dimension
RING = 3  # pixels at the border of a patch
FILLED = 3.0  # noise: median of the ring where the light fills the patch and its end is not seen


class Mixture(NamedTuple):
    """A fitted mixture: basis, spread of its dimensions, components, and what was left out.

    `lost` is the standard deviation `(band,)` of what the basis does not show, in units of the
    noise; `lowest` and `highest` `(pixel,)` are the limits of the real patches on the asinh scale.
    """

    basis: PCA
    spread: np.ndarray
    components: GaussianMixture
    softening: float
    lost: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    shape: tuple[int, ...]


def scaled(images: np.ndarray, noise: np.ndarray, softening: float) -> np.ndarray:
    """Patches `(n, band, y, x)` in nanomaggies as asinh(x / (softening * noise)), `(n, pixel)`.

    `noise` is `(n, band)` in nanomaggies a pixel.
    """
    values = np.arcsinh(images / (softening * noise[:, :, None, None]))
    return values.reshape(len(images), -1)


def unscaled(values: np.ndarray, noise: np.ndarray, softening: float, shape) -> np.ndarray:
    """Undo `scaled`: patches `(n, *shape)` in nanomaggies."""
    images = np.sinh(values.reshape(len(values), *shape))
    return images * softening * noise[:, :, None, None]


def filled(images: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Which patches `(n,)` the light of their object fills up to the border, in any band."""
    inner = np.zeros(images.shape[2:], bool)
    inner[RING:-RING, RING:-RING] = True
    return (np.median(images[:, :, ~inner], axis=2) > FILLED * noise).any(axis=1)


def fit_mixture(
    images: np.ndarray, noise: np.ndarray, settings: dict[str, Any], seed: int
) -> Mixture:
    """Fit a mixture to patches `(n, band, y, x)` with noise `(n, band)`, both in nanomaggies.

    `settings` holds `basis` (most dimensions), `components` and `covariance` (what to choose from
    by the Bayesian information criterion; one of each is no choice) and `softening`. Patches that
    the light of their object fills, those of saturated stars, are left out: a few of them would
    take the basis for themselves. Raises FewskyError for fewer than FEWEST patches.
    """
    ends = ~filled(images, noise)
    images, noise = images[ends], noise[ends]
    if len(images) < FEWEST:
        raise FewskyError(
            f"generated.from: mixture: wanted {FEWEST} training patches or more of every class; "
            f"found {len(images)}. Raise the budget, or balance it by class."
        )
    softening = settings["softening"]
    values = scaled(images, noise, softening)
    dimensions = max(1, min(settings["basis"], len(values) // A_DIMENSION, values.shape[1]))
    basis = PCA(dimensions, random_state=seed).fit(values)
    places = basis.transform(values)
    spread = np.maximum(places.std(axis=0), 1e-9)
    shown = unscaled(basis.inverse_transform(places), noise, softening, images.shape[1:])
    left = np.abs(images - shown) / noise[:, :, None, None]
    return Mixture(
        basis,
        spread,
        best_components(places / spread, settings, seed),
        softening,
        1.4826 * np.median(left, axis=(0, 2, 3)),
        values.min(axis=0),
        values.max(axis=0),
        images.shape[1:],
    )


def best_components(places: np.ndarray, settings: dict[str, Any], seed: int) -> GaussianMixture:
    """The mixture of the lowest Bayesian information criterion for places `(n, dimension)`.

    Of the numbers of components those count that leave each enough places; the smallest always
    counts.
    """
    n, dimensions = places.shape
    fewest = min(settings["components"])
    fits = [
        GaussianMixture(k, covariance_type=kind, reg_covar=FLOOR, random_state=seed).fit(places)
        for kind in settings["covariance"]
        for k in settings["components"]
        if k <= max(fewest, n // A_COMPONENT[kind](dimensions))
    ]
    return min(fits, key=lambda fit: fit.bic(places))


def draw_patches(mixture: Mixture, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a patch for each row of `noise` `(n, band)`, float32 `(n, band, y, x)` in nanomaggies.

    Before that noise is added, no pixel lies outside the range that the real patches have there.
    """
    light = draw_light(mixture, noise, rng)
    lost = mixture.lost[:, None, None] * noise[:, :, None, None]
    return (light + lost * rng.standard_normal(light.shape)).astype(np.float32)


def draw_light(mixture: Mixture, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw patches `(n, band, y, x)` without the noise that the basis does not show."""
    components = mixture.components
    which = rng.choice(len(components.weights_), size=len(noise), p=components.weights_)
    free = rng.standard_normal((len(noise), components.means_.shape[1]))
    roots = [_root(components, k) for k in range(len(components.weights_))]
    places = np.stack(
        [components.means_[k] + roots[k] @ one for k, one in zip(which, free, strict=True)]
    )
    values = mixture.basis.inverse_transform(places * mixture.spread)
    values = np.clip(values, mixture.lowest, mixture.highest)
    return unscaled(values, noise, mixture.softening, mixture.shape)


def _root(components: GaussianMixture, k: int) -> np.ndarray:
    """A square root of the covariance of a component."""
    if components.covariance_type == "diag":
        return np.diag(np.sqrt(components.covariances_[k]))
    return np.linalg.cholesky(components.covariances_[k])
