"""Light within circles: curves of growth, and the Petrosian radii and fluxes that follow."""

import numpy as np
import pandas as pd
import sep
from scipy.interpolate import PchipInterpolator

from fewsky.sky.detect import shifted
from fewsky.sky.scan import REFERENCE

# SDSS's own radii, 0.22 to 11.3 arcsec: the eight of APERFLUX. Steps lie between and beyond them.
APERTURES_PX = np.array([0.564, 1.692, 2.585, 4.406, 7.506, 11.576, 18.584, 28.551])
FIBER_PX = 3.788
BETWEEN_PX = [1.1, 2.1, 3.2, FIBER_PX, 5.8, 9.3, 15.0, 23.0, 36.0]
RADII_PX = np.unique(np.concatenate([APERTURES_PX, BETWEEN_PX]))
# Local over mean brightness that defines the radius, and the radii that hold the flux (Blanton et
# al. 2001, AJ 121, 2358).
PETRO_RATIO, PETRO_RADII = 0.2, 2.0
FINE_PX = np.arange(0.3, RADII_PX[-1], 0.1)
UNKNOWN = -9999.0


def circles(
    frames: list, found: pd.DataFrame, segments: np.ndarray, places: np.ndarray, pixel: float
) -> dict[str, np.ndarray]:
    """Aperture (n, 5, 8), fibre and Petrosian fluxes (n, 5), and Petrosian radii (n, 5).

    `places` is (band, x or y, n) in px, `pixel` arcsec; fluxes are nanomaggies, radii arcsec;
    a radius that cannot be measured is -9999. The Petrosian radius of r serves in all bands.
    """
    owners = np.where(found["children"] > 0, 0, found["segment"]).astype(np.int32)
    # The segments are those of r: they move with the mean offset of each band.
    offsets = (places - places[REFERENCE]).sum(axis=2) / max(len(found), 1)
    curves = np.stack([
        growth(frame.image, *place, shifted(segments.astype(np.int32), *offset), owners)
        for frame, place, offset in zip(frames, places, offsets, strict=True)
    ], axis=1)  # fmt: skip
    noise = np.array([frame.noise for frame in frames])[:, None]
    electron = np.array([frame.band.electron for frame in frames])[:, None]
    ivar = 1 / (np.pi * (RADII_PX * noise) ** 2 + np.maximum(curves, 0) * electron)
    fibre, aperture = np.searchsorted(RADII_PX, FIBER_PX), np.searchsorted(RADII_PX, APERTURES_PX)
    radius = petrosian_radius(curves[:, REFERENCE])
    by_band = [_within(curves[:, band], radius) for band in range(len(frames))]
    total, half, most = np.stack(by_band, axis=2)
    area = np.pi * (PETRO_RADII * radius[:, None] * noise[:, 0]) ** 2
    return {
        "fiberflux": curves[..., fibre], "fiberflux_ivar": ivar[..., fibre],
        "aperflux": curves[..., aperture], "aperflux_ivar": ivar[..., aperture],
        "petroflux": total, "petroflux_ivar": 1 / (area + np.maximum(total, 0) * electron[:, 0]),
        "petrotheta": np.repeat(radius[:, None] * pixel, len(frames), axis=1),
        "petroth50": np.where(half > 0, half * pixel, UNKNOWN),
        "petroth90": np.where(most > 0, most * pixel, UNKNOWN),
    }  # fmt: skip


def growth(image: np.ndarray, x, y, segments: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Flux within RADII_PX of each place, (n, radius).

    Pixels that `segments` gives to other objects are filled with the mean of the rest; owner 0
    takes all.
    """
    options = {"segmap": segments, "seg_id": owners, "subpix": 5}
    return np.stack([sep.sum_circle(image, x, y, r, **options)[0] for r in RADII_PX], axis=1)


def _curve(flux: np.ndarray) -> PchipInterpolator:
    # Through the origin; as a function of area, in which light grows evenly near the centre.
    padded = np.concatenate([np.zeros((len(flux), 1)), flux], axis=1)
    return PchipInterpolator(np.concatenate([[0.0], RADII_PX]) ** 2, padded, axis=1)


def petrosian_radius(flux: np.ndarray) -> np.ndarray:
    """Petrosian radius, px, (n,), of curves of growth (n, radius); at most half the last radius."""
    curve = _curve(flux)
    low, high = 0.8 * FINE_PX, np.minimum(1.25 * FINE_PX, RADII_PX[-1])
    local = (curve(high**2) - curve(low**2)) / (high**2 - low**2)
    mean = np.maximum(curve(FINE_PX**2), 1e-9) / FINE_PX**2
    below = (local < PETRO_RATIO * mean) & (FINE_PX > 1.5)
    largest = RADII_PX[-1] / PETRO_RADII
    return np.minimum(np.where(below.any(axis=1), FINE_PX[below.argmax(axis=1)], largest), largest)


def _within(flux: np.ndarray, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Flux within two Petrosian radii, and the radii, px, of half and nine tenths of it (or NaN).
    curve = _curve(flux)(FINE_PX**2)
    last = np.minimum(np.searchsorted(FINE_PX, PETRO_RADII * radius), len(FINE_PX) - 1)
    total = curve[np.arange(len(curve)), last]
    reached = [(curve >= share * total[:, None]).argmax(axis=1) for share in (0.5, 0.9)]
    return total, *(np.where(total > 0, FINE_PX[index], np.nan) for index in reached)
