"""Light of the sky of properties: an object's maps and colours, seen in a night, and measured."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from fewsky.sky.galaxies_profiles import Part, make_grid
from fewsky.sky.properties_forms import pair, single
from fewsky.sky.properties_spectra import in_bands, old, quasar, star, young

FINE = 3  # pixels are painted in as many parts a side
SKY, NIGHT, TABLE = 0, 1, 2  # what the random numbers of an object are for
OFF_CENTRE_PX = 0.7
# Electrons a nanomaggy: the scatter of light itself, over that of the sky.
ELECTRONS = 200.0
APERTURE = 1.6  # radius that magnitudes are measured in, in full widths


class Light(NamedTuple):
    """An object before it is seen: maps (part, y, x) of sum 1, and fluxes (part, band) in nMgy."""

    maps: np.ndarray
    fluxes: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Flux (band,) in nanomaggies."""
        return self.fluxes.sum(axis=0)


def light_of(
    item, bands: Mapping[str, tuple[float, float]], side: int, radius_px: float, seed: list[int]
) -> Light:
    """The light of a row of the population, on a grid FINE times as fine as the image.

    `radius_px` is that of a galaxy, in pixels of the image. What an object is follows from the seed
    and its number, so that all surveys see the same one.
    """
    made = np.random.default_rng([*seed, SKY, item.number])
    flux = 10 ** (-0.4 * (item.mag_r - 22.5))
    fine = side * FINE
    angle, shift = made.uniform(0, 2 * np.pi), made.normal(0, OFF_CENTRE_PX, 2) * FINE
    if item.form == "point":
        maps = np.zeros((1, fine, fine), np.float32)
        x, y = np.rint(shift + (fine - 1) / 2).astype(int)
        maps[0, y, x] = 1
        return Light(maps, flux * in_bands(_point(item), bands)[None])
    grid = make_grid(fine, radius_px * FINE, angle, tuple(shift))
    parts = (pair if item.form == "pair" else single(item.form))(grid, made)
    colours = [in_bands(kind(item.redshift), bands) for kind in (old, young)]
    fluxes = np.stack([_of_part(part, *colours) for part in parts])
    fluxes *= flux / fluxes[:, list(bands).index("r")].sum()
    maps = np.stack([part.light / max(float(part.light.sum()), 1e-12) for part in parts])
    return Light(maps.astype(np.float32), fluxes)


def seen(light: Light, fwhm_px: float, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The image (band, y, x) in nanomaggies a pixel: through the air, with the noise of the sky.

    `noise` (band,) is that of the sky in a pixel; that of the light comes to it.
    """
    sigma = fwhm_px * FINE / 2.355
    blurred = gaussian_filter(light.maps, (0, sigma, sigma), mode="constant", truncate=4)
    side = light.maps.shape[-1] // FINE
    maps = blurred.reshape(len(blurred), side, FINE, side, FINE).sum(axis=(2, 4))
    image = np.tensordot(light.fluxes, maps, axes=(0, 0))
    scatter = np.sqrt(noise[:, None, None] ** 2 + np.maximum(image, 0) / ELECTRONS)
    return (image + rng.normal(size=image.shape) * scatter).astype(np.float32)


def shape_of(light: Light, band: int, pixel_arcsec: float) -> dict[str, float]:
    """Radii of half and 90 % of the light, arcsec, and axis ratio, before the air.

    Those of a point are 0, 0 and 1.
    """
    plane = np.tensordot(light.fluxes[:, band], light.maps, axes=(0, 0))
    plane = plane / plane.sum()
    y, x = np.indices(plane.shape)
    x, y = x - (plane * x).sum(), y - (plane * y).sum()
    r = np.hypot(x, y) * pixel_arcsec / FINE
    order = np.argsort(r, axis=None)
    grown = np.cumsum(plane.ravel()[order])
    half, most = r.ravel()[order][np.searchsorted(grown, [0.5, 0.9])]
    moments = [[(plane * a * b).sum() for a in (x, y)] for b in (x, y)]
    small, large = np.linalg.eigvalsh(moments)
    ratio = float(np.sqrt(max(small, 0) / large)) if large > 1e-9 else 1.0
    return {"half": float(half), "most": float(most), "ratio": ratio}


def measured(
    flux: np.ndarray, noise: np.ndarray, fwhm_px: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Fluxes (band,) as a catalogue has them, and their errors, in nanomaggies."""
    pixels = np.pi * (APERTURE * fwhm_px) ** 2
    error = np.sqrt(noise**2 * pixels + np.maximum(flux, 0) / ELECTRONS)
    return flux + rng.normal(size=len(flux)) * error, error


def _point(item):
    if item.true_class == "quasar":
        return quasar(item.redshift, item.slope)
    return star(item.temperature)


def _of_part(part: Part, red: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """Light (band,) of a part: old and young stars, mixed by the colour that its form gives it."""
    # Blue minus red is -0.84 in the reddest part of a form and 0.58 in the bluest.
    youth = float(np.clip((part.colour[2] - part.colour[0] + 0.84) / 1.42, 0, 1))
    return part.share * (youth * blue + (1 - youth) * red)
