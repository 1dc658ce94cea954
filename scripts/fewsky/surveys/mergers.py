"""Merging galaxies and single ones, with SkyServer's colour picture of each.

Mergers are those of Darg et al. (2010) and others not, as Ackermann et al. (2018) list both. Which
files are asked for; mergers_table reads the lists. The Snakefile imports this module, so it needs
the standard library only.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from fewsky.surveys.asked_images import (
    check_colour,
    jpeg_row,
    parts,
    side_px,
    table_row,
    url_of,
)

KIND = "images"
ALIGNS = False
PACKED = False
CLASSES = {"mergers": "merger", "others": "non-merger"}  # key of urls, and the label of its objects
NUMBERS = ("redshift", "u", "g", "r", "i", "z")
CATALOGUE = ("reader", "table", "urls")
SELECTION = ("exclude", "per_class", "reader", "seed", "shard_objects")
SIMULATED = ("field_arcsec", "per_class", "pixel_arcsec", "reader", "urls")


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
    """What the download of the lists needs to be told."""
    settings = {key: survey.get(key) for key in CATALOGUE}
    urls = {key: url for key, url in survey["urls"].items() if key in CLASSES}
    return {**settings, "urls": {} if survey.get("table") else urls}


def selection(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the choice of objects needs to be told."""
    return {key: survey[key] for key in SELECTION}


def catalogue_files(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A list of mergers and one of others; or a person's own CSV with a column label."""
    if settings["table"]:
        return [table_row(settings["table"])]
    return [_list_row(kind, url_of(settings, kind)) for kind in CLASSES]


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs."""
    return [settings["table"]] if settings.get("table") else []


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """One picture an object of the shard: rows of kind, field, band, url and form."""
    return [jpeg_row(shard, item) for item in objects if item["shard"] == shard["shard"]]


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own images: none."""
    return []


def _list_row(kind: str, url: str) -> dict[str, Any]:
    """The entry of a list; an address with a query gets a name with the query's digest."""
    row = {"kind": kind, "field": "", "band": ""}
    base, mark, query = url.partition("?")
    if not mark:
        return {**row, "url": url}
    digest = hashlib.sha256(query.encode()).hexdigest()[:12]
    return {**row, "url": f"{base}/{kind}-{digest}.tsv", "form": {"address": url}}
