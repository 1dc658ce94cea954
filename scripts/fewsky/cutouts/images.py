"""Images that come one an object: each scaled to 0..1 and brought to one size."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from fewsky.bands import bands_in
from fewsky.console import FewskyError, say
from fewsky.cutouts.composite import composite
from fewsky.cutouts.pictures import count_pictures, read_pictures
from fewsky.cutouts.surroundings import COLUMNS as SURROUNDINGS
from fewsky.cutouts.surroundings import surroundings
from fewsky.surveys.object_table import COLUMNS as LISTED

FIRST = ["object_id", "survey", "field", "x", "y", "ra", "dec", "label", "kind", "name", "status",
         "complete", "glon", "glat", "abs_b", "diameter_arcsec", "plate"]  # fmt: skip
COMPOSED = {"by": "fixed", "low": 0.0, "high": 1.0}  # the scale of a composite, which is in 0..1
PER_BAND = (*SURROUNDINGS, "low", "high")


def cut_shard(
    listed: pd.DataFrame,
    objects: pd.DataFrame,
    folder: Path,
    dataset: Mapping[str, Any],
    survey: Mapping[str, Any],
) -> tuple[np.ndarray, pd.DataFrame]:
    """Images `(n, band, size, size)` float32 in 0..1 and their catalogue, row i of image i.

    `listed` is the shard's list, aligned FITS or pictures, or that of the one file which holds all
    images, with paths from `folder`; `objects` the shard's objects. The catalogue has the numbers
    of cutouts.surroundings, and low and high, the range that became 0..1, all of the image before
    it is scaled and in its own units. Images with a pixel without data, or a band of one value, are
    left out (`edge: drop`) or kept, with NaN there and complete = False (`edge: flag`). Raises
    FewskyError on files that are no such image.
    """
    scale = COMPOSED if dataset.get("composite") else dataset["scale"]
    _check(scale)
    bands, size = bands_in(dataset, survey), dataset["size"]
    number = count_pictures(listed, objects, survey)
    images = np.empty((number, len(bands), size, size), np.float32)
    rows, shapes = [], set()
    pictures = read_pictures(listed, objects, Path(folder), survey)
    for image, (name, cube, plate) in zip(images, pictures, strict=True):
        cube = composite(cube[None], survey["bands"], dataset.get("composite"))[0]
        shapes.add(cube.shape[-1])
        image[:], numbers = scaled(cube, size, scale)
        numbers |= surroundings(cube)
        rows.append({"object_id": name, "plate": plate, **_by_band(numbers, bands)})
    if len(shapes) > 1:
        say(f"warning: images have sides from {min(shapes)} to {max(shapes)} pixels")
    complete = np.isfinite(images).all(axis=(1, 2, 3))
    catalog = _catalog(rows, objects, dataset["survey"], bands, complete)
    kept = complete if dataset["edge"] == "drop" else np.ones(len(complete), bool)
    say(f"{number} images, {(~complete).sum()} with pixels without data, {kept.sum()} kept")
    return images[kept], catalog[kept].reset_index(drop=True)


def scaled(
    cube: np.ndarray, size: int, scale: Mapping[str, Any]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """An image `(band, size, size)` in 0..1, and by band low and high.

    `scale` by image takes percentiles of each band as the range that becomes 0..1, fixed takes low
    and high themselves; values beyond are cut off. A band without contrast becomes NaN.
    """
    flat = cube.reshape(len(cube), -1)
    finite = [plane[np.isfinite(plane)] for plane in flat]
    if scale["by"] == "image":
        marks = [scale["low"], scale["high"]]
        ranges = [np.percentile(v, marks) if len(v) else (np.nan, np.nan) for v in finite]
    else:
        ranges = [(scale["low"], scale["high"])] * len(cube)
    low, high = np.array(ranges, dtype=float).T
    planes = np.stack([resized(plane, size) for plane in cube])
    width = np.where(high > low, high - low, np.nan)
    image = np.clip((planes - low[:, None, None]) / width[:, None, None], 0, 1)
    return image.astype(np.float32), {"low": low, "high": high}


def resized(plane: np.ndarray, size: int) -> np.ndarray:
    """A plane `(y, x)` on `size` by `size` pixels by Pillow's Lanczos filter, which does not alias.

    Pixels that any part of a pixel without data lies in have none.
    """
    plane = np.ascontiguousarray(plane, dtype=np.float32)
    missing = ~np.isfinite(plane)
    if plane.shape == (size, size):
        return np.where(missing, np.nan, plane)
    if missing.all():
        return np.full((size, size), np.nan, np.float32)
    filled = np.where(missing, np.median(plane[~missing]), plane) if missing.any() else plane
    out = np.array(Image.fromarray(filled).resize((size, size), Image.Resampling.LANCZOS))
    if missing.any():
        share = Image.fromarray(missing.astype(np.float32))
        out[np.array(share.resize((size, size), Image.Resampling.BOX)) > 1e-6] = np.nan
    return out


def _check(scale: Mapping[str, Any]) -> None:
    bounded = scale["by"] != "image" or (scale["low"] >= 0 and scale["high"] <= 100)
    if not (scale["low"] < scale["high"] and bounded):
        wanted = "low below high" + (" within 0 to 100" if scale["by"] == "image" else "")
        raise FewskyError(
            f"scale: wanted {wanted}; found low {scale['low']:g} and high {scale['high']:g}. "
            "Correct the dataset's scale."
        )


def _by_band(numbers: Mapping[str, np.ndarray], bands: list[str]) -> dict[str, float]:
    return {f"{name}_{band}": numbers[name][k] for name in PER_BAND for k, band in enumerate(bands)}


def _catalog(
    rows: list[dict], objects: pd.DataFrame, survey: str, bands: list[str], complete: np.ndarray
) -> pd.DataFrame:
    """The columns of the room in a fixed order and type, one row an image."""
    measured = [f"{name}_{band}" for name in PER_BAND for band in bands]
    table = pd.DataFrame(rows, columns=["object_id", "plate", *measured])
    others = [
        name
        for name in objects.columns
        if name not in LISTED and pd.api.types.is_numeric_dtype(objects[name])
    ]
    table = table.merge(objects.drop(columns="shard"), on="object_id", how="left", validate="1:1")
    table = table.assign(
        survey=survey, x=np.nan, y=np.nan, complete=complete, abs_b=table["glat"].abs()
    )
    table = table.reindex(columns=[*FIRST, *measured, *others])
    numbers = ["x", "y", "ra", "dec", "glon", "glat", "abs_b", "diameter_arcsec", *measured]
    words = ["object_id", "field", "label", "kind", "name", "status", "plate"]
    table[numbers] = table[numbers].astype(np.float64)
    table[words] = table[words].fillna("").astype(str)
    return table.astype({"complete": bool})
