"""Patches of one field, ready to be measured: background off, PSF and noise known, centred."""

from typing import NamedTuple

import numpy as np
import pandas as pd

FWHM = 2.3548  # of a Gaussian, in sigma
RING = 0.38  # of the patch's side: 9.5 pixels of 25
USUAL_FWHM_ARCSEC = 1.4  # where neither catalogue nor stars of the frame gave one
CENTRED = 15.0  # signal to noise above which an object has a centroid of its own


class Patches(NamedTuple):
    """Patches of one field: `light` `(n, band, y, x)` above background, NaN set to 0."""

    light: np.ndarray
    noise: np.ndarray  # (n, band) a pixel
    fwhm: np.ndarray  # (n, band) pixels
    x: np.ndarray  # (n, y, x) pixels from the object's centre
    y: np.ndarray

    @property
    def radius(self) -> np.ndarray:
        return np.hypot(self.x, self.y)


def prepare(
    images: np.ndarray, catalog: pd.DataFrame, bands: list[str], pixel_arcsec: float
) -> tuple[Patches, np.ndarray, np.ndarray]:
    """The patches about their catalogue positions, and the rings' median and rms `(n, band)`."""
    fwhm, noise = _conditions(catalog, bands, pixel_arcsec)
    x, y = _offsets(catalog, images.shape[-1])
    median, rms, light = _background(images.astype(np.float32), noise)
    return Patches(light, noise, fwhm, x, y), median, rms


def _conditions(catalog: pd.DataFrame, bands: list[str], pixel_arcsec: float):
    """FWHM in pixels and noise in nanomaggies a pixel, `(n, band)`, with nothing unknown."""
    fwhm = catalog[[f"psf_fwhm_{band}" for band in bands]].to_numpy(float) / pixel_arcsec
    typical = np.nanmedian(fwhm) if np.isfinite(fwhm).any() else USUAL_FWHM_ARCSEC / pixel_arcsec
    noise = catalog[[f"noise_{band}" for band in bands]].to_numpy(float)
    return np.where(fwhm > 0, fwhm, typical), np.where(noise > 0, noise, np.inf)


def _offsets(catalog: pd.DataFrame, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels `(n, y, x)` from each object's exact position."""
    index = np.arange(size) - size // 2
    x, y = (catalog[name].to_numpy(float) for name in ("x", "y"))
    across, down = (value - np.floor(value + 0.5) for value in (x, y))
    shape = (len(catalog), size, size)
    return (
        np.broadcast_to(index - across[:, None, None], shape),
        np.broadcast_to(index[:, None] - down[:, None, None], shape),
    )


def _background(images: np.ndarray, noise: np.ndarray):
    """Median and rms of the outer ring, `(n, band)`, and the images above their background.

    The archive has subtracted the sky already, so the ring's median is believed only as far as it
    stands out from its own error.
    """
    size = images.shape[-1]
    index = np.arange(size) - size // 2
    values = images[:, :, np.hypot(index, index[:, None]) > RING * size]
    values = np.where(np.isfinite(values), values, np.nan)
    for _ in range(4):
        median = _median(values)
        rms = 1.4826 * _median(np.abs(values - median[..., None]))
        with np.errstate(invalid="ignore"):
            values[np.abs(values - median[..., None]) > 2.5 * rms[..., None]] = np.nan
    error2 = (1.25 * noise) ** 2 / np.maximum(np.isfinite(values).sum(axis=2), 1)
    believed = median**3 / np.maximum(median**2 + 4 * error2, 1e-30)
    light = images - believed[..., None, None]
    return median, rms, np.where(np.isfinite(light), light, 0)


def _median(values: np.ndarray) -> np.ndarray:
    """Median over the last axis of what is not NaN; 0 where all is."""
    ordered = np.sort(values, axis=-1)  # NaN come last
    count = np.isfinite(values).sum(axis=-1)
    low, high = (
        np.take_along_axis(ordered, np.maximum(k, 0)[..., None], axis=-1)[..., 0]
        for k in ((count - 1) // 2, count // 2)
    )
    return np.where(count > 0, (low + high) / 2, 0)


def aperture(patches: Patches, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flux within `radius` pixels `(n, band)` and its error; edge pixels count in part."""
    weight = np.clip(radius[..., None, None] - patches.radius[:, None] + 0.5, 0, 1)
    flux = (patches.light * weight).sum(axis=(2, 3))
    return flux, patches.noise * np.sqrt((weight**2).sum(axis=(2, 3)))


def recentred(patches: Patches, snr: np.ndarray) -> Patches:
    """The same about the light's own centre; faint objects take the field's typical offset."""
    stack, width = stacked(patches)
    dx, dy = _centroid(stack, patches.x, patches.y, width / FWHM)
    total = np.sqrt((np.maximum(snr, 0) ** 2).sum(axis=1))
    own = total > CENTRED
    typical = [np.median(value[own]) if own.any() else 0.0 for value in (dx, dy)]
    dx, dy = (np.where(own, value, usual) for value, usual in zip((dx, dy), typical, strict=True))
    return patches._replace(x=patches.x - dx[:, None, None], y=patches.y - dy[:, None, None])


def stacked(patches: Patches) -> tuple[np.ndarray, np.ndarray]:
    """All bands weighted by their noise: image `(n, y, x)`, and its FWHM in pixels `(n,)`."""
    weight = 1 / patches.noise**2
    total = weight.sum(axis=1, keepdims=True)
    weight = np.where(total > 0, weight / np.where(total > 0, total, 1), 1 / weight.shape[1])
    return np.einsum("nbyx,nb->nyx", patches.light, weight), (weight * patches.fwhm).sum(axis=1)


def _centroid(stack, x, y, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offset in pixels of the light, by a Gaussian window of the PSF's width moved onto it."""
    dx, dy = np.zeros(len(stack)), np.zeros(len(stack))
    for _ in range(12):
        across, down = x - dx[:, None, None], y - dy[:, None, None]
        light = stack * np.exp(-0.5 * (across**2 + down**2) / sigma[:, None, None] ** 2)
        total = light.sum(axis=(1, 2))
        total = np.where(total > 0, total, np.inf)
        # A window as wide as the source halves every step.
        dx = np.clip(dx + 2 * (light * across).sum(axis=(1, 2)) / total, -1.5, 1.5)
        dy = np.clip(dy + 2 * (light * down).sum(axis=(1, 2)) / total, -1.5, 1.5)
    return dx, dy
