"""Spectra of simulated stars, quasars and galaxies, and their light in the bands of surveys."""

from collections.abc import Callable

import numpy as np

# Centre and width in angstroms: S-PLUS, Mendes de Oliveira et al. 2019, MNRAS 489, 241, table 2;
# SDSS, Fukugita et al. 1996, AJ 111, 1748.
SPLUS = {
    "u": (3563, 352), "f378": (3770, 151), "f395": (3940, 103), "f410": (4094, 201),
    "f430": (4292, 201), "g": (4751, 1545), "f515": (5133, 207), "r": (6258, 1465),
    "f660": (6614, 147), "i": (7690, 1506), "f861": (8611, 408), "z": (8831, 1182),
}  # fmt: skip
SDSS = {
    "u": (3551, 599), "g": (4686, 1379), "r": (6166, 1382), "i": (7480, 1535), "z": (8932, 1370)
}  # fmt: skip
STEPS = 25  # wavelengths across a band
HC_K = 1.43877e8  # h c / k, angstrom kelvin
# Rest wavelength (angstrom) and equivalent width of a quasar's broad lines, after Vanden Berk et
# al. 2001, AJ 122, 549, table 2.
BROAD = ((1216, 93), (1549, 24), (1909, 21), (2798, 32), (4861, 46), (6563, 195))
BROAD_WIDTH = 0.013  # sigma, as a share of the wavelength
NARROW = ((3727, 18), (4861, 8), (5007, 14), (6563, 40))  # of gas where stars form
NARROW_WIDTH = 0.002

Spectrum = Callable[[np.ndarray], np.ndarray]


def in_bands(spectrum: Spectrum, bands: dict[str, tuple[float, float]]) -> np.ndarray:
    """Flux densities a unit of frequency, (band,), means over each band; r is 1."""
    flux = np.array([_mean(spectrum, *band) for band in bands.values()])
    return flux / _mean(spectrum, *bands["r"])


def star(temperature: float) -> Spectrum:
    """A star of some temperature in K: a black body below whose 4,000 A metals take light away."""

    def spectrum(wave: np.ndarray) -> np.ndarray:
        light = wave**-3.0 / np.expm1(HC_K / (wave * temperature))
        cool = np.clip((7200 - temperature) / 3500, 0, 1)
        light = light * (1 - (0.42 + 0.3 * cool) * _below(wave, 3980, 70))
        light = light * (1 - 0.32 * cool * _bump(wave, 5170, 110))  # Mg b and MgH
        late = np.clip((4300 - temperature) / 900, 0, 1)
        return light * (1 - 0.4 * late * (_bump(wave, 6250, 130) + _bump(wave, 7150, 180)))

    return spectrum


def quasar(redshift: float, slope: float) -> Spectrum:
    """A power law of frequency with broad lines, thinned below Lyman alpha."""

    def spectrum(wave: np.ndarray) -> np.ndarray:
        light = wave**-slope * (1 + _lines(wave, redshift, BROAD, BROAD_WIDTH))
        return light * (1 - 0.3 * _below(wave, 1216 * (1 + redshift), 20))

    return spectrum


def old(redshift: float) -> Spectrum:
    """Stars of an elliptical galaxy, with its break at 4,000 A."""

    def spectrum(wave: np.ndarray) -> np.ndarray:
        rest = wave / (1 + redshift)
        light = rest**-3.0 / np.expm1(HC_K / (rest * 4500))
        light = light * (1 - 0.45 * _below(rest, 3980, 60))
        return light * (1 - 0.18 * _bump(rest, 5170, 120))

    return spectrum


def young(redshift: float) -> Spectrum:
    """Stars of a disk that forms more of them, and the lines of its gas."""

    def spectrum(wave: np.ndarray) -> np.ndarray:
        rest = wave / (1 + redshift)
        light = rest**0.55 * (1 - 0.3 * _below(rest, 3800, 80))
        return light * (1 + _lines(wave, redshift, NARROW, NARROW_WIDTH))

    return spectrum


def _mean(spectrum: Spectrum, centre: float, width: float) -> float:
    return float(spectrum(np.linspace(centre - width / 2, centre + width / 2, STEPS)).mean())


def _below(wave: np.ndarray, edge: float, width: float) -> np.ndarray:
    return 1 / (1 + np.exp(np.clip((wave - edge) / width, -30, 30)))


def _bump(wave: np.ndarray, centre: float, width: float) -> np.ndarray:
    return np.exp(-(((wave - centre) / width) ** 2) / 2)


def _lines(wave: np.ndarray, redshift: float, lines: tuple, width: float) -> np.ndarray:
    """Light of emission lines as a share of what they stand on."""
    total = np.zeros_like(wave, dtype=float)
    for rest, strength in lines:
        centre = rest * (1 + redshift)
        sigma = width * centre
        peak = strength * (1 + redshift) / (sigma * np.sqrt(2 * np.pi))
        total += peak * _bump(wave, centre, sigma)
    return total
