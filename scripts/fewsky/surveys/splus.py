"""S-PLUS, Stripe 82 in twelve bands, crossed with SDSS's spectra: a FITS an object and band.

Which files are asked for; splus_table reads the catalogue and splus_images the cut-outs. The
Snakefile imports this module, so it needs the standard library only.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fewsky.surveys.asked_images import (
    check_bands,
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
OBJECTS = "splus_table"
PICTURES = "splus_images"
CLASSES = {"STAR": "star", "QSO": "quasar", "GALAXY": "galaxy"}
BANDS = ("u", "f378", "f395", "f410", "f430", "g", "f515", "r", "f660", "i", "f861", "z")
NUMBERS = (
    "redshift",
    *(f"mag_{band}" for band in BANDS),
    *(f"magerr_{band}" for band in BANDS),
    "fwhm", "ellipticity", "class_star",
)  # fmt: skip
CATALOGUE = ("query", "reader", "table", "urls")
SELECTION = ("exclude", "per_class", "reader", "seed", "shard_objects")
SIMULATED = ("bands", "field_arcsec", "per_class", "pixel_arcsec", "query", "reader", "urls")
AUTO = ", ".join(f"p.{b}_auto AS mag_{b}, p.e{b}_auto AS magerr_{b}" for b in BANDS)
# Label-the-sky's choice: all twelve bands detected, no flag, a sure redshift, within 1 arcsec.
QUERY = f"""
SELECT p.id AS objid, p.ra, p.dec, s.class, s.z AS redshift, {AUTO}, p.fwhm, p.ellipticity,
p.class_star
FROM splus_dr1.stripe82 AS p JOIN splus_dr1.x1p5__stripe82__sdss_dr16__specobj AS x
ON x.id1 = p.id JOIN sdss_dr16.specobj AS s ON s.specobjid = x.id2
WHERE p.ndet_auto = 12 AND p.photoflag = 0 AND s.zwarning = 0 AND x.distance < 1.0/3600
"""


def shards(survey: Mapping[str, Any]) -> dict[str, dict]:
    """What the downloads of each shard need, by its name part-00, part-01, ...

    Raises FewskyError on bands that S-PLUS does not have and without field_arcsec.
    """
    check_bands(survey, BANDS)
    needed = {
        "bands": list(survey["bands"]),
        "field_arcsec": survey["field_arcsec"] if side_px(survey) else None,
        "urls": {"sia": url_of(survey, "sia")},
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
    """The one CSV: a person's own, or the answer to the query in the archive's TAP."""
    if settings["table"]:
        return [table_row(settings["table"])]
    query = one_line(settings["query"] or QUERY)
    fields = {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "csv", "QUERY": query}
    return [query_row(url_of(settings, "catalogue"), "splus", query, fields)]


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs."""
    return [settings["table"]] if settings.get("table") else []


def cutout_url(base: str, ra: float, dec: float, side_arcsec: float, band: str) -> str:
    """The stable name of one cut-out: where it lies in the store and in a mirror.

    The service answers a query (Simple Image Access) with a table of addresses; this one is none.
    """
    return f"{base}/{band}-{side_arcsec:g}/{ra:.5f}{dec:+.5f}.fits"


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """One cut-out an object of the shard and band: rows of kind, field, band, url and form.

    `form` is a query in the place and the band of the row that is taken of its answer.
    """
    side, base = shard["field_arcsec"], shard["urls"]["sia"]
    rows = []
    for item in objects:
        if item["shard"] != shard["shard"]:
            continue
        ra, dec = float(item["ra"]), float(item["dec"])
        asked = {"POS": f"{ra:.5f},{dec:.5f}", "SIZE": f"{side / 3600:.6f}", "FORMAT": "image/fits"}
        for band in shard["bands"]:
            row = {"kind": "cutout", "field": item["object_id"], "band": band}
            form = {"url": base, "fields": asked, "band": band}
            rows.append({**row, "url": cutout_url(base, ra, dec, side, band), "form": form})
    return rows


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own images: none."""
    return []
