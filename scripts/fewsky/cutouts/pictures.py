"""The pictures of a shard's objects, whatever files they lie in: one an object, a band, or all."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits

from fewsky.console import FewskyError
from fewsky.surveys import module_of_pictures


def count_pictures(listed: pd.DataFrame, objects: pd.DataFrame, survey: Mapping[str, Any]) -> int:
    """How many objects of a shard have a picture."""
    module = _module(survey)
    if hasattr(module, "read_images"):
        return len(objects)
    return listed["field"].nunique() if hasattr(module, "read_cutout") else len(listed)


def _module(survey: Mapping[str, Any]) -> ModuleType | None:
    """The module that reads the survey's images, known by what it has; None for aligned FITS."""
    name = module_of_pictures(survey["reader"])
    return import_module(name) if name else None


def read_pictures(
    listed: pd.DataFrame, objects: pd.DataFrame, folder: Path, survey: Mapping[str, Any]
) -> Iterator[tuple[str, np.ndarray, str]]:
    """Yield name, image `(band, y, x)` float32 and plate ("" for none) of every object of a shard.

    `listed` is the shard's list of files, or that of the files which hold all images, with paths
    from `folder`. Raises FewskyError on files that are missing or no such image.
    """
    module = _module(survey)
    if hasattr(module, "read_images"):
        names = objects["object_id"]
        path = listed.loc[listed["kind"] == "packed", "path"].iloc[0]
        cubes = module.read_images(folder / path, names, survey["bands"])
        yield from ((name, cube, "") for name, cube in zip(names, cubes, strict=True))
    elif hasattr(module, "read_cutout"):
        for name, rows in listed.groupby("field", sort=False):
            paths = {row.band: _present(folder / row.path) for row in rows.itertuples()}
            yield name, module.read_cutout(paths, survey["bands"], survey.get("zero_points")), ""
    else:
        for item in listed.itertuples():
            path = _present(folder / item.path)
            if module is None:
                yield item.field, *_aligned(path, item, survey)
            else:
                yield item.field, module.read_picture(path, item.url, survey["bands"]), ""


def _aligned(path: Path, item: Any, survey: Mapping[str, Any]) -> tuple[np.ndarray, str]:
    """An object's image `(band, y, x)` and the plate of its reference band."""
    with fits.open(path, memmap=False) as hdus:
        cube, held = hdus[0].data, list(hdus[0].header["BANDS"])
    order = [held.index(band) for band in survey["bands"]]
    plate = getattr(item, f"plate_{survey['reference_band']}")
    return cube[order].astype(np.float32), str(plate)


def _present(path: Path) -> Path:
    if not path.is_file():
        raise FewskyError(f"{path}: wanted an image; found none. Delete its list and run again.")
    return path
