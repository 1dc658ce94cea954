"""Plates of one object on one grid: north up, the same side and pixel for every object."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.wcs import WCS
from reproject import reproject_interp

from fewsky.console import FewskyError, say
from fewsky.files import published, sha256
from fewsky.provenance import digest
from fewsky.surveys.hash_plates import Plate, read_plate

USED = ("bands", "field_arcsec", "pixel_arcsec", "reference_band")
MARK = "SIMULATED: made by the demo sky, not measured"


def align_plates(
    raw: pd.DataFrame,
    objects: pd.DataFrame,
    store: Path,
    out_dir: Path,
    settings: Mapping[str, Any],
    code: str,
) -> pd.DataFrame:
    """One row an object of the shard: its FITS, made now or found made by the same code and inputs.

    `raw` lists the shard's plates in the store, `objects` the survey's objects, `settings` holds
    USED. Columns: field (the object), path (from `out_dir`), sha256, bands, reference_band, and by
    band plate_<band>, the plate's number. A FITS is `(band, y, x)` float32 in density, NaN where a
    plate has no data. Raises FewskyError on plates that are missing or lie elsewhere.
    """
    places = objects.set_index("object_id")
    rows = []
    for name in dict.fromkeys(raw["field"]):
        path = Path(out_dir) / "plates" / f"{name}.fits"
        files = _files_of(raw, name, settings["bands"])
        place = (float(places.at[name, "ra"]), float(places.at[name, "dec"]))
        key = _key(files, place, settings, code)
        if _key_of(path) != key:
            with published(path) as temporary:
                _align(files, Path(store), name, place, settings, key).writeto(temporary)
        rows.append(_row(path, name))
    say(f"{len(rows)} objects on grids of {grid(0, 0, settings).array_shape} pixels")
    return pd.DataFrame(rows)


def grid(ra: float, dec: float, settings: Mapping[str, Any]) -> WCS:
    """A TAN grid centred on a position in degrees (ICRS), north up and east left."""
    pixel = settings["pixel_arcsec"] / 3600
    side = round(settings["field_arcsec"] / settings["pixel_arcsec"])
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [(side + 1) / 2, (side + 1) / 2]
    wcs.wcs.cdelt = [-pixel, pixel]
    wcs.wcs.radesys = "ICRS"
    wcs.array_shape = (side, side)
    return wcs


def _files_of(raw: pd.DataFrame, name: str, bands: list[str]) -> pd.DataFrame:
    own = raw[(raw["field"] == name) & raw["band"].isin(bands)]
    missing = [band for band in bands if band not in set(own["band"])]
    if missing:
        raise FewskyError(
            f"object {name}: wanted plates in {', '.join(bands)}; found none in "
            f"{', '.join(missing)}. Download it, or take the band out of the survey's bands."
        )
    return own


def _key(
    files: pd.DataFrame, place: tuple[float, float], settings: Mapping[str, Any], code: str
) -> str:
    used = {name: settings[name] for name in USED}
    return digest([used, code, place, files[["band", "path", "sha256"]].to_numpy().tolist()])


def _key_of(path: Path) -> str | None:
    try:
        return fits.getheader(path).get("FSKEY")
    except OSError:  # none there, or one that is not FITS
        return None


def _align(
    files: pd.DataFrame, store: Path, name: str, place: tuple[float, float], settings, key: str
) -> fits.PrimaryHDU:
    target = grid(*place, settings)
    paths = files.set_index("band")["path"]
    plates = {band: read_plate(store / paths[band]) for band in settings["bands"]}
    planes = [
        _resampled(plate, target, store / paths[band], place) for band, plate in plates.items()
    ]
    header = _header(target, name, plates, settings["reference_band"], key)
    for k, row in enumerate(files.itertuples()):
        header[f"IN{k:02d}"], header[f"FN{k:02d}"] = row.sha256, Path(row.path).name
    return fits.PrimaryHDU(np.stack(planes), header)


def _resampled(plate: Plate, target: WCS, path: Path, place: tuple[float, float]) -> np.ndarray:
    """Density on the grid: pixels are alike in size, so a cubic spline keeps stars sharp."""
    image, _ = reproject_interp(
        (plate.image, plate.wcs), target, shape_out=target.array_shape, order="bicubic",
        roundtrip_coords=False,
    )  # fmt: skip
    half = target.array_shape[0] // 2
    if not np.isfinite(image[half, half]):
        raise FewskyError(
            f"{path}: wanted a plate around {place[0]:.5f} {place[1]:+.5f}; found another piece of "
            "sky. Delete it and run again."
        )
    return image.astype(np.float32)


def _header(
    target: WCS, name: str, plates: Mapping[str, Plate], chosen: str, key: str
) -> fits.Header:
    header = target.to_header()
    header["BUNIT"] = ("density", "photographic, in the scan's steps; not linear")
    header["OBJECT"] = name
    header["BANDS"] = ("".join(plates), "order of the third axis")
    header["REFBAND"] = chosen
    for band, plate in plates.items():
        header[f"PLATE_{band}"] = (plate.plate, "plate or field number")
    if any(plate.simulated for plate in plates.values()):
        header["ORIGIN"] = MARK
    header["FSKEY"] = (key, "")
    return header


def _row(path: Path, name: str) -> dict[str, Any]:
    header = fits.getheader(path)
    bands = header["BANDS"]
    row = {
        "field": name,
        "path": f"{path.parent.name}/{path.name}",
        "sha256": sha256(path),
        "bands": bands,
        "reference_band": header["REFBAND"],
    }
    return row | {f"plate_{band}": header[f"PLATE_{band}"] for band in bands}
