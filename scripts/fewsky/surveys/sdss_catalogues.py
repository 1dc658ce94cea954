"""Reads SDSS catalogues: photoObj of a field, and calibObj (the datasweeps) of a run.

Columns are found by name, since their order differs between files. Vectors are ordered u,g,r,i,z.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.raw.payload import open_fits
from fewsky.surveys.catalogue_table import LABELS, catalogue_error, finish
from fewsky.surveys.sdss import BANDS, Field

HALVES = {"star": 6, "gal": 3}
# Softening of SDSS's asinh magnitudes (Lupton, Gunn & Szalay 1999, AJ 118 1406), in maggies.
SOFTENING = dict(zip(BANDS, (1.4e-10, 0.9e-10, 1.2e-10, 1.8e-10, 7.4e-10), strict=True))
SURVEY_PRIMARY, SURVEY_SECONDARY = 0x100, 0x400  # bits of RESOLVE_STATUS
SHARED = (
    "RUN", "CAMCOL", "FIELD", "ID", "RA", "DEC", "OBJC_TYPE", "ROWC", "COLC", "RESOLVE_STATUS",
    "PSFFLUX", "MODELFLUX", "EXTINCTION",
)  # fmt: skip
PHOTOOBJ = (*SHARED, "OBJID", "MODE", "NCHILD", "CLEAN")
CALIBOBJ = (*SHARED, "RERUN")
NO_TABLE = "none: the field is empty (set its catalogue to none) or the file is broken"
WHOLE = {"RERUN", "RUN", "CAMCOL", "FIELD", "ID", "OBJC_TYPE", "RESOLVE_STATUS", "MODE", "NCHILD",
         "CLEAN", "THING_ID"}  # fmt: skip
OPTIONAL = ("PSFFLUX_IVAR", "MODELFLUX_IVAR", "PETROTH50", "PETROTH90", "PSF_FWHM", "THING_ID")
VECTORS = {"ROWC", "COLC", "PSFFLUX", "MODELFLUX", "EXTINCTION", *OPTIONAL} - {"THING_ID"}


def read_photoobj(path: str | Path, band: str = "r") -> pd.DataFrame:
    """All detections of a field, one row each, with COLUMNS; x, y are pixels of `band`'s frame.

    Fluxes in nanomaggies, magnitudes asinh (NaN where SDSS could not measure), radii and seeing in
    arcsec. Raises FewskyError for a table that lacks columns or rows, or is not the field it is
    named after.
    """
    raw = _read(path, PHOTOOBJ)
    found = re.fullmatch(r"photoObj-(\d{6})-(\d)-(\d{4})\.fits.*", Path(path).name)
    if found:
        _check_same(path, raw, ("RUN", "CAMCOL", "FIELD"), found.groups())
    table = _common(raw, band)
    table["object_id"] = [text.decode() if isinstance(text, bytes) else str(text).strip()
                          for text in raw["OBJID"]]  # fmt: skip
    for name in ("MODE", "NCHILD", "CLEAN"):
        table[name.lower()] = raw[name].astype(np.int64)
    return finish(path, table)


def read_calibobj(star: str | Path | None, gal: str | Path | None, band: str = "r") -> pd.DataFrame:
    """Stars and galaxies of a run and camera column, with COLUMNS; x, y are of a row's own field.

    The sweeps have no MODE: it is derived from RESOLVE_STATUS as photoObj's is (1 survey primary,
    2 secondary, else 4). NCHILD is 0, since sweeps hold unique objects only; CLEAN is unknown.
    Raises FewskyError where a half holds the other's class.
    """
    halves = {"star": star, "gal": gal}
    tables = [_half(path, kind, band) for kind, path in halves.items() if path is not None]
    if not tables:
        raise FewskyError("calibObj: wanted a star file, a gal file or both; found neither.")
    return pd.concat(tables, ignore_index=True)


@lru_cache(maxsize=1)
def sweeps_of(star: str | Path | None, gal: str | Path | None, band: str = "r") -> pd.DataFrame:
    """The same, read once for all fields of a run that a job works on; not to be written to."""
    return read_calibobj(star, gal, band)


def luptitude(flux: np.ndarray, band: str) -> np.ndarray:
    """SDSS asinh magnitudes of fluxes in nanomaggies; defined for negative flux too."""
    softening = SOFTENING[band]
    ratio = np.asarray(flux, dtype=np.float64) * 1e-9 / (2 * softening)
    return -2.5 / np.log(10) * (np.arcsinh(ratio) + np.log(softening))


def object_ids(raw: dict[str, np.ndarray]) -> list[str]:
    """SDSS's 64-bit objID as text, from rerun, run, camcol, field and id (skyVersion 2)."""
    parts = (raw[name].astype(np.int64) for name in ("RERUN", "RUN", "CAMCOL", "FIELD", "ID"))
    rerun, run, camcol, field, number = parts
    whole = (2 << 59) | (rerun << 48) | (run << 32) | (camcol << 29) | (field << 16) | number
    return [str(value) for value in whole]


def _half(path: str | Path, kind: str, band: str) -> pd.DataFrame:
    raw = _read(path, CALIBOBJ)
    wanted = HALVES[kind]
    strange = np.unique(raw["OBJC_TYPE"][raw["OBJC_TYPE"] != wanted])
    if strange.size:
        found = ", ".join(str(value) for value in strange)
        raise FewskyError(
            f"{path}: wanted only OBJC_TYPE {wanted} ({LABELS[wanted]}) in the {kind} half; found "
            f"{found}. Check whether the star and gal files are swapped, and download them again."
        )
    found = re.fullmatch(r"calibObj-(\d{6})-(\d)-(star|gal)\.fits.*", Path(path).name)
    if found:
        _check_same(path, raw, ("RUN", "CAMCOL"), found.groups())
    table = _common(raw, band)
    table["object_id"] = object_ids(raw)
    status = raw["RESOLVE_STATUS"]
    secondary = np.where(status & SURVEY_SECONDARY, 2, 4)
    table["mode"] = np.where(status & SURVEY_PRIMARY, 1, secondary)
    table["nchild"] = 0
    return finish(path, table)


def _read(path: str | Path, wanted: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Wanted and optional columns of a FITS table by upper-case name, in native byte order."""
    with open_fits(path) as hdus:
        data = hdus[1].data if len(hdus) > 1 else None
        if data is None or getattr(data, "names", None) is None:
            # SDSS writes photoObj files without a table for fields without objects
            raise catalogue_error(path, "a table of objects in the second HDU", NO_TABLE)
        names = {name.upper(): name for name in data.names}
        missing = [name for name in wanted if name not in names]
        if missing:
            known = ", ".join(sorted(names)[:12]) + (" ..." if len(names) > 12 else "")
            raise catalogue_error(
                path, f"columns {', '.join(wanted)}", f"no {', '.join(missing)} among {known}"
            )
        if len(data) == 0:
            raise catalogue_error(path, "a table with rows", "an empty one")
        present = [name for name in (*wanted, *OPTIONAL) if name in names]
        raw = {name: _native(data[names[name]]) for name in present}
    _check_numbers(path, raw)
    for name in VECTORS & set(raw):
        if raw[name].shape[1:] != (len(BANDS),):
            raise catalogue_error(
                path, f"{name} with 5 values a row (u,g,r,i,z)", f"{raw[name].shape[1:]}"
            )
    return raw


def _check_numbers(path: str | Path, raw: dict[str, np.ndarray]) -> None:
    """Raise FewskyError for texts where numbers are due; RERUN is often a text of one."""
    for name in raw.keys() - {"OBJID"}:
        values, kind = raw[name], raw[name].dtype.kind
        if name == "RERUN" and kind in "US":
            values = pd.to_numeric(pd.Series(values.astype(str)), errors="coerce").to_numpy()
        if values.dtype.kind not in "iufb":
            raise catalogue_error(path, f"numbers in {name}", "texts")
        if name in WHOLE and not np.isfinite(values).all():
            raise catalogue_error(path, f"numbers in {name}", "some that are none")


def _native(column: Any) -> np.ndarray:
    values = np.asarray(column)
    return values.astype(values.dtype.newbyteorder("=")) if values.dtype.kind in "iuf" else values


def _common(raw: dict[str, np.ndarray], band: str) -> pd.DataFrame:
    """The columns that both kinds of SDSS catalogue have."""
    at = BANDS.index(band)
    fields = zip(raw["RUN"], raw["CAMCOL"], raw["FIELD"], strict=True)
    status = raw["RESOLVE_STATUS"].astype(np.int64)
    columns: dict[str, Any] = {
        "field": [Field(int(r), int(c), int(f)).name for r, c, f in fields],
        "run": raw["RUN"].astype(np.int64),
        "camcol": raw["CAMCOL"].astype(np.int64),
        # photo counts from the corner of the first pixel, so its centre is at 0.5
        "x": raw["COLC"][:, at].astype(np.float64) - 0.5,
        "y": raw["ROWC"][:, at].astype(np.float64) - 0.5,
        "ra": raw["RA"],
        "dec": raw["DEC"],
        "label": [LABELS.get(int(kind), "") for kind in raw["OBJC_TYPE"]],
        "primary": (status & SURVEY_PRIMARY) > 0,
        "resolve_status": status,
    }
    if "THING_ID" in raw:
        columns["thing_id"] = raw["THING_ID"].astype(np.int64)
    for name, column in (("petror50_r", "PETROTH50"), ("petror90_r", "PETROTH90")):
        if column in raw:
            columns[name] = _positive(raw[column][:, 2])
    return pd.DataFrame({**columns, **_per_band(raw)})


def _per_band(raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    columns = {}
    for index, band in enumerate(BANDS):
        for kind in ("psf", "model"):
            flux = _measured(raw, f"{kind.upper()}FLUX")[:, index]
            columns[f"{kind}flux_{band}"] = flux
            columns[f"{kind}mag_{band}"] = luptitude(flux, band).astype(np.float32)
        columns[f"extinction_{band}"] = raw["EXTINCTION"][:, index]
        if "PSF_FWHM" in raw:
            columns[f"psf_fwhm_{band}"] = _positive(raw["PSF_FWHM"][:, index])
    return columns


def _measured(raw: dict[str, np.ndarray], name: str) -> np.ndarray:
    # SDSS marks a flux that it could not measure by an inverse variance of 0.
    good = raw[f"{name}_IVAR"] > 0 if f"{name}_IVAR" in raw else raw[name] != 0
    return np.where(good, raw[name], np.float32(np.nan))


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.float32(np.nan))  # SDSS writes -9999 or 0 for unknown


def _check_same(path: str | Path, raw: dict[str, np.ndarray], names, wanted) -> None:
    for name, value in zip(names, wanted, strict=False):
        found = np.unique(raw[name])
        if found.tolist() != [int(value)]:
            some = ", ".join(str(item) for item in found[:5])
            raise catalogue_error(path, f"{name} {int(value)} as in the name", f"{name} {some}")
