"""How far an object's light goes beyond a point source's: the measure that SDSS types rest on.

The archive's type compares two fluxes, each summed over the bands that saw the object, in counts:
that of a point source, and that of the better galaxy profile with free size, axis ratio and angle.
Here both are fitted again (`light_fits`); the catalogue's own fluxes, which define the label, are
not read.
"""

import numpy as np

from fewsky.cutouts.galaxy_models import IS
from fewsky.cutouts.light_fits import Light, fit_light
from fewsky.cutouts.patches import Patches, recentred
from fewsky.cutouts.shapes import field_stars

# Counts a nanomaggy of SDSS's camera, in units of r's: the archive sums counts, not fluxes.
COUNTS = {"u": 0.5, "g": 1.45, "r": 1.0, "i": 0.72, "z": 0.146}
DETECTED = 5.0  # signal to noise of the point source in a band that saw it
MIDDLE = ("g", "r", "i")  # bands in which most objects are seen
RANGE = (-1.0, 2.5)  # magnitudes, beyond which nothing more is told
MAGNITUDE = 2.5 / np.log(10)


def measure_extent(
    patches: Patches, place: np.ndarray, snr: np.ndarray, bands: list[str]
) -> dict[str, np.ndarray]:
    """The columns by name, each `(n,)` and finite; near 0 for a star where they are magnitudes.

    disc, bulge, best: magnitudes that the profile with the free shape of each band adds to the
    point source, summed over the bands that saw it; mean and mean_disc: averaged over shapes by
    their likelihood; joint and joint_mean: one shape for all bands. <band>: mean_disc of one band.
    gain, gain_middle: arcsinh of what the best shape gains in chi squared over the point source.
    snr, snr_<band>: arcsinh of the point source's signal to noise.
    """
    stars = field_stars(recentred(patches, snr), snr)
    light = fit_light(patches, place, snr, stars)
    point, error = light.flux[..., 0], light.error
    shown = point / error
    weight = np.array([COUNTS.get(band, 1.0) for band in bands])
    middle = np.array([band in MIDDLE for band in bands]) * np.ones_like(shown)
    middle = middle if middle.any() else np.ones_like(shown)
    ways = {"seen": _seen(shown) * weight, "middle": middle * weight}
    fluxes = _fluxes(light)
    columns = {
        name: _magnitudes(fluxes[kind], point, error, ways[way])
        for name, kind, way in (
            ("disc", "disc", "seen"), ("bulge", "bulge", "seen"), ("mean", "mean", "seen"),
            ("mean_disc", "mean_disc", "seen"), ("joint", "joint", "middle"),
            ("joint_mean", "joint_mean", "seen"),
        )
    }  # fmt: skip
    for name, part in (("gain", light.gain), ("gain_middle", light.gain * (middle > 0)[..., None])):
        total = part.sum(axis=1)
        columns[name] = np.arcsinh(total.max(axis=1) - total[:, 0])
    columns["snr"] = np.arcsinh(np.sqrt((np.maximum(shown, 0) ** 2).sum(axis=1)))
    for k, band in enumerate(bands):
        only = np.zeros_like(shown)
        only[:, k] = 1
        columns[band] = _magnitudes(fluxes["mean_disc"], point, error, only)
        columns[f"snr_{band}"] = np.arcsinh(shown[:, k])
    return {name: np.nan_to_num(value) for name, value in columns.items()}


def _seen(shown: np.ndarray) -> np.ndarray:
    """The bands `(n, band)` that saw each object; the best one where none did."""
    seen = shown > DETECTED
    best = shown == shown.max(axis=1, keepdims=True)
    return np.where(seen.any(axis=1, keepdims=True), seen, best)


def _fluxes(light: Light) -> dict[str, np.ndarray]:
    """Flux `(n, band)` of the best shapes and of their means; the point source is one of them."""
    found = {}
    for kind, chosen in (("disc", IS["disc"]), ("bulge", IS["bulge"]), ("", IS["disc"] | True)):
        at = np.r_[0, 1 + np.flatnonzero(chosen)]
        gain, flux = light.gain[..., at], light.flux[..., at]
        best = gain.argmax(axis=-1)[..., None]
        found[kind or "best"] = np.take_along_axis(flux, best, axis=-1)[..., 0]
        found[f"mean_{kind}".strip("_")] = (flux * _likelihood(gain)).sum(axis=-1)
    together = light.gain.sum(axis=1)
    best = together.argmax(axis=1)[:, None, None]
    found["joint"] = np.take_along_axis(light.flux, best, axis=-1)[..., 0]
    found["joint_mean"] = (light.flux * _likelihood(together)[:, None]).sum(axis=-1)
    return found


def _likelihood(gain: np.ndarray) -> np.ndarray:
    """Shares over the last axis by exp(gain / 2)."""
    weight = np.exp((gain - gain.max(axis=-1, keepdims=True)) / 2)
    return weight / weight.sum(axis=-1, keepdims=True)


def _magnitudes(flux, point, error, weight) -> np.ndarray:
    """Magnitudes by which a flux exceeds the point source's; noise is damped, and RANGE kept."""
    total, own = (flux * weight).sum(axis=1), (point * weight).sum(axis=1)
    noise = 2 * np.sqrt(((error * weight) ** 2).sum(axis=1))
    noise = np.where(noise > 0, noise, 1)
    ratio = np.arcsinh(total / noise) - np.arcsinh(own / noise)
    return np.clip(MAGNITUDE * ratio, *RANGE)
