"""Light of planetary nebulae on the sky: shells, lobes and stars, before any plate sees them.

A shape is a function of places u, v in units of the major and minor half axis; its brightest part
is about 1.
"""

from dataclasses import dataclass, field

import numpy as np

BANDS = ("b", "r", "i")
# Brightness of the night sky a square arcsec, magnitudes: light is told in units of it.
SKY_MAG = {"b": 22.5, "r": 21.0, "i": 19.5}
WAVES = 48


@dataclass
class Light:
    """What one object sends out: extended layers, point sources, and flaws of a single plate.

    A layer is a function of u, v and its contrast to the sky in each band; a point is x, y in
    arcsec east and north of the object and its flux in each band, in sky x arcsec^2.
    """

    layers: list[tuple] = field(default_factory=list)
    points: list[tuple] = field(default_factory=list)

    def add(self, shape, **contrasts: float) -> None:
        """Add a layer; bands that are not named get nothing."""
        self.layers.append((shape, contrasts))

    def star(self, x: float, y: float, mag_r: float, b_r: float, r_i: float) -> None:
        """Add a star by its r magnitude and colours."""
        self.points.append((x, y, star_flux(mag_r, b_r, r_i)))


def star_flux(mag_r, b_r, r_i) -> dict:
    """Flux in each band, in units of the sky's a square arcsec, of magnitudes and colours."""
    mags = {"b": mag_r + b_r, "r": mag_r, "i": mag_r - r_i}
    return {band: 10 ** (-0.4 * (mags[band] - SKY_MAG[band])) for band in BANDS}


def cloud(rng: np.random.Generator, slope: float = 1.4, smallest: float = 0.12):
    """A random field of mean 0 and variance 1 as a function of u, v: a sum of plane waves.

    Amplitudes grow with wavelength to the power `slope`; wavelengths run from `smallest` to 2.
    The function takes grids (y, x) on which u and v are affine in row and column, so that each
    wave is a product of one along the rows and one along the columns.
    """
    length = np.geomspace(smallest, 2.0, WAVES)
    angle, phase = rng.uniform(0, 2 * np.pi, (2, WAVES))
    amplitude = length**slope
    amplitude *= np.sqrt(2 / np.sum(amplitude**2))
    kx, ky = 2 * np.pi / length * np.array([np.cos(angle), np.sin(angle)])

    def at(u, v):
        u, v = np.broadcast_arrays(u, v)
        down = np.outer(u[:, 0], kx) + np.outer(v[:, 0], ky) + phase
        along = np.outer(kx, u[0] - u[0, 0]) + np.outer(ky, v[0] - v[0, 0])
        waves = np.einsum("yk,kx->yx", amplitude * np.cos(down), np.cos(along))
        return waves - np.einsum("yk,kx->yx", amplitude * np.sin(down), np.sin(along))

    return at


def shell(u, v, thickness: float) -> np.ndarray:
    """A hollow ellipsoid seen through: a ring where the wall is thin, a disc where it is thick."""
    inner = 1 - thickness
    rho2 = u**2 + v**2
    depth = np.sqrt(np.maximum(1 - rho2, 0)) - np.sqrt(np.maximum(inner**2 - rho2, 0))
    return depth / np.sqrt(max(1 - inner**2, 1e-9))


def lobes(u, v, thickness: float, opening: float) -> np.ndarray:
    """Two hollow lobes that meet in a bright waist."""
    both = sum(shell((u - side) / 0.55, v / opening, thickness) for side in (-0.47, 0.47))
    waist = np.exp(-((u / 0.16) ** 2) - (v / 0.42) ** 2)
    return 0.55 * both + waist


def draw_nebula(entry, rng: np.random.Generator) -> Light:
    """The light of a planetary nebula: H-alpha and [N II] in r, some [O III] in b, little in i."""
    light, peak = Light(), entry.contrast
    ratios = {"r": 1.0, "b": rng.uniform(0.15, 0.5), "i": rng.uniform(0.08, 0.3)}
    if entry.shape == "S":
        flux = 10 ** (-0.4 * (entry.mag_r + 0.5 - SKY_MAG["r"]))
        light.points.append((0.0, 0.0, {band: flux * ratio for band, ratio in ratios.items()}))
        return light
    shape = {"B": _bipolar, "A": _one_sided}.get(entry.shape, _elliptical)(rng)
    light.add(shape, **{band: peak * ratio for band, ratio in ratios.items()})
    if rng.random() < 0.3:
        halo = 0.06 * peak
        light.add(lambda u, v: np.exp(-((u**2 + v**2) / 1.9)), r=halo, b=halo * ratios["b"])
    if rng.random() < (0.35 if entry.shape == "B" else 0.6):
        jitter = rng.normal(0, 0.15, 2)
        light.star(*jitter, rng.uniform(16.5, 20.5), rng.uniform(-0.4, 0.5), rng.normal(0, 0.1))
    return light


def _elliptical(rng: np.random.Generator):
    thickness, texture = rng.choice([0.15, 0.3, 0.5, 0.95]), cloud(rng)
    belt, rough = rng.uniform(0, 0.5), rng.uniform(0.05, 0.22)

    def shape(u, v):
        angle = np.arctan2(v, u)
        bright = 1 - belt * np.cos(2 * angle) * np.minimum(u**2 + v**2, 1)
        return shell(u, v, thickness) * bright * np.maximum(1 + rough * texture(u, v), 0)

    return shape


def _bipolar(rng: np.random.Generator):
    thickness, opening = rng.uniform(0.25, 0.8), rng.uniform(0.55, 1.0)
    texture = cloud(rng)
    return lambda u, v: lobes(u, v, thickness, opening) * np.maximum(1 + 0.2 * texture(u, v), 0)


def _one_sided(rng: np.random.Generator):
    thickness, texture, lean = rng.uniform(0.2, 0.5), cloud(rng), rng.uniform(0.5, 0.95)

    def shape(u, v):
        # A wind of interstellar matter brightens one rim.
        return shell(u, v, thickness) * (1 + lean * u) / 1.5 * np.exp(0.35 * texture(u, v))

    return shape
