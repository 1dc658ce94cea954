"""Who stands in the sky: stars on the stellar locus, galaxies with bulge, disc and inclination."""

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.special import gammainc

from fewsky.sky.scan import BANDS, Scan

FLUXES = [f"flux_{band}" for band in BANDS]
# Light from beyond the sides of the frame falls into it.
SIDE_PX = 30
BRIGHTEST = {"star": 14.5, "galaxy": 15.5}
# Slope of log10 counts a magnitude: flat for halo and disc stars, near the Euclidean 0.6 for
# bright galaxies and flatter beyond r = 19.
SLOPE = {"star": 0.12, "galaxy": 0.36}
# g-i, u-g, g-r, r-i, i-z: the main sequence, rounded from Covey et al. 2007 (AJ 134, 2398).
LOCUS = np.array(
    [
        (-0.40, 1.15, -0.25, -0.15, -0.12),
        (0.00, 1.05, 0.02, -0.02, -0.06),
        (0.35, 0.92, 0.27, 0.08, 0.00),
        (0.60, 1.15, 0.45, 0.15, 0.05),
        (1.00, 1.75, 0.72, 0.28, 0.13),
        (1.60, 2.30, 1.10, 0.50, 0.27),
        (2.00, 2.50, 1.33, 0.67, 0.37),
        (2.50, 2.55, 1.42, 1.08, 0.58),
        (3.00, 2.60, 1.46, 1.54, 0.82),
    ]
)
# u-g, g-r, r-i, i-z of galaxies at r = 18, and their change a magnitude as redshift grows.
EARLY = np.array([(1.75, 0.95, 0.42, 0.34), (-0.05, 0.14, 0.06, 0.01)])
LATE = np.array([(1.25, 0.62, 0.35, 0.22), (-0.08, 0.06, 0.02, 0.00)])
EARLY_SHARE = 0.4


def block_objects(scan: Scan, settings: dict, run: dict, block: int) -> pd.DataFrame:
    """The true objects of one stretch of the scan: place, class, fluxes, shape.

    A stretch holds the rows that field `block` has before the next field begins. `x` and `row` are
    pixels of r, the latter counted along the scan; fluxes are nanomaggies as observed; radii are
    arcsec along the major axis; the angle is in radians from the columns' axis.
    """
    rng = scan.generator(block, "population")
    area = scan.step * (scan.columns + 2 * SIDE_PX) * 1e-6
    count = rng.poisson(area * settings["stars_per_mpix"] * run["star_factor"])
    stars = _stars(rng, count, settings)
    count = rng.poisson(area * settings["galaxies_per_mpix"] * run["galaxy_factor"])
    galaxies = _galaxies(rng, count, settings, run["size_factor"])
    objects = pd.concat([_bright_star(rng, settings), stars, galaxies], ignore_index=True)
    objects = objects.fillna({"bulge": 0.0, "half_light_arcsec": 0.0})
    return _placed(rng, objects, scan, settings, block)


def magnitudes(rng: np.random.Generator, count: int, kind: str, faintest: float) -> np.ndarray:
    """`count` r magnitudes between the brightest of a kind and `faintest`, log counts linear."""
    slope, brightest = SLOPE[kind], BRIGHTEST[kind]
    low, high = 10 ** (slope * brightest), 10 ** (slope * faintest)
    return np.log10(low + rng.random(count) * (high - low)) / slope


def star_colours(rng: np.random.Generator, mag: np.ndarray) -> np.ndarray:
    """u-g, g-r, r-i, i-z of stars, (n, 4): turn-off stars, and more M dwarfs towards the faint."""
    red = rng.random(len(mag)) < np.clip(0.15 + 0.06 * (mag - 15), 0.15, 0.6)
    g_i = np.where(red, rng.normal(2.2, 0.45, len(mag)), rng.normal(0.65, 0.25, len(mag)))
    g_i = np.clip(g_i, LOCUS[0, 0], LOCUS[-1, 0])
    locus = np.stack([np.interp(g_i, LOCUS[:, 0], column) for column in LOCUS.T[1:]], axis=1)
    return locus + rng.normal(0, 0.03, locus.shape)


def _fluxes(mag: np.ndarray, colours: np.ndarray) -> dict[str, np.ndarray]:
    u_g, g_r, r_i, i_z = colours.T
    by_band = (mag + g_r + u_g, mag + g_r, mag, mag - r_i, mag - r_i - i_z)
    return {name: 10 ** (0.4 * (22.5 - value)) for name, value in zip(FLUXES, by_band, strict=True)}


def _stars(rng: np.random.Generator, count: int, settings: dict) -> pd.DataFrame:
    mag = magnitudes(rng, count, "star", settings["faintest_mag"])
    return pd.DataFrame(
        {"true_class": "star", "mag_r": mag, **_fluxes(mag, star_colours(rng, mag))}
    )


def _bright_star(rng: np.random.Generator, settings: dict) -> pd.DataFrame:
    mag = settings["bright_star_mag"] + rng.uniform(-0.5, 0.5, 1)
    return pd.DataFrame(
        {"true_class": "star", "mag_r": mag, **_fluxes(mag, star_colours(rng, mag))}
    )


def _galaxies(rng: np.random.Generator, count: int, settings: dict, size: float) -> pd.DataFrame:
    mag = magnitudes(rng, count, "galaxy", settings["faintest_mag"])
    early = rng.random(count) < EARLY_SHARE
    bulge = np.where(early, rng.beta(6, 3, count), rng.beta(1.5, 5, count))
    # Median radius and scatter such that r50 and psf-model of field 3900-6-269 come out.
    disc = size * 0.98 * 10 ** (-0.075 * (mag - 20) + rng.normal(0, 0.17, count))
    bulge_radius = disc * rng.uniform(0.35, 0.7, count)
    thickness = np.where(early, 0.35, 0.15)
    cosine = rng.random(count)
    flat = np.sqrt(cosine**2 + thickness**2 * (1 - cosine**2))
    zero, slope = np.where(early[:, None, None], EARLY, LATE).swapaxes(0, 1)
    colours = zero + slope * (mag - 18)[:, None] + rng.normal(0, 0.1, (count, 4))
    return pd.DataFrame(
        {
            "true_class": "galaxy",
            "mag_r": mag,
            **_fluxes(mag, colours),
            "bulge": bulge,
            "bulge_radius": bulge_radius,
            "disc_radius": disc,
            "axis_ratio": flat,
            "angle": rng.uniform(0, np.pi, count),
            "half_light_arcsec": half_light(bulge, bulge_radius, disc),
        }
    )


def half_light(bulge, bulge_radius, disc_radius) -> np.ndarray:
    """Radius, arcsec, of half the light of a de Vaucouleurs bulge in an exponential disc, (n,)."""
    low, high = np.minimum(bulge_radius, disc_radius), np.maximum(bulge_radius, disc_radius)
    for _ in range(30):
        radius = (low + high) / 2
        inside = bulge * gammainc(8, 7.669 * (radius / bulge_radius) ** 0.25)
        inside = inside + (1 - bulge) * gammainc(2, 1.678 * radius / disc_radius)
        low, high = np.where(inside < 0.5, radius, low), np.where(inside < 0.5, high, radius)
    return (low + high) / 2


def _placed(rng, objects: pd.DataFrame, scan: Scan, settings: dict, block: int) -> pd.DataFrame:
    count = len(objects)
    x = rng.uniform(-SIDE_PX, scan.columns + SIDE_PX, count)
    row = (block + rng.random(count)) * scan.step
    follows = rng.random(count) < settings["companion_share"]
    follows[0] = False
    host = rng.integers(0, count, count)
    distance = rng.uniform(1.0, 4.0, count) / scan.pixel_arcsec
    angle = rng.uniform(0, 2 * np.pi, count)
    objects["x"] = np.where(follows, x[host] + distance * np.cos(angle), x)
    objects["row"] = np.where(follows, row[host] + distance * np.sin(angle), row)
    name = f"{scan.run:06d}-{scan.camcol}-{block:04d}"
    objects["truth_id"] = [f"{name}-{number:04d}" for number in range(count)]
    objects["block"] = block
    return objects


def blended(objects: pd.DataFrame, fwhm_arcsec: float, pixel_arcsec: float) -> np.ndarray:
    """Whether another object with a tenth of one's own light overlaps it, (n,).

    Overlap is a distance below two PSF widths plus both half-light radii.
    """
    place = objects[["x", "row"]].to_numpy() * pixel_arcsec
    size, flux = objects["half_light_arcsec"].to_numpy(), objects["flux_r"].to_numpy()
    result = np.zeros(len(objects), bool)
    reach = 2 * fwhm_arcsec + 2 * size.max(initial=0.0)
    one, two = cKDTree(place).query_pairs(reach, output_type="ndarray").reshape(-1, 2).T
    close = np.hypot(*(place[one] - place[two]).T) < 2 * fwhm_arcsec + size[one] + size[two]
    for self, other in ((one, two), (two, one)):
        result[self[close & (flux[other] > 0.1 * flux[self])]] = True
    return result
