"""A folder of one's own images: its catalog.csv, and its pictures as arrays."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError

from fewsky.console import FewskyError, say
from fewsky.raw.payload import describe, open_fits
from fewsky.surveys.folder import SHARD
from fewsky.surveys.object_table import COLUMNS, finish, read_text, table_error

LARGEST_PX = 64_000_000  # of one image: a picture that unpacks to more is refused
REQUIRED = ("object_id", "file")
# Names that later tables give to columns of their own.
OURS = ("shard", "survey", "complete", "plate", "abs_b", "x", "y")
OUR_PREFIXES = ("background_", "spread_", "low_", "high_", "ring_", "peaks_", "feat_")
COLOURS = 3


def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """All objects of catalog.csv with the columns of objects.csv, then the folder's own columns.

    Raises FewskyError on missing columns, repeated ids, names that are taken and bad positions.
    """
    path, name = Path(store) / files["path"].iloc[0], files["url"].iloc[0]
    raw = _csv(path, name)
    repeated = raw["object_id"].duplicated()
    if repeated.any() or (raw["object_id"] == "").any():
        found = (
            f"'{raw['object_id'][repeated].iloc[0]}' twice" if repeated.any() else "an empty one"
        )
        raise table_error(name, "each object_id once", found)
    for axis, (low, high) in {"ra": (0, 360), "dec": (-90, 90)}.items():
        if axis in raw:
            raw[axis] = _position(name, raw[axis], low, high)
    others = tuple(column for column in raw.columns if column not in COLUMNS)
    objects = finish(raw.assign(shard=SHARD), others)
    counted = objects["label"].value_counts().drop("", errors="ignore")
    told = ", ".join(f"{n:,} {label}" for label, n in counted.items()) or "not at all"
    say(f"{len(objects):,} objects, labelled {told}")
    return objects


def read_picture(path: Path | BytesIO, name: str, bands: list[str]) -> np.ndarray:
    """One image as `(band, y, x)` float32, in its own units; `name` is what errors call it.

    Grey for one band, red, green, blue for three; y grows downwards in pictures as in FITS rows.
    Planes that are all equal are grey, however many the file has. Raises FewskyError where it is
    not an image, is grey where colour is due or the reverse, is not square, or unpacks to more than
    LARGEST_PX pixels.
    """
    fits = name.lower().endswith((".fits", ".fit", ".fits.gz", ".fits.bz2"))
    pixels = _fits(path, name) if fits else _pixels(path, name)
    if pixels.ndim == 2:
        pixels = pixels[None]
    if min(pixels.shape) == 0:
        raise _bad(name, "an image with pixels", f"a size of {_size(pixels)}")
    if pixels.shape[1] != pixels.shape[2]:
        raise _bad(name, "a square image", f"{_size(pixels)} pixels", "Crop it and run again.")
    _check_colour(pixels, name, bands)
    return np.asarray(pixels[: len(bands)], dtype=np.float32)


def _check_colour(pixels: np.ndarray, name: str, bands: list[str]) -> None:
    """Raise FewskyError where planes `(band, y, x)`, equal ones being grey, are not of `bands`."""
    advice = "Correct the survey's bands, or take the image out."
    same = pixels == pixels[:1]
    if pixels.dtype.kind == "f":
        same |= np.isnan(pixels) & np.isnan(pixels[:1])
    grey, one = bool(same.all()), len(pixels) == 1
    if len(bands) == 1 and not grey:
        raise _bad(name, f"a grey image for the band {bands[0]}", "a colour one", advice)
    if len(bands) > 1 and grey:
        found = "a grey image" + ("" if one else f" stored as {len(pixels)} equal planes")
        raise _bad(name, f"colour for the bands {', '.join(bands)}", found, advice)
    if len(bands) > 1 and len(pixels) != len(bands):
        raise _bad(name, f"the bands {', '.join(bands)}", f"{len(pixels)} planes", advice)


def _csv(path: Path, name: str) -> pd.DataFrame:
    raw = read_text(path, name, skipinitialspace=True)
    lacking = [column for column in REQUIRED if column not in raw]
    if lacking:
        raise table_error(name, f"columns {', '.join(REQUIRED)}", f"no {', '.join(lacking)}")
    taken = [c for c in raw.columns if c in OURS or c.startswith(OUR_PREFIXES)]
    if taken:
        raise table_error(
            name, "column names of your own", f"'{taken[0]}', which a later table has"
        )
    if len(raw) == 0:
        raise table_error(name, "rows", "only the line of column names")
    return raw.apply(lambda column: column.str.strip())


def _position(name: str, column: pd.Series, low: float, high: float) -> pd.Series:
    values = pd.to_numeric(column.replace("", None), errors="coerce").astype(float)
    bad = (column != "") & ~values.between(low, high)
    if bad.any():
        found = f"'{column[bad].iloc[0]}' in row {int(np.flatnonzero(bad)[0]) + 1}"
        raise table_error(name, f"{column.name} in degrees, {low} to {high}, or empty", found)
    return values


def _fits(path: Path, name: str) -> np.ndarray:
    with open_fits(path) as hdus:
        data = next((hdu.data for hdu in hdus if getattr(hdu, "is_image", False)
                     and hdu.data is not None), None)  # fmt: skip
    if data is None or data.ndim not in (2, 3):
        raise _bad(name, "an image of two axes, or band, y, x", "none")
    return data


def _pixels(path: Path | BytesIO, name: str) -> np.ndarray:
    """A picture's pixels, `(y, x)` or `(3, y, x)`."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > LARGEST_PX:
                raise _bad(
                    name, f"at most {LARGEST_PX:,} pixels", f"{image.width * image.height:,}"
                )
            if image.mode in ("P", "PA", "RGBA", "LA"):
                image = _opaque(image, name)
            if image.mode not in ("L", "RGB", "F", "I", "1") and not image.mode.startswith("I;16"):
                raise _bad(name, "a grey or an RGB image", f"one of mode {image.mode}")
            pixels = np.asarray(image)
    except UnidentifiedImageError:
        with BytesIO(path.getvalue()) if isinstance(path, BytesIO) else open(path, "rb") as stream:
            found = f"{describe(stream.read(4096))} that cannot be read as one"
        raise _bad(name, "an image", found) from None
    except (Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise _bad(name, "an image", str(error)) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise _bad(name, "a whole image", str(error)) from None
    return np.moveaxis(pixels, 2, 0) if pixels.ndim == 3 else pixels


def _opaque(image: Image.Image, name: str) -> Image.Image:
    """A palette or an alpha channel resolved; what is see-through is refused."""
    whole = image.convert("RGBA")
    if whole.getextrema()[3][0] < 255:
        raise _bad(name, "an opaque image", "one with transparent pixels")
    return whole.convert("RGB")


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[2]} x {pixels.shape[1]}"


def _bad(name: str, wanted: str, found: str, advice: str = "Mend or replace it.") -> FewskyError:
    return FewskyError(f"{name}: wanted {wanted}; found {found}. {advice}")
