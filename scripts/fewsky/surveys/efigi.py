"""EFIGI: nearby galaxies with their Hubble type, colour pictures in one archive.

Which files are asked for; efigi_file reads them. The Snakefile imports this module, so it needs the
standard library only.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.surveys.asked_images import check_colour, url_of

KIND = "images"
ALIGNS = False
PACKED = True
OBJECTS = "efigi_file"
PICTURES = "efigi_file"
SHARD = "all"
TYPES = range(-6, 12)  # Hubble types T (de Vaucouleurs): -6 compact elliptical ... 11 dwarf
CATALOGUE = ("reader", "urls")
SELECTION = ("exclude", "reader")
SIMULATED = ("reader", "urls")


def label_of(hubble_type: int) -> str:
    """The label of a Hubble type, `T-5` for -5."""
    return f"T{hubble_type}"


def shards(survey: Mapping[str, Any]) -> dict[str, dict]:
    """The one shard of the archive. Raises FewskyError on other than three bands."""
    check_colour(survey)
    return {SHARD: {"shard": SHARD, "bands": list(survey["bands"])}}


def catalogue(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the download of the files needs to be told."""
    return {key: survey[key] for key in CATALOGUE}


def selection(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the list of objects needs to be told."""
    return {key: survey[key] for key in SELECTION}


def catalogue_files(settings: Mapping[str, Any]) -> list[dict[str, str]]:
    """The archive of pictures, and that of tables."""
    rows = []
    for kind, key in (("packed", "images"), ("tables", "tables")):
        url = url_of(settings, key)
        if not url.endswith((".tgz", ".tar.gz")):
            raise FewskyError(f"urls.{key}: wanted the address of a .tgz; found {url}. Correct it.")
        rows.append({"kind": kind, "field": "", "band": "", "url": url})
    return rows


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs: none."""
    return []


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Files of a shard's images: none, since they lie in the one archive."""
    return []


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own images: none."""
    return []
