"""Patches at any positions of an aligned field, with the columns that a network may ask for."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.wcs import WCS

from fewsky.console import FewskyError
from fewsky.cutouts.gather import gather

CHUNK = 8192  # patches at once: 100 MB of 25 px in five bands


class Plane(NamedTuple):
    """An aligned field: `cube` `(band, y, x)` in nanomaggies, its bands, its WCS, its row."""

    cube: np.ndarray
    bands: list[str]
    wcs: WCS
    row: pd.Series


def open_field(fields: pd.DataFrame, folder: str | Path, field: str) -> Plane:
    """A field of a shard's list in the aligned room; FewskyError where it is not in it."""
    rows = fields[fields["field"] == field]
    if len(rows) != 1:
        raise FewskyError(
            f"{field}: wanted it once in the list of aligned fields; found it {len(rows)} times "
            f"among {', '.join(map(str, fields['field']))}. Name another field."
        )
    row = rows.iloc[0]
    with fits.open(Path(folder) / row["path"], memmap=False) as hdus:
        cube, header = hdus[0].data.astype(np.float32), hdus[0].header
    return Plane(cube, list(row["bands"]), WCS(header, naxis=2), row)


def grid(shape: tuple[int, int], size: int, step: int) -> pd.DataFrame:
    """Positions x, y every `step` pixels at which a patch lies wholly in an image `(y, x)`.

    What the steps leave over is divided between both sides. Row by row, upwards.
    """
    along = [
        size // 2 + (length - size) % step // 2 + step * np.arange((length - size) // step + 1)
        for length in shape
    ]
    y, x = np.meshgrid(*along, indexing="ij")
    return pd.DataFrame({"x": x.ravel().astype(float), "y": y.ravel().astype(float)})


def patches_at(
    plane: Plane, places: pd.DataFrame, size: int, bands: list[str]
) -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
    """Yield patches `(n, band, size, size)` in nanomaggies and their rows, in chunks.

    Bands are in the order asked for. Rows are those of `places` with x, y, ra, dec, and noise and
    seeing of the field by band, as the catalogue of patches has them. Places whose patch is not
    complete are left out.
    """
    take = [plane.bands.index(band) for band in bands]
    known = {
        f"{kind}_{band}": float(plane.row[f"{kind}_{band}"])
        for kind in ("noise", "psf_fwhm")
        for band in bands
    }
    for start in range(0, len(places), CHUNK):
        some = places.iloc[start : start + CHUNK]
        images, complete = gather(plane.cube, some["x"], some["y"], size)
        some = some[complete]
        ra, dec = plane.wcs.all_pix2world(some["x"], some["y"], 0) if len(some) else ([], [])
        rows = some.assign(field=plane.row["field"], ra=ra, dec=dec, **known)
        yield images[complete][:, take], rows.reset_index(drop=True)
