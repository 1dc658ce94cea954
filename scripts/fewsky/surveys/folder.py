"""A folder of your own images: catalog.csv (object_id, file, label, ...) beside them.

Standard library only: the Snakefile imports this module. folder_images reads the files.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fewsky.console import FewskyError

KIND = "images"
ALIGNS = False
PACKED = False
OBJECTS = "folder_images"
PICTURES = "folder_images"
CATALOGUE = "catalog.csv"
SHARD = "all"


def shards(survey: Mapping[str, Any]) -> dict[str, dict]:
    """The one shard of a folder and what its downloads need.

    Raises FewskyError where no folder is named, and for bands that are neither one nor three.
    """
    if not survey.get("folder"):
        raise FewskyError(
            "folder: wanted the path of a folder with catalog.csv; found none. Add it."
        )
    if len(survey["bands"]) not in (1, 3):
        raise FewskyError(
            f"bands {', '.join(survey['bands'])}: wanted one (grey) or three (red, green, blue); "
            f"found {len(survey['bands'])}. Correct them."
        )
    return {SHARD: {"shard": SHARD, "folder": survey["folder"], "bands": list(survey["bands"])}}


def catalogue(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the download of the catalogue needs to be told."""
    return {key: survey[key] for key in ("reader", "folder")}


def selection(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the choice of objects needs to be told: all of them are taken."""
    return {"reader": survey["reader"]}


def catalogue_files(settings: Mapping[str, Any]) -> list[dict[str, str]]:
    """The one file of the catalogue; its url is its path."""
    path = str(Path(settings["folder"]) / CATALOGUE)
    return [{"kind": "catalogue", "field": "", "band": "", "url": path}]


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs."""
    return [row["url"] for row in catalogue_files(settings)]


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """One image an object; its url is its path.

    Raises FewskyError for a name that is an address or leads out of the folder.
    """
    return [
        {"kind": "image", "field": item["object_id"], "band": "", "url": _path(shard, item["file"])}
        for item in objects
    ]


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of the images that catalog.csv names and that are there, so that an edit is seen.

    A missing one is told by the job that reads it, in one line.
    """
    try:
        with open(Path(shard["folder"]) / CATALOGUE, newline="", encoding="utf-8-sig") as stream:
            names = [row.get("file") or "" for row in csv.DictReader(stream, skipinitialspace=True)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    paths = (Path(shard["folder"]) / name.strip() for name in names if name.strip())
    return [str(path) for path in paths if path.is_file()]


def _path(shard: Mapping[str, Any], name: str) -> str:
    if "://" in name or Path(name).is_absolute() or ".." in Path(name).parts or not name:
        raise FewskyError(
            f"{shard['folder']}/{CATALOGUE}: wanted a path within the folder in column file; found "
            f"'{name}'. Correct it."
        )
    return str(Path(shard["folder"]) / name)
