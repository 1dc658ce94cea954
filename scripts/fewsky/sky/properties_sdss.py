"""SDSS in the sky of properties: spectroscopic classes and mergers, with SkyServer's pictures."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from fewsky.sky.properties_files import colours, csv_bytes, jpeg_bytes
from fewsky.sky.properties_light import NIGHT, TABLE, Light, light_of, measured, seen, shape_of
from fewsky.sky.properties_population import PAIRS, POINTS
from fewsky.sky.properties_spectra import SDSS
from fewsky.surveys.asked_images import jpeg_url, side_px
from fewsky.surveys.mergers import CLASSES as MERGERS
from fewsky.surveys.mergers import catalogue_files as lists_of_mergers
from fewsky.surveys.specobj import CLASSES, NUMBERS
from fewsky.surveys.specobj import catalogue_files as query_of_spectra

BANDS = tuple(SDSS)
ORDER = tuple(BANDS.index(band) for band in "irg")
# Sky noise in nanomaggies a pixel of 0.396 arcsec, as the frames of the demo's SDSS have it.
NOISE = np.array([0.045, 0.0185, 0.0305, 0.0515, 0.19])
SEEING = (1.15, 1.5)  # full width at half maximum in arcsec, from object to object
SOFTENING = np.array([1.4e-10, 0.9e-10, 1.2e-10, 1.8e-10, 7.4e-10])  # of asinh magnitudes, maggies
NOTHING = -9999.0  # SDSS's word for "not measured"
ABSURD_U = 26.999  # stands in real catalogues for u of mergers
SCATTER = 0.03  # of radii and axis ratios, as a share
WORDS = {label: word for word, label in CLASSES.items()}


def specobj_files(
    table: pd.DataFrame, settings: Mapping, survey: Mapping, seed: int
) -> Iterator[tuple[str, bytes]]:
    """Address and content of SkyServer's CSV and of one picture an object."""
    rows = []
    for item in table.itertuples():
        url, picture, light, fwhm = _picture(item, survey, [seed, POINTS], item.size)
        rng = np.random.default_rng([seed, POINTS, TABLE, item.number])
        rows.append(_row(item, light, fwhm, survey["pixel_arcsec"], settings, rng))
        yield url, picture
    told = {key: survey.get(key) for key in ("query", "urls")}
    answer = query_of_spectra({**told, "table": None})[0]["url"]
    columns = ["objid", "ra", "dec", "class", *NUMBERS]
    yield answer, csv_bytes(pd.DataFrame(rows)[columns])


def mergers_files(
    table: pd.DataFrame, settings: Mapping, survey: Mapping, seed: int
) -> Iterator[tuple[str, bytes]]:
    """Address and content of SkyServer's two lists and of one picture an object."""
    rows = []
    for item in table.itertuples():
        side = survey["field_arcsec"]
        url, picture, light, fwhm = _picture(item, survey, [seed, PAIRS], item.size * side)
        rng = np.random.default_rng([seed, PAIRS, TABLE, item.number])
        magnitudes = _magnitudes(light, fwhm, survey["pixel_arcsec"], rng)[0]
        row = {"objid": f"9{item.number:06d}", "ra": item.ra, "dec": item.dec,
               "redshift": round(item.redshift, 5)}  # fmt: skip
        row |= dict(zip(BANDS, np.round(magnitudes, 4), strict=True))
        if rng.uniform() < settings["absurd_share"]:
            row["u"] = ABSURD_U
        rows.append({**row, "label": item.label})
        yield url, picture
    lists = pd.DataFrame(rows)
    for entry in lists_of_mergers({"table": None, "urls": survey["urls"]}):
        own = lists[lists["label"] == MERGERS[entry["kind"]]]
        yield entry["url"], csv_bytes(own.drop(columns="label"))


def _picture(
    item, survey: Mapping, seed: list[int], radius_arcsec: float
) -> tuple[str, bytes, Light, float]:
    """Address and JPEG of an object, its light, and the full width of the seeing in pixels."""
    pixel = survey["pixel_arcsec"]
    side = side_px(survey)
    light = light_of(item, SDSS, side, radius_arcsec / pixel, seed)
    rng = np.random.default_rng([*seed, NIGHT, item.number])
    fwhm = rng.uniform(*SEEING) / pixel
    image = seen(light, fwhm, NOISE * (pixel / 0.396), rng)
    url = jpeg_url(survey["urls"]["image"], item.ra, item.dec, pixel, side)
    return url, jpeg_bytes(colours(image, ORDER)), light, fwhm


def _row(
    item, light: Light, fwhm: float, pixel: float, settings: Mapping, rng: np.random.Generator
) -> dict[str, object]:
    """One line of the CSV: magnitudes of three kinds with their errors, sizes and shape."""
    shape, air = shape_of(light, ORDER[1], pixel), 0.5 * fwhm * pixel
    row = {"objid": f"9{item.number:06d}", "ra": item.ra, "dec": item.dec,
           "class": WORDS[item.label], "redshift": round(item.redshift, 5)}  # fmt: skip
    half = np.hypot(shape["half"], air) * np.exp(rng.normal(0, SCATTER))
    # What a PSF misses of an extended object: its light is spread over a larger area.
    missed = 2.5 * np.log10((air**2 + shape["half"] ** 2) / air**2) * 0.7
    for kind, fainter in (("psf", missed), ("model", 0.0), ("petro", 0.02)):
        values, errors = _magnitudes(light, fwhm, pixel, rng)
        if rng.uniform() < settings["absurd_share"] / 3:
            lost = rng.integers(len(BANDS))
            values[lost], errors[lost] = NOTHING, NOTHING
        for k, band in enumerate(BANDS):
            known = values[k] != NOTHING
            row[f"{kind}mag_{band}"] = round(values[k] + fainter * known, 4)
            row[f"{kind}magerr_{band}"] = round(errors[k], 4)
    row["petror50_r"] = round(half, 4)
    wide = np.hypot(shape["most"], 1.9 * air) * np.exp(rng.normal(0, SCATTER))
    row["petror90_r"] = round(wide, 4)
    round_off = np.clip(shape["ratio"] + rng.normal(0, SCATTER, 2), 0.05, 1.0)
    return row | dict(zip(("devab_r", "expab_r"), np.round(round_off, 4), strict=True))


def _magnitudes(
    light: Light, fwhm: float, pixel: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Asinh magnitudes (band,) (Lupton, Gunn & Szalay 1999, AJ 118, 1406) and their errors."""
    flux, error = measured(light.total, NOISE * (pixel / 0.396), fwhm, rng)
    flux, error = flux * 1e-9, error * 1e-9
    scale = 2.5 / np.log(10)
    values = -scale * (np.arcsinh(flux / (2 * SOFTENING)) + np.log(SOFTENING))
    return values, scale * error / np.hypot(flux, 2 * SOFTENING)
