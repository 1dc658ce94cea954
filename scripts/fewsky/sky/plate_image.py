"""The neighbourhood of an object laid on one photographic plate, and the square cut around it."""

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from fewsky.sky.emulsion import Plate, expose
from fewsky.sky.mimics import draw_mimic
from fewsky.sky.nebulae import Light, cloud, draw_nebula, star_flux
from fewsky.sky.pnpopulation import TRUE, generator
from fewsky.surveys.hash import plate_side_arcmin

# Points of the grid that light is laid on, a pixel and direction.
FINE = 2
# r magnitudes of field stars, and how log10 of their number grows a magnitude.
BRIGHTEST, FAINTEST, SLOPE = 13.0, 21.5, 0.33
# Lines against H-alpha with [N II] in r, of gas between the stars.
EMISSION = {"r": 1.0, "b": 0.25, "i": 0.2}
# Codes whose extended light is that of emission lines.
LINES = {TRUE, "HII", "iISM", "SNR"}


@dataclass(frozen=True)
class Neighbourhood:
    """What lies around a group, the same on all its plates: places are arcsec east and north.

    `half` is half the side of the square, `scale` the wavelength unit of the gas, both in arcsec.
    """

    half: float
    scale: float
    places: np.ndarray = field(repr=False)
    stars: dict
    gas: float
    texture: object


def neighbourhood(settings: dict, survey: dict, seed: int, group: Sequence) -> Neighbourhood:
    """Stars and thin gas around a group, denser towards the galactic plane and centre."""
    first = group[0]
    rng = generator(seed, first.group, "field")
    # The second object of a pair lies within 48 arcsec; PSF wings reach in from beyond the edge.
    half = plate_side_arcmin(survey) * 30 + (50 if len(group) > 1 else 0) + 8
    plane = np.exp(-abs(first.glat) / 7)
    crowding = (0.12 + 0.88 * plane) * np.exp(rng.normal(0, 0.35))
    crowding *= 1.3 if np.cos(np.radians(first.glon)) > 0.6 else 0.9
    mag = _magnitudes(rng, settings, crowding * (half / 30) ** 2)
    b_r = rng.gamma(4.0, 0.27, len(mag)) + 0.5 * plane * rng.random()
    gas = rng.uniform(0.02, 0.2) if rng.random() < 0.5 * plane else 0.0
    return Neighbourhood(
        half=half,
        scale=2 * survey["field_arcsec"] / 3,
        places=rng.uniform(-half, half, (2, len(mag))),
        stars=star_flux(mag, b_r, 0.35 * b_r + rng.normal(0, 0.1, len(mag))),
        gas=gas,
        texture=cloud(rng),
    )


def _magnitudes(rng: np.random.Generator, settings: dict, arcmin2: float) -> np.ndarray:
    count = rng.poisson(settings["stars_per_arcmin2"] * arcmin2)
    low, high = 10 ** (SLOPE * BRIGHTEST), 10 ** (SLOPE * FAINTEST)
    mag = np.log10(low + rng.random(count) * (high - low)) / SLOPE
    bright = rng.random() < settings["bright_star_share"]
    return np.append(mag, rng.uniform(9.5, BRIGHTEST)) if bright else mag


def source(entry, seed: int) -> Light:
    """What one object sends out, the same for all bands."""
    rng = generator(seed, entry.number, "light")
    return draw_nebula(entry, rng) if entry.true_status == TRUE else draw_mimic(entry, rng)


def total_flux(entry, seed: int) -> float:
    """Flux in r of an object's layers and points, in units of the sky's a square arcsec."""
    light, reach = source(entry, seed), 4.0
    u = np.linspace(-reach, reach, 161)
    cell = (u[1] - u[0]) ** 2 * max(entry.diameter_arcsec, 1.0) ** 2 / 4 * entry.axis_ratio
    total = sum(flux["r"] for _, _, flux in light.points)
    for shape, contrasts in light.layers:
        total += contrasts.get("r", 0.0) * float(shape(u, u[:, None]).sum()) * cell
    return total


def paint(
    plate: Plate, pixel: float, seed: int, group: Sequence, sky: Neighbourhood
) -> tuple[np.ndarray, WCS]:
    """Densities (y, x), int16, of a whole neighbourhood on one plate, and its true WCS.

    `pixel` is in arcsec. The tangent point is the group's first object.
    """
    side = int(np.ceil(2 * sky.half / pixel))
    rng = generator(seed, group[0].group, f"grain {plate.plate_id}")
    place = rng.uniform(-0.5, 0.5, 2) + (side - 1) / 2
    wcs = _tangent(plate, pixel, (group[0].ra, group[0].dec), place)
    axis = (np.arange(side * FINE) + 0.5) / FINE - 0.5
    east, north = _standard(wcs, axis, axis[:, None])
    light = np.zeros((side * FINE, side * FINE))
    _drop(light, wcs, *sky.places, sky.stars[plate.band] * plate.stars)
    if sky.gas:
        gas = np.exp(0.7 * sky.texture(east / sky.scale, north / sky.scale))
        light += sky.gas * EMISSION[plate.band] * plate.lines * gas
    for entry in group:
        _add(light, wcs, plate, entry, source(entry, seed), east, north)
    return expose(plate, light, pixel, FINE, rng), wcs


def _add(light: np.ndarray, wcs: WCS, plate: Plate, entry, sent: Light, east, north) -> None:
    """Add one object's light, in units of the sky's, to the fine grid."""
    x, y = wcs.all_world2pix(entry.ra, entry.dec, 0)
    x0, y0 = _standard(wcs, float(x), float(y))
    radius = max(entry.diameter_arcsec, 1.0) / 2
    cos, sin = np.cos(entry.angle), np.sin(entry.angle)
    u = ((east - x0) * cos + (north - y0) * sin) / radius
    v = (-(east - x0) * sin + (north - y0) * cos) / radius / entry.axis_ratio
    response = plate.lines if entry.true_status in LINES else plate.stars
    for shape, contrasts in sent.layers:
        if plate.band in contrasts:
            light += contrasts[plate.band] * response * shape(u, v)
    for dx, dy, flux in sent.points:
        _drop(light, wcs, [x0 + dx], [y0 + dy], np.array([flux[plate.band] * plate.stars]))


def _tangent(plate: Plate, pixel: float, centre: tuple, place: np.ndarray) -> WCS:
    wcs = WCS(naxis=2)
    cos, sin = np.cos(np.radians(plate.rotation)), np.sin(np.radians(plate.rotation))
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = centre
    wcs.wcs.crpix = place + 1
    wcs.wcs.cd = pixel / 3600 * np.array([[-cos, sin], [sin, cos]])
    return wcs


def _standard(wcs: WCS, x, y) -> tuple:
    """Arcsec east and north of the tangent point, on the tangent plane, of 0-based pixels."""
    dx, dy = x - (wcs.wcs.crpix[0] - 1), y - (wcs.wcs.crpix[1] - 1)
    cd = wcs.wcs.cd * 3600
    return cd[0, 0] * dx + cd[0, 1] * dy, cd[1, 0] * dx + cd[1, 1] * dy


def _drop(light: np.ndarray, wcs: WCS, east, north, flux) -> None:
    """Lay point sources on the fine grid, each shared among the four points around it."""
    cd = wcs.wcs.cd * 3600
    dx, dy = np.linalg.inv(cd) @ np.array([east, north])
    x = (dx + wcs.wcs.crpix[0] - 0.5) * FINE - 0.5
    y = (dy + wcs.wcs.crpix[1] - 0.5) * FINE - 0.5
    left, low = np.floor(x).astype(int), np.floor(y).astype(int)
    area = abs(np.linalg.det(cd)) / FINE**2
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = np.abs(1 - i - (x - left)) * np.abs(1 - j - (y - low)) * flux / area
        inside = (left + i >= 0) & (left + i < light.shape[1])
        inside &= (low + j >= 0) & (low + j < light.shape[0])
        np.add.at(light, ((low + j)[inside], (left + i)[inside]), share[inside])


def cut(plate: Plate, density: np.ndarray, wcs: WCS, entry, side: int) -> bytes:
    """The gzipped FITS of `side` pixels around one object, cut at whole pixels of the plate."""
    place = np.array([float(axis) for axis in wcs.all_world2pix(entry.ra, entry.dec, 0)])
    left, low = np.rint(place - (side - 1) / 2).astype(int)
    image = np.ascontiguousarray(density[low : low + side, left : left + side])
    header = fits.Header(_cards(plate, wcs, (left, low)))
    stream = io.BytesIO()
    fits.PrimaryHDU(image, header).writeto(stream)
    return gzip.compress(stream.getvalue(), mtime=0)


def _cards(plate: Plate, wcs: WCS, corner: tuple) -> list[tuple]:
    year = int(plate.epoch)
    observed = date(year, 1, 1) + timedelta(days=int((plate.epoch - year) * 365))
    cd = wcs.wcs.cd
    pixel = abs(np.linalg.det(cd)) ** 0.5 * 3600
    # The archive's astrometry is good to some tenths of an arcsec.
    x, y = wcs.wcs.crpix - corner + np.array(plate.error) / pixel
    return [
        ("SIMULATE", True, "simulated by fewsky, not observed"),
        ("SURVEY", plate.survey, "photographic survey"),
        ("PLATEID", plate.plate_id, "plate number, with the survey's letters"),
        ("FIELDNUM", plate.field, "survey field"),
        ("EMULSION", plate.emulsion, "Kodak emulsion"),
        ("FILTER", plate.filter, "filter"),
        ("TELESCOP", plate.telescope, "telescope"),
        ("INSTRUME", "SuperCOSMOS I", "measuring machine"),
        ("DATE-OBS", observed.isoformat(), "UT date of exposure"),
        ("EPOCH", round(plate.epoch, 3), "epoch of exposure, years"),
        ("BUNIT", "DENSITY", "photographic density, 0 to 32767"),
        ("RADESYS", "FK5"), ("EQUINOX", 2000.0),
        ("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("CUNIT1", "deg"), ("CUNIT2", "deg"),
        ("CRVAL1", float(wcs.wcs.crval[0])), ("CRVAL2", float(wcs.wcs.crval[1])),
        ("CRPIX1", float(x)), ("CRPIX2", float(y)),
        ("CD1_1", cd[0, 0]), ("CD1_2", cd[0, 1]), ("CD2_1", cd[1, 0]), ("CD2_2", cd[1, 1]),
    ]  # fmt: skip
