"""Whole aligned frames as colour pictures; where their pixels are on the sky; what lies there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.wcs import WCS

from fewsky.console import FewskyError, say
from fewsky.cutouts.composite import composite
from fewsky.surveys.sdss_objects import read_catalogue, select_objects

MAGNITUDES = {"galaxy": "modelmag", "star": "psfmag"}  # of a band: SDSS's best for either class


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


def frame_catalogue(
    raw: pd.DataFrame,
    store: Path,
    field: str,
    survey: Mapping[str, Any],
    wcs: WCS,
    seen: np.ndarray,
) -> pd.DataFrame:
    """Catalogued galaxies and stars of a frame: ra, dec (degrees), label, magnitude.

    Selected as for patches: the survey's primaries, blends by their parts; and only where `seen`
    `(y, x)` has data. The magnitude is the reference band's, that of the best model for galaxies
    and of the PSF for stars. `raw` is the shard's list in the raw room, `survey` says the fields'
    kinds of catalogue. Raises FewskyError where the field has no catalogue.
    """
    band = survey["reference_band"]
    listed = read_catalogue(raw, store, field, survey, wcs, seen.shape, band)
    if listed.empty:
        raise FewskyError(
            f"{field}: wanted a catalogue to score detections with; found none. Name one in the "
            "survey, or take the field out of paper.detection.frames."
        )
    objects, _ = select_objects(listed, {})
    places = zip("yx", seen.shape, strict=True)
    row, column = (objects[axis].round().clip(0, n - 1).astype(int) for axis, n in places)
    objects = objects[seen[row, column]].reset_index(drop=True)
    magnitude = np.select(
        [objects["label"] == kind for kind in MAGNITUDES],
        [objects[f"{name}_{band}"].astype(float) for name in MAGNITUDES.values()],
        np.nan,
    )
    say(f"{field}: {objects['label'].value_counts().to_dict()} of {len(listed)} catalogued")
    return objects[["ra", "dec", "label"]].assign(magnitude=magnitude)


def _path(fields: pd.DataFrame, folder: Path, field: str) -> Path:
    paths = fields.loc[fields["field"] == field, "path"]
    if len(paths) != 1:
        raise FewskyError(
            f"{field}: wanted it once in the list of aligned fields; found it {len(paths)} times "
            f"among {', '.join(map(str, fields['field']))}. Mend paper.detection.frames.fields."
        )
    return Path(folder) / paths.iloc[0]
