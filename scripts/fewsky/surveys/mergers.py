"""Merging galaxies and single ones by Galaxy Zoo's votes, with SkyServer's colour picture of each.

Which lists and pictures are asked for; mergers_table reads the lists. The Snakefile imports this
module, so it needs the standard library only.
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
OBJECTS = "mergers_table"
PICTURES = "folder_images"
CLASSES = {"mergers": "merger", "others": "non-merger"}  # list, and the label of its objects
BANDS = ("u", "g", "r", "i", "z")
NUMBERS = ("redshift", *BANDS)
CATALOGUE = ("reader", "table", "urls")
SELECTION = ("exclude", "per_class", "reader", "seed", "shard_objects")
SIMULATED = ("field_arcsec", "per_class", "pixel_arcsec", "reader", "urls")
# p_mg is the share of votes for a merger, out of nvote. Above 0.4, at these redshifts, was the
# first cut of Darg et al. (2010), who then looked at each. Of the single galaxies, which are many
# more, those with one fibre number in ten of every plate are taken.
VOTES = {
    "mergers": "v.p_mg > 0.4",
    "others": "v.p_mg = 0 AND v.nvote >= 20 AND s.fiberID % 10 = 7",
}
MAGNITUDE_COLUMNS = ", ".join(f"p.modelMag_{band} AS {band}" for band in BANDS)
QUERIES = {
    kind: one_line(f"""
SELECT p.objID AS objid, p.ra, p.dec, s.z AS redshift, {MAGNITUDE_COLUMNS}
FROM zooSpec AS v JOIN SpecObj AS s ON v.specobjid = s.specObjID
JOIN PhotoObj AS p ON s.bestObjID = p.objID
WHERE s.zWarning = 0 AND s.z > 0.005 AND s.z < 0.1 AND {votes}
ORDER BY p.objID, s.specObjID
""")
    for kind, votes in VOTES.items()
}


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
    urls = {key: url for key, url in survey["urls"].items() if key == "catalogue"}
    return {**settings, "urls": {} if survey.get("table") else urls}


def selection(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the choice of objects needs to be told."""
    return {key: survey[key] for key in SELECTION}


def catalogue_files(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """SkyServer's answers, one a class; or a person's own CSV with a column label."""
    if settings["table"]:
        return [table_row(settings["table"])]
    base = url_of(settings, "catalogue")
    return [
        {**query_row(base, kind, query, {"cmd": query, "format": "csv"}), "kind": kind}
        for kind, query in QUERIES.items()
    ]


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs."""
    return [settings["table"]] if settings.get("table") else []


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """One picture an object of the shard: rows of kind, field, band, url and form."""
    return [jpeg_row(shard, item) for item in objects if item["shard"] == shard["shard"]]


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own images: none."""
    return []
