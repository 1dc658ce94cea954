"""Photographic plates: what each collection's plates are like, and light turned into density.

Densities are scanned as SuperCOSMOS does (Hambly et al. 2001, MNRAS 326, 1279): 0 to 32767, growing
with exposure, not linear in it and saturating.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from fewsky.sky.pnpopulation import generator

LARGEST = 32767
FOG = 0.04
# Emulsion and filter, seeing (FWHM, arcsec), grain (sky's share, a square arcsec), response to
# emission lines and to stars against the sky, first and last year.
PLATES = {
    "ukst": {
        "b": ("SERC-J/EJ", "J", "IIIaJ", "GG395", 2.2, 0.040, 1.0, 1.0, 1974, 1993),
        "r": ("SERC-R/AAO-R", "R", "IIIaF", "OG590", 2.0, 0.036, 1.0, 1.0, 1984, 2001),
        "i": ("SERC-I", "I", "IVN", "RG715", 1.9, 0.055, 1.0, 1.0, 1978, 2002),
    },
    "poss": {
        "b": ("POSSII-B", "SJ", "IIIaJ", "GG385", 2.8, 0.055, 0.7, 0.9, 1987, 2000),
        "r": ("POSSII-R", "SF", "IIIaF", "RG610", 2.6, 0.050, 0.8, 1.1, 1987, 2000),
        "i": ("POSSII-I", "SN", "IVN", "RG9", 2.4, 0.080, 0.8, 1.1, 1990, 2002),
    },
}
TELESCOPES = {"ukst": "UKST", "poss": "Palomar 48-in Schmidt"}
# Exposure, in units of the sky's, that gives half of the largest density, and the curve's slope.
CURVE = {"ukst": (3.6, 1.35), "poss": (2.6, 1.15)}
BETA = 2.8
HALO, SPIKES = 0.035, 0.012


@dataclass(frozen=True)
class Plate:
    """One plate: its papers, and how it sees. Angles in degrees, lengths in arcsec."""

    band: str
    telescope: str
    survey: str
    plate_id: str
    emulsion: str
    filter: str
    epoch: float
    field: int
    seeing: float
    grain: float
    lines: float
    stars: float
    half: float
    slope: float
    rotation: float
    error: tuple[float, float]
    tilt: tuple[float, float]


def make_plate(plates: str, band: str, seed: int, group: int) -> Plate:
    """The plate of a collection and band on which a group of neighbours lies."""
    rng = generator(seed, group, f"plate {plates} {band}")
    survey, letter, emulsion, glass, seeing, grain, lines, stars, first, last = PLATES[plates][band]
    half, slope = CURVE[plates]
    return Plate(
        band=band, telescope=TELESCOPES[plates], survey=survey, emulsion=emulsion, filter=glass,
        lines=lines, stars=stars,
        plate_id=f"{letter}{rng.integers(1000, 19999)}",
        epoch=rng.uniform(first, last),
        # Neighbours of other bands lie in the same field of the survey.
        field=int(generator(seed, group, f"field {plates}").integers(1, 895)),
        seeing=seeing * np.exp(rng.normal(0, 0.12)),
        grain=grain * np.exp(rng.normal(0, 0.12)),
        half=half * np.exp(rng.normal(0, 0.2)),
        slope=slope * np.exp(rng.normal(0, 0.06)),
        rotation=rng.normal(0, 1.0),
        error=tuple(rng.normal(0, 0.15, 2)),
        tilt=tuple(rng.normal(0, 0.03, 2)),
    )  # fmt: skip


def point_spread(plate: Plate, side: int, step: float) -> np.ndarray:
    """The image of a star of unit flux on a grid of `side` (odd) points `step` arcsec apart.

    A Moffat core, a halo from scattering in the emulsion, and the cross of the plate holder.
    """
    axis = (np.arange(side) - side // 2) * step
    x, y = axis, axis[:, None]
    r2 = x**2 + y**2
    alpha2 = (plate.seeing / 2) ** 2 / (2 ** (1 / BETA) - 1)
    core = (1 + r2 / alpha2) ** -BETA
    halo = (1 + r2 / plate.seeing**2) ** -1.6
    width = 0.45 * plate.seeing
    arm = np.exp(-np.abs(x) / 9) * np.exp(-((y / width) ** 2))
    cross = arm + np.exp(-np.abs(y) / 9) * np.exp(-((x / width) ** 2))
    parts = [(1 - HALO - SPIKES, core), (HALO, halo), (SPIKES, cross)]
    return sum(share * part / part.sum() for share, part in parts)


def expose(plate: Plate, light: np.ndarray, pixel: float, fine: int, rng) -> np.ndarray:
    """Densities (y, x), int16, of light over the sky's (fine y, fine x), `fine` points a pixel.

    `pixel` is in arcsec. Grain is that of the sky's density, and grows with the root of density.
    """
    kernel = point_spread(plate, 2 * (light.shape[0] // 2) + 1, pixel / fine)
    seen = fftconvolve(light, kernel, mode="same")
    rows, columns = light.shape[0] // fine, light.shape[1] // fine
    seen = seen.reshape(rows, fine, columns, fine).mean(axis=(1, 3))
    slope = np.linspace(-1, 1, columns) * plate.tilt[0]
    slope = slope + np.linspace(-1, 1, rows)[:, None] * plate.tilt[1]
    share = _curve(plate, np.maximum(1 + seen, 0.05) * (1 + slope))
    sky = _curve(plate, 1.0)
    steep = plate.slope * (1 - FOG) * _rise(plate, 1.0) * (1 - _rise(plate, 1.0))
    grain = gaussian_filter(rng.standard_normal(share.shape), 0.35 / max(pixel, 0.3))
    grain *= plate.grain / pixel * steep / grain.std()
    return np.clip(np.rint(LARGEST * (share + grain * np.sqrt(share / sky))), 0, LARGEST).astype(
        np.int16
    )


def _rise(plate: Plate, exposure):
    power = (exposure / plate.half) ** plate.slope
    return power / (1 + power)


def _curve(plate: Plate, exposure):
    """Density as a share of the largest: the characteristic curve of a photographic emulsion."""
    return FOG + (0.97 - FOG) * _rise(plate, exposure)
