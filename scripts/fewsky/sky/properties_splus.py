"""S-PLUS in the sky of properties: twelve AUTO magnitudes an object, and a FITS a band."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from fewsky.sky.properties_files import csv_bytes, fits_bytes, place_cards
from fewsky.sky.properties_light import NIGHT, TABLE, Light, light_of, measured, seen, shape_of
from fewsky.sky.properties_population import POINTS
from fewsky.sky.properties_spectra import SPLUS
from fewsky.surveys.asked_images import side_px
from fewsky.surveys.splus import CLASSES, NUMBERS, catalogue_files, cutout_url

BANDS = tuple(SPLUS)
# Magnitudes of 5 times the noise in 3 arcsec, near those of Mendes de Oliveira et al. 2019, MNRAS
# 489, 241, table 8; narrow bands are the shallow ones.
DEPTHS = np.array([21.0, 20.6, 20.5, 20.6, 20.6, 21.7, 20.5, 21.6, 21.2, 21.1, 20.3, 20.5])
ZERO_POINTS = np.array([21.1, 20.7, 20.5, 21.3, 21.4, 23.6, 21.6, 23.7, 21.0, 23.4, 21.6, 22.9])
SEEING = (1.3, 1.8)  # full width at half maximum in arcsec, from object to object
UNSEEN, UNMEASURED = 99.0, -99.0  # S-PLUS's words for "not detected" and "not measured"
WORDS = {label: word for word, label in CLASSES.items()}


def splus_files(
    table: pd.DataFrame, settings: Mapping, survey: Mapping, seed: int
) -> Iterator[tuple[str, bytes]]:
    """Address and content of the CSV that the archive's TAP gives, and of twelve FITS an object."""
    rows, pixel, side = [], survey["pixel_arcsec"], side_px(survey)
    noise = sky_noise(pixel)
    base, arcsec = survey["urls"]["sia"], survey["field_arcsec"]
    for item in table.itertuples():
        light = light_of(item, SPLUS, side, item.size / pixel, [seed, POINTS])
        # Another night than SDSS's, and a telescope of its own.
        rng = np.random.default_rng([seed, POINTS, NIGHT, item.number, 1])
        fwhm = rng.uniform(*SEEING) / pixel
        image = seen(light, fwhm, noise, rng)
        cards = place_cards(item.ra, item.dec, side, pixel)
        for k, band in enumerate(BANDS):
            if band not in survey["bands"]:
                continue
            counts = image[k] * 10 ** (0.4 * (ZERO_POINTS[k] - 22.5))
            own = {"FILTER": band.upper(), "MAGZP": ZERO_POINTS[k], "BUNIT": "count", **cards}
            yield cutout_url(base, item.ra, item.dec, arcsec, band), fits_bytes(counts, own)
        rows.append(_row(item, light, fwhm, noise, survey, settings, seed))
    told = {key: survey.get(key) for key in ("query", "urls")}
    columns = ["objid", "ra", "dec", "class", *NUMBERS]
    yield catalogue_files({**told, "table": None})[0]["url"], csv_bytes(pd.DataFrame(rows)[columns])


def sky_noise(pixel_arcsec: float) -> np.ndarray:
    """Noise (band,) of the sky in nanomaggies a pixel, by DEPTHS."""
    pixels = np.pi * (1.5 / pixel_arcsec) ** 2
    return 10 ** (-0.4 * (DEPTHS - 22.5)) / 5 / np.sqrt(pixels)


def _row(
    item,
    light: Light,
    fwhm: float,
    noise: np.ndarray,
    survey: Mapping,
    settings: Mapping,
    seed: int,
) -> dict[str, object]:
    """One line of the CSV: magnitudes, their errors, width (px), ellipticity, likeness to a star.

    What is below twice its error is not detected.
    """
    pixel = survey["pixel_arcsec"]
    rng = np.random.default_rng([seed, POINTS, TABLE, item.number, 1])
    flux, error = measured(light.total, noise, fwhm, rng)
    found = flux > 2 * error
    values = np.where(found, 22.5 - 2.5 * np.log10(np.where(found, flux, 1)), UNSEEN)
    errors = np.where(found, 1.0857 * error / np.where(found, flux, 1), UNSEEN)
    if rng.uniform() < settings["absurd_share"]:
        lost = rng.integers(len(BANDS))
        values[lost], errors[lost] = rng.choice([UNSEEN, UNMEASURED]), UNSEEN
    row = {"objid": f"9{item.number:06d}", "ra": item.ra, "dec": item.dec,
           "class": WORDS[item.label], "redshift": round(item.redshift, 5)}  # fmt: skip
    row |= {f"mag_{band}": round(values[k], 4) for k, band in enumerate(BANDS)}
    row |= {f"magerr_{band}": round(errors[k], 4) for k, band in enumerate(BANDS)}
    shape = shape_of(light, BANDS.index("r"), pixel)
    width = np.hypot(fwhm, 1.2 * shape["half"] / pixel) * np.exp(rng.normal(0, 0.03))
    spread = np.clip(rng.normal(0.04, 0.02), 0, 1)
    shrunk = (1 - shape["ratio"]) * (1 - (fwhm / width) ** 2)
    like = 1 / (1 + np.exp(8 * (width / fwhm - 1.25)))
    shown = (round(width, 3), round(min(spread + shrunk, 0.95), 4), round(like, 4))
    return row | dict(zip(("fwhm", "ellipticity", "class_star"), shown, strict=True))
