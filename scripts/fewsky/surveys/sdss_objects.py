"""Which catalogue rows are objects of a field: by sky position, and by SDSS's own bookkeeping."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.wcs import WCS

from fewsky.console import FewskyError
from fewsky.surveys.catalogue_table import COLUMNS, LABELS, read_csv_catalogue
from fewsky.surveys.sdss import CATALOGUES, catalogue_kind, parse_field
from fewsky.surveys.sdss_catalogues import read_photoobj, sweeps_of

AGREEMENT_PX = 2.0  # real catalogues agree with their frame's WCS to 0.1 px in the median
ENOUGH = 5  # rows that a median needs


def read_catalogue(
    raw: pd.DataFrame,
    store: str | Path,
    field: str,
    shard: Mapping[str, Any],
    wcs: WCS,
    shape: tuple[int, int],
    band: str = "r",
    labelled: bool = True,
) -> pd.DataFrame:
    """All catalogue rows that fall into a field, with x, y in pixels by the field's WCS.

    `raw` is the list of the files of `shard`, which says the field's kind of catalogue; a field
    without one has no rows. Columns field, run and camcol say the field of the frame, which for
    rows near its edge is not the one that the catalogue names. Without `labelled` a CSV needs no
    labels, and none is read. Raises FewskyError where catalogue and WCS disagree.
    """
    kind = catalogue_kind(shard, field)
    if kind == "none":
        return pd.DataFrame(columns=COLUMNS)
    table = _load(raw, Path(store), field, kind, band, labelled)
    if kind in CATALOGUES:
        check_positions(table, wcs, field)
    elif table["ra"].isna().all():
        table = _of_field(table, field, kind, shard["csv_fields"][kind])
    table = in_footprint(table, wcs, shape)
    place = parse_field(field)
    return table.assign(field=field, run=place.run, camcol=place.camcol)


def in_footprint(catalogue: pd.DataFrame, wcs: WCS, shape: tuple[int, int]) -> pd.DataFrame:
    """The rows within an image of `shape` (y, x), with x and y by the WCS (0-based centres).

    Rows are taken by position, never by the catalogue's field, since fields overlap. Rows that
    have only x and y get their ra and dec.
    """
    if catalogue["ra"].isna().all():
        table = catalogue.copy()
        table["ra"], table["dec"] = wcs.all_pix2world(table["x"], table["y"], 0)
    else:
        table = catalogue[_near(catalogue, wcs, shape)].copy()
        table["x"], table["y"] = wcs.all_world2pix(table["ra"], table["dec"], 0)
    inside = table["x"].between(-0.5, shape[1] - 0.5) & table["y"].between(-0.5, shape[0] - 0.5)
    return table[inside].reset_index(drop=True)


def _near(catalogue: pd.DataFrame, wcs: WCS, shape: tuple[int, int]) -> np.ndarray:
    """Rows about as far from an image's middle as its corners; a sweep holds a whole run."""
    height, width = shape
    x, y = (-1, width, -1, width, width / 2), (-1, -1, height, height, height / 2)
    *corners, centre = _vectors(*wcs.all_pix2world(x, y, 0))
    reach = np.linalg.norm(np.subtract(corners, centre), axis=1).max()
    places = _vectors(catalogue["ra"].to_numpy(float), catalogue["dec"].to_numpy(float))
    return np.linalg.norm(places - centre, axis=1) <= 1.1 * reach


def _vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Unit vectors `(n, 3)` of places in degrees."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)


def check_positions(catalogue: pd.DataFrame, wcs: WCS, field: str) -> None:
    """Raise FewskyError unless the catalogue's own pixels of a field agree with a WCS.

    A median decides, since single faint objects of one band may be tens of pixels off.
    """
    own = catalogue[catalogue["field"] == field]
    if len(own) < ENOUGH:
        return
    x, y = wcs.all_world2pix(own["ra"], own["dec"], 0)
    offset = float(np.nanmedian(np.hypot(x - own["x"], y - own["y"])))
    if not offset <= AGREEMENT_PX:
        raise FewskyError(
            f"field {field}: wanted catalogue and frame to agree to {AGREEMENT_PX:g} px; found a "
            f"median of {offset:.3g} px. Check the frame's WCS and that both are of this field."
        )


def select_objects(
    catalogue: pd.DataFrame, settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The rows of one field that count as objects, and how many are left after each rule.

    Rules, in order: a class (`types`, OBJC_TYPE values, default star and galaxy), unless `labelled`
    is False: then every object is taken and its class is forgotten; no children
    (NCHILD 0: blends are taken apart, never together with their parts); `modes`; `clean`.
    `modes: auto` takes survey primaries (MODE 1). Where most unique objects of the field are
    secondary (MODE 2), its run is a repeat scan, and both are taken, or next to nothing would be
    left. What a catalogue does not say (-1) does not exclude a row, but `clean` cannot be asked
    of a catalogue without CLEAN: FewskyError.
    """
    labels = [LABELS[kind] for kind in settings.get("types", LABELS)]
    counts = {"listed": len(catalogue)}
    if settings.get("labelled", True):
        left = catalogue[catalogue["label"].isin(labels)]
    else:
        left = catalogue.assign(label="")
    counts["with_class"] = len(left)
    left = left[left["nchild"] <= 0]
    counts["without_children"] = len(left)
    modes = settings.get("modes", "auto")
    if modes == "auto":
        modes = [1, 2] if _is_repeat_scan(left) else [1]
    left = left[left["mode"].isin([-1, *modes])]
    counts["of_mode"] = len(left)
    if settings.get("clean", False):
        left = _clean(left)
    counts["selected"] = len(left)
    return left.reset_index(drop=True), counts


def _is_repeat_scan(objects: pd.DataFrame) -> bool:
    return int((objects["mode"] == 2).sum()) > int((objects["mode"] == 1).sum())


def _clean(objects: pd.DataFrame) -> pd.DataFrame:
    if (objects["clean"] == -1).any():
        raise FewskyError(
            "objects.clean: wanted a catalogue with CLEAN; found one without, as calibObj and CSV "
            "are. Set clean to false, or take catalogue photoobj."
        )
    return objects[objects["clean"] == 1]


def _load(
    raw: pd.DataFrame, store: Path, field: str, kind: str, band: str, labelled: bool
) -> pd.DataFrame:
    if kind == "photoobj":
        return read_photoobj(_path(raw, store, "photoobj", field), band)
    if kind == "calibobj":
        listed = set(raw["kind"])
        halves = [
            _path(raw, store, name, field) if name in listed else None
            for name in ("calibobj-star", "calibobj-gal")
        ]
        return sweeps_of(*halves, band)
    return read_csv_catalogue(_path(raw, store, "csv", kind), labelled)


def _path(raw: pd.DataFrame, store: Path, kind: str, key: str) -> Path:
    rows = raw[raw["kind"] == kind]
    if kind == "photoobj":
        rows = rows[rows["field"] == key]
    elif kind == "csv":
        rows = rows[rows["url"] == key]
    if len(rows) == 0:
        raise FewskyError(
            f"{kind} of {key}: wanted it in the shard's list of raw files; found none. "
            "Delete the list and run again."
        )
    return store / rows["path"].iloc[0]


def _of_field(table: pd.DataFrame, field: str, path: str, fields: int) -> pd.DataFrame:
    """The rows of a pixel catalogue that name a field; all where one field is all there is."""
    unnamed = table["field"] == ""
    if fields == 1 and unnamed.all():
        return table
    if unnamed.any():
        raise FewskyError(
            f"{path}: wanted a column 'field', since x and y are pixels of one of {fields} fields; "
            f"found none or empty ones. Add it, for example {field}."
        )
    return table[table["field"] == field]
