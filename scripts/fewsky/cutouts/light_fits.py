"""Fluxes of a point source and of galaxies of many shapes, fitted to every object of a field.

SDSS calls an object by the flux that a galaxy's profile finds beyond a point source's. That is
measured here again, on the pixels and through the field's own PSF, with the neighbours' light
taken out; no magnitude, size or type of the catalogue is read.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from fewsky.cutouts.galaxy_models import BRIGHT, elliptical_psf, phases, templates
from fewsky.cutouts.patches import Patches, recentred

SIDE = 25  # pixels, of what is fitted
REACH_FWHM, REACH_PX = 3.0, 12.4  # the smaller of the two
NEIGHBOUR_PX = 18  # along the rows and columns together
OFFSET_PX = 0.3  # of a centroid from where the field's objects stand in the mean
CLEANED = 2  # rounds of taking neighbours out
OWN = 28.0  # pixels of the aperture whose signal to noise is given


class Light(NamedTuple):
    """Fluxes `(n, band, 1 + shape)` (nanomaggies), and their part of chi squared over none.

    Model 0 is the point source; `error` `(n, band)` is of its flux. Models that would need
    negative flux gain nothing.
    """

    flux: np.ndarray
    gain: np.ndarray
    error: np.ndarray


def fit_light(patches: Patches, place: np.ndarray, snr: np.ndarray, stars: np.ndarray) -> Light:
    """The Light of a field's objects; `place` `(n, 2)` are pixels x, y of the field.

    `snr` `(n, band)` is of the aperture, `stars` `(n,)` which objects show the PSF.
    """
    patches = _cropped(_steadied(patches, snr))
    width = np.median(patches.fwhm, axis=0)
    models = []
    for k, fwhm in enumerate(width):
        psf = elliptical_psf(patches, k, stars & (snr[:, k] > BRIGHT))
        models.append(templates(psf, fwhm, patches.light.shape[-1]))
    phase = phases(patches.x, patches.y)
    near = patches.radius[:, None] < np.minimum(REACH_FWHM * width, REACH_PX)[:, None, None]
    pairs = neighbours(place)
    light, kept = patches.light, near & _nearer(patches, pairs, snr, width)
    for turn in range(CLEANED + 1):
        found = _fit(light, kept, models, phase, patches.noise)
        if turn < CLEANED and len(pairs[0]):
            others, own = _others(found, models, phase, pairs)
            light = patches.light - others
            kept = near & _unharmed(others, own, patches.noise)[:, None]
    return found


def _steadied(patches: Patches, snr: np.ndarray) -> Patches:
    """About the light's own centre, where that is near where the field's bright objects stand."""
    moved, middle = recentred(patches, snr), patches.x.shape[-1] // 2
    bright = np.sqrt((np.maximum(snr, 0) ** 2).sum(axis=1)) > 30
    steady = []
    for before, after in ((patches.x, moved.x), (patches.y, moved.y)):
        offset = (before - after)[:, middle, middle]
        usual = np.median(offset[bright]) if bright.any() else 0.0
        offset = np.clip(offset, usual - OFFSET_PX, usual + OFFSET_PX)
        steady.append(before - offset[:, None, None])
    return patches._replace(x=steady[0], y=steady[1])


def _cropped(patches: Patches) -> Patches:
    """The middle SIDE x SIDE pixels, so that larger patches are measured alike."""
    size = patches.light.shape[-1]
    cut = slice((size - SIDE) // 2, (size + SIDE) // 2) if size > SIDE else slice(None)
    return patches._replace(
        light=patches.light[..., cut, cut], x=patches.x[:, cut, cut], y=patches.y[:, cut, cut]
    )


def neighbours(place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Objects `(pair,)`, their neighbours `(pair,)`, and how far in whole pixels `(pair, 2)`."""
    pixel = np.floor(np.asarray(place, float) + 0.5).astype(int)
    pairs = cKDTree(pixel).query_pairs(NEIGHBOUR_PX, output_type="ndarray").reshape(-1, 2)
    one, other = np.concatenate([pairs, pairs[:, ::-1]]).T
    return one, other, pixel[other] - pixel[one]


def _nearer(patches: Patches, pairs, snr, width) -> np.ndarray:
    """Pixels `(n, 1, y, x)` that are an object's rather than a neighbour's, by its own light."""
    size = patches.x.shape[-1]
    index = np.arange(size) - size // 2
    flux = (np.maximum(snr, 0) * np.sqrt(OWN) + 1) * patches.noise
    usable = np.isfinite(patches.noise).all(axis=0)
    flux = flux[:, usable].mean(axis=1) if usable.any() else np.ones(len(snr))
    scale = 0.6 * np.median(width)

    def shown(number, radius):
        return flux[number] / (1 + (radius / scale) ** 2) ** 2

    radius = patches.radius
    kept = np.ones(radius.shape, bool)
    for one, other, (dx, dy) in zip(*pairs, strict=True):
        centre = [v[other, size // 2, size // 2] for v in (patches.x, patches.y)]
        away = np.hypot(index - dx + centre[0], (index - dy + centre[1])[:, None])
        kept[one] &= shown(other, away) <= shown(one, radius[one])
    return kept[:, None]


def _fit(light, kept, models, phase, noise) -> Light:
    """Least-squares flux of every model in every band, over the pixels that are kept."""
    n, bands = light.shape[:2]
    product = np.zeros((n, bands, models[0].shape[1]))
    square = np.zeros_like(product)
    for k, model in enumerate(models):
        for at in np.unique(phase):
            rows = np.flatnonzero(phase == at)
            seen = kept[rows, k].reshape(len(rows), -1).astype(np.float32)
            pixels = light[rows, k].reshape(len(rows), -1).astype(np.float32)
            product[rows, k] = (pixels * seen) @ model[at].T
            square[rows, k] = seen @ (model[at] ** 2).T
    square = np.maximum(square, 1e-12)
    gain = np.where(product > 0, product**2 / square, 0) / noise[..., None] ** 2
    return Light(product / square, gain, noise / np.sqrt(square[..., 0]))


def _others(found: Light, models, phase, pairs) -> tuple[np.ndarray, np.ndarray]:
    """Light `(n, band, y, x)` of the neighbours of each object, and its own, as fitted."""
    best = found.gain.sum(axis=1).argmax(axis=1)
    flux = np.take_along_axis(found.flux, best[:, None, None], axis=2)[..., 0]
    size = round(np.sqrt(models[0].shape[-1]))
    own = np.stack([model[phase, best] for model in models], axis=1)
    own = (np.maximum(flux, 0)[..., None] * own).reshape(*flux.shape, size, size)
    others = np.zeros_like(own)
    for one, other, (dx, dy) in zip(*pairs, strict=True):
        if max(abs(dx), abs(dy)) < size:
            here = [slice(max(0, d), size + min(0, d)) for d in (dy, dx)]
            there = [slice(max(0, -d), size + min(0, -d)) for d in (dy, dx)]
            others[one][:, here[0], here[1]] += own[other][:, there[0], there[1]]
    return others, own


def _unharmed(others, own, noise) -> np.ndarray:
    """Pixels `(n, y, x)` where neighbours are below the noise or fainter than the object."""
    weight = 1 / noise[:, :, None, None]
    seen = np.sqrt(((others * weight) ** 2).sum(axis=1)) > 1
    return ~(seen & ((others * weight).sum(axis=1) > (own * weight).sum(axis=1)))
