"""The pictures of a shard's objects, whatever files they lie in: one an object, a band, or all."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits

from fewsky.console import FewskyError
from fewsky.surveys import efigi_file, galaxy10_file, galaxyzoo_table
from fewsky.surveys.folder_images import read_picture
from fewsky.surveys.splus_images import read_cutout

PACKED = ("efigi", "galaxy10", "galaxyzoo")  # readers whose one file holds all images
PLANES = ("splus",)  # readers with one file a band
PICTURES = ("folder", "mergers", "specobj")  # readers with one picture an object


def count_pictures(listed: pd.DataFrame, objects: pd.DataFrame, survey: Mapping[str, Any]) -> int:
    """How many objects of a shard have a picture."""
    if survey["reader"] in PACKED:
        return len(objects)
    return listed["field"].nunique() if survey["reader"] in PLANES else len(listed)


def read_pictures(
    listed: pd.DataFrame, objects: pd.DataFrame, folder: Path, survey: Mapping[str, Any]
) -> Iterator[tuple[str, np.ndarray, str]]:
    """Yield name, image `(band, y, x)` float32 and plate ("" for none) of every object of a shard.

    `listed` is the shard's list of files, or that of the files which hold all images, with paths
    from `folder`. Raises FewskyError on files that are missing or no such image.
    """
    if survey["reader"] in PACKED:
        names = objects["object_id"]
        cubes = _packed(listed, names, folder, survey)
        yield from ((name, cube, "") for name, cube in zip(names, cubes, strict=True))
    elif survey["reader"] in PLANES:
        for name, rows in listed.groupby("field", sort=False):
            paths = {row.band: _present(folder / row.path) for row in rows.itertuples()}
            yield name, read_cutout(paths, survey["bands"], survey.get("zero_points")), ""
    else:
        for item in listed.itertuples():
            yield item.field, *_read(item, folder, survey)


def _packed(
    listed: pd.DataFrame, names: pd.Series, folder: Path, survey: Mapping[str, Any]
) -> Iterator[np.ndarray]:
    if survey["reader"] == "galaxy10":
        return galaxy10_file.read_images(folder / listed["path"].iloc[0], names)
    path = listed.loc[listed["kind"] == "packed", "path"].iloc[0]
    reader = {"efigi": efigi_file, "galaxyzoo": galaxyzoo_table}[survey["reader"]]
    return reader.read_images(folder / path, names, survey["bands"])


def _read(item: Any, folder: Path, survey: Mapping[str, Any]) -> tuple[np.ndarray, str]:
    """An object's image `(band, y, x)` and the plate of its reference band."""
    path = _present(folder / item.path)
    if survey["reader"] in PICTURES:
        return read_picture(path, item.url, survey["bands"]), ""
    with fits.open(path, memmap=False) as hdus:
        cube, held = hdus[0].data, list(hdus[0].header["BANDS"])
    order = [held.index(band) for band in survey["bands"]]
    plate = getattr(item, f"plate_{survey['reference_band']}")
    return cube[order].astype(np.float32), str(plate)


def _present(path: Path) -> Path:
    if not path.is_file():
        raise FewskyError(f"{path}: wanted an image; found none. Delete its list and run again.")
    return path
