"""Whole aligned frames as colour pictures, and where their pixels are on the sky."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.wcs import WCS

from fewsky.console import FewskyError
from fewsky.cutouts.composite import composite


def compose(fields: pd.DataFrame, folder: Path, field: str, settings: Mapping[str, Any]):
    """The picture of a frame, uint8 `(3, y, x)`: red, green and blue as `cutouts.composite` has it.

    `fields` is a shard's list in the aligned room, with paths from `folder`; `settings` are those
    of the composite. Pixels without data in one of the bands are black. Raises FewskyError on a
    field that is not listed and on bands that the frame has not.
    """
    with fits.open(_path(fields, folder, field), memmap=False) as hdus:
        cube, bands = hdus[0].data.astype(np.float32), list(hdus[0].header["BANDS"])
    shown = composite(cube[None], bands, settings)[0]
    return np.round(255 * np.nan_to_num(shown).clip(0, 1)).astype(np.uint8)


def frame_wcs(fields: pd.DataFrame, folder: Path, field: str) -> WCS:
    """The WCS of a frame, that of its reference band."""
    return WCS(fits.getheader(_path(fields, folder, field)), naxis=2)


def seen_pixels(fields: pd.DataFrame, folder: Path, field: str, bands: list[str]) -> np.ndarray:
    """Which pixels of a frame have data in all of some bands, `(y, x)` bool."""
    with fits.open(_path(fields, folder, field), memmap=False) as hdus:
        held = list(hdus[0].header["BANDS"])
        return np.isfinite(hdus[0].data[[held.index(band) for band in bands]]).all(axis=0)


def with_sky(found: pd.DataFrame, wcs: WCS) -> pd.DataFrame:
    """The table of boxes with ra and dec in degrees, those of the boxes' middles."""
    # The first pixel's centre is 0 to a WCS; its left and upper edge is 0 to a box.
    x, y = ((found[f"{axis}0"] + found[f"{axis}1"]).to_numpy(float) / 2 - 0.5 for axis in "xy")
    ra, dec = wcs.all_pix2world(x, y, 0) if len(found) else (x, y)
    return found.assign(ra=ra, dec=dec)


def _path(fields: pd.DataFrame, folder: Path, field: str) -> Path:
    paths = fields.loc[fields["field"] == field, "path"]
    if len(paths) != 1:
        raise FewskyError(
            f"{field}: wanted it once in the list of aligned fields; found it {len(paths)} times "
            f"among {', '.join(map(str, fields['field']))}. Mend paper.detection.frames.fields."
        )
    return Path(folder) / paths.iloc[0]
