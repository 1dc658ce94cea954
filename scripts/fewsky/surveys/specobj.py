"""Stars, galaxies and quasars by their SDSS spectra, with SkyServer's colour picture of each.

Which catalogue and pictures are asked for; specobj_table reads the catalogue. The Snakefile imports
this module, so it needs the standard library only.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fewsky.surveys.asked_images import (
    check_colour,
    jpeg_row,
    one_line,
    parts,
    query_row,
    side_px,
    table_row,
    url_of,
)

KIND = "images"
ALIGNS = False
PACKED = False
OBJECTS = "specobj_table"
PICTURES = "folder_images"
CLASSES = {"STAR": "star", "QSO": "quasar", "GALAXY": "galaxy"}  # SpecObj.class and our labels
BANDS = ("u", "g", "r", "i", "z")
MAGNITUDES = ("psf", "model", "petro")
# Columns of the CSV beside objid, ra, dec and class, by the names that it has in small letters.
NUMBERS = (
    "redshift",
    *(f"{kind}mag_{band}" for kind in MAGNITUDES for band in BANDS),
    *(f"{kind}magerr_{band}" for kind in MAGNITUDES for band in BANDS),
    "petror50_r", "petror90_r", "devab_r", "expab_r",
)  # fmt: skip
CATALOGUE = ("query", "reader", "table", "urls")
SELECTION = ("exclude", "per_class", "reader", "seed", "shard_objects")
SIMULATED = ("field_arcsec", "per_class", "pixel_arcsec", "query", "reader", "urls")
# One fibre number in 25 of every plate: some 180,000 of 4.6 million spectra, spread over the whole
# footprint, below SkyServer's limit of 500,000 rows. SpecObj holds the best spectrum of an object.
MAGNITUDE_COLUMNS = ", ".join(
    f"p.{kind}Mag{error}_{band}" for kind in MAGNITUDES for error in ("", "Err") for band in BANDS
)
QUERY = f"""
SELECT p.objID AS objid, p.ra, p.dec, s.class, s.z AS redshift, {MAGNITUDE_COLUMNS},
p.petroR50_r, p.petroR90_r, p.deVAB_r, p.expAB_r
FROM SpecObj AS s JOIN PhotoObj AS p ON s.bestObjID = p.objID
WHERE s.zWarning = 0 AND s.fiberID % 25 = 7 AND s.class IN ('STAR', 'QSO', 'GALAXY')
ORDER BY p.objID
"""


def shards(survey: Mapping[str, Any]) -> dict[str, dict]:
    """What the downloads of each shard need, by its name part-00, part-01, ...

    Raises FewskyError on other than three bands and without field_arcsec.
    """
    check_colour(survey)
    needed = {
        "pixel_arcsec": survey["pixel_arcsec"],
        "side_px": side_px(survey),
        "urls": {"image": url_of(survey, "image")},
    }
    return parts(survey["per_class"] * len(CLASSES), survey, needed)


def catalogue(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the download of the catalogue needs to be told."""
    settings = {key: survey.get(key) for key in CATALOGUE}
    urls = {key: url for key, url in survey["urls"].items() if key == "catalogue"}
    return {**settings, "urls": {} if survey.get("table") else urls}


def selection(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the choice of objects needs to be told."""
    return {key: survey[key] for key in SELECTION}


def catalogue_files(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The one CSV: a person's own, or SkyServer's answer to the query."""
    if settings["table"]:
        return [table_row(settings["table"])]
    query = one_line(settings["query"] or QUERY)
    base = url_of(settings, "catalogue")
    return [query_row(base, "specobj", query, {"cmd": query, "format": "csv"})]


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs."""
    return [settings["table"]] if settings.get("table") else []


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """One picture an object of the shard: rows of kind, field, band, url and form."""
    return [jpeg_row(shard, item) for item in objects if item["shard"] == shard["shard"]]


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own images: none."""
    return []
