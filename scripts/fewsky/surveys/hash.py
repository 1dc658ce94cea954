"""HASH, the catalogue of planetary nebulae, and scanned photographic plates around its objects.

Which files are asked for and under which names; hash_catalogue and hash_plates read them. The
Snakefile imports this module, so it needs the standard library only. SuperCOSMOS answers a form
instead of giving files: docs/data.md tells how a request gets a name.
"""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from fewsky.console import FewskyError

KIND = "images"
ALIGNS = True
PACKED = False
OBJECTS = "hash_catalogue"
PICTURES = None  # the aligned room gives one FITS an object
# Codes of the form, by plate collection: HASH's own fetcher, FetchSSS of ibojicic/hashpn_worker.
WAVEBANDS = {
    "ukst": {"b": "J", "r": "R", "i": "I"},
    "poss": {"b": "B", "r": "F", "i": "N"},
}
UKST_BELOW_DEG = 2.5  # UKST plates end at 3 degrees, POSS-II plates begin at 2
MARGIN = 1.2  # covers a grid that is turned against the plate's pixels by up to 12 degrees
LARGEST_ARCMIN = 15.0  # that the form gives
CATALOGUE = ("reader", "table", "urls")
SIMULATED = ("bands", "field_arcsec", "pixel_arcsec", "status", "urls")
SELECTION = ("exclude", "per_class", "reader", "seed", "shard_objects", "status", "undecided")


def plates_of(dec: float) -> str:
    """The plate collection that holds a declination in degrees: `ukst` or `poss`."""
    return "ukst" if dec < UKST_BELOW_DEG else "poss"


def plate_side_arcmin(survey: Mapping[str, Any]) -> float:
    """The side in arcmin of the square that is asked for; larger than `field_arcsec`.

    Plates are turned a little against north, and a smaller square would leave corners empty.
    """
    return round(min(survey["field_arcsec"] / 60 * MARGIN, LARGEST_ARCMIN), 2)


def plate_url(
    urls: Mapping[str, str], ra: float, dec: float, side_arcmin: float, plates: str, band: str
) -> str:
    """The stable name of one request: where its answer lies in the store and in a mirror.

    `ra`, `dec` in degrees (J2000), `side_arcmin` the side of the square asked for. The service is
    the form at urls["plate"]; this address only names what was asked, and nothing answers to it.
    """
    place = f"{ra:.5f}{dec:+.5f}-{side_arcmin:.2f}"
    return f"{urls['plate']}/{plates}-{band}/{place}.fits.gz"


def shards(survey: Mapping[str, Any]) -> dict[str, dict]:
    """What the downloads of each shard need, by its name part-00, part-01, ...

    Their number follows from per_class and shard_objects; who is in which stands in objects.csv.
    Raises FewskyError on bad bands and on status codes in two lists.
    """
    _check(survey)
    count = ceil(survey["per_class"] * len(survey["status"]) / survey["shard_objects"])
    needed = {
        "bands": list(survey["bands"]),
        "field_arcsec": survey["field_arcsec"],
        "urls": {"plate": _url(survey, "plate")},
    }
    names = (f"part-{number:02d}" for number in range(count))
    return {name: {"shard": name, **needed} for name in names}


def catalogue(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the download of the catalogue needs to be told."""
    settings = {key: survey.get(key) for key in CATALOGUE}
    urls = {key: url for key, url in survey["urls"].items() if key != "plate"}
    return {**settings, "urls": {} if survey.get("table") else urls}


def selection(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the choice of objects needs to be told."""
    return {key: survey[key] for key in SELECTION}


def catalogue_files(settings: Mapping[str, Any]) -> list[dict[str, str]]:
    """The catalogue's files: a person's own table, or V/163 with its ReadMe."""
    if settings["table"]:
        return [_row("table", "", "", settings["table"])]
    return [_row(kind, "", "", _url(settings, kind)) for kind in ("pnmain", "readme")]


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs."""
    return [settings["table"]] if settings.get("table") else []


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """One plate an object of the shard and band: rows of kind, field, band, url and form.

    `objects` are rows of objects.csv. `form` says what is asked: address, fields, and the ending
    of the link in the page that answers.
    """
    side = plate_side_arcmin(shard)
    rows = []
    for item in objects:
        if item["shard"] != shard["shard"]:
            continue
        ra, dec = float(item["ra"]), float(item["dec"])
        for band in shard["bands"]:
            url = plate_url(shard["urls"], ra, dec, side, item["field"], band)
            form = _form(shard["urls"]["plate"], ra, dec, side, WAVEBANDS[item["field"]][band])
            rows.append({**_row("plate", item["object_id"], band, url), "form": form})
    return rows


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own images: none."""
    return []


def sexagesimal(ra: float, dec: float) -> str:
    """A position in degrees as `hh mm ss.ss +dd mm ss.s`, the form's own notation."""
    hours, minutes, seconds = _sixtieths(ra / 15 % 24, 2)
    if hours == 24:
        hours = 0
    degrees, arcmin, arcsec = _sixtieths(abs(dec), 1)
    sign = "-" if dec < 0 else "+"
    return (
        f"{hours:02d} {minutes:02d} {seconds:05.2f} {sign}{degrees:02d} {arcmin:02d} {arcsec:04.1f}"
    )


def _sixtieths(value: float, digits: int) -> tuple[int, int, float]:
    """Whole parts, their sixtieths, and sixtieths of those, rounded together."""
    unit = 10**digits
    total = round(value * 3600 * unit)
    return total // (3600 * unit), total // (60 * unit) % 60, total % (60 * unit) / unit


def _form(url: str, ra: float, dec: float, side_arcmin: float, waveband: str) -> dict[str, Any]:
    fields = {
        "coords": sexagesimal(ra, dec),
        "equinox": "2",  # J2000
        "size": f"{side_arcmin:.2f}",
        "waveband": waveband,
        "gif": "0",
    }
    return {"url": url, "fields": fields, "link": ".fits.gz"}


def _row(kind: str, field: str, band: str, url: str) -> dict[str, str]:
    return {"kind": kind, "field": field, "band": band, "url": url}


def _url(settings: Mapping[str, Any], key: str) -> str:
    if key not in settings["urls"]:
        raise FewskyError(f"urls.{key}: wanted an address; found none. See docs/data.md for it.")
    return settings["urls"][key]


def _check(survey: Mapping[str, Any]) -> None:
    for key in ("bands", "field_arcsec", "status"):
        if not survey.get(key):
            raise FewskyError(
                f"{key}: wanted it for a hash survey; found none. See docs/config.md."
            )
    strange = [band for band in survey["bands"] if band not in WAVEBANDS["ukst"]]
    if strange:
        raise FewskyError(
            f"bands {', '.join(survey['bands'])}: wanted each of b, r, i; found '{strange[0]}'. "
            "Correct them."
        )
    seen: dict[str, str] = {}
    for label, codes in [*survey["status"].items(), ("undecided", survey["undecided"])]:
        for code in codes:
            if code in seen:
                raise FewskyError(
                    f"status code '{code}': wanted it in one list; found it in {seen[code]} and "
                    f"{label}. Take it out of one."
                )
            seen[code] = label
