"""The columns that every catalogue of objects has, and the plain CSV kind of catalogue."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.surveys.object_table import read_text
from fewsky.surveys.sdss import BANDS, Field, parse_field

LABELS = {3: "galaxy", 6: "star"}  # SDSS OBJC_TYPE; 0 unknown, 8 sky and others have no class
UNKNOWN: dict[str, Any] = {
    "primary": True, "mode": -1, "nchild": -1, "clean": -1, "resolve_status": -1, "thing_id": -1
}  # fmt: skip
IDENTITY = ("object_id", "field", "run", "camcol", "x", "y", "ra", "dec", "label")
PER_BAND = ("psfmag", "modelmag", "psfflux", "modelflux", "extinction", "psf_fwhm")
COLUMNS = [*IDENTITY, *UNKNOWN, *(f"{name}_{band}" for name in PER_BAND for band in BANDS),
           "petror50_r", "petror90_r"]  # fmt: skip


def read_csv_catalogue(path: str | Path, labelled: bool = True) -> pd.DataFrame:
    """A person's objects with COLUMNS, from a CSV with ra, dec, label or x, y, label.

    x, y are 0-based pixels of the reference band and need a column `field` where a survey has
    several; labels are star, galaxy, 6, 3 or empty (unknown). What a CSV does not say is unknown,
    and every object counts as primary. Without `labelled` no label is needed, and none is read.
    Raises FewskyError on other labels and on bad numbers.
    """
    raw = _csv(path, labelled)
    blank = pd.Series("", index=raw.index)
    table = pd.DataFrame({"label": _labels(path, raw["label"]) if labelled else blank})
    table["field"] = raw.get("field", "")
    stem, count = Path(path).stem, len(raw)
    plain = [f"{stem}-{row}" for row in range(count)]
    table["object_id"] = raw.get("object_id", plain)
    if (table["object_id"].str.strip() == "").any():
        raise catalogue_error(path, "each object_id once", "an empty one")
    if table["object_id"].duplicated().any():
        first = table["object_id"][table["object_id"].duplicated()].iloc[0]
        raise catalogue_error(path, "each object_id once", f"'{first}' twice")
    for name in {"x", "y", "ra", "dec"} & set(raw):
        table[name] = _numbers(path, raw, name)
    fields = [parse_field(name) if name else Field(-1, -1, -1) for name in table["field"]]
    table["run"], table["camcol"] = [f.run for f in fields], [f.camcol for f in fields]
    return finish(path, table)


def finish(path: str | Path, table: pd.DataFrame) -> pd.DataFrame:
    """The table with all columns in order; what it lacks is unknown.

    Raises FewskyError where it has ra and dec, in degrees, that are not on the sky.
    """
    for name, value in UNKNOWN.items():
        if name not in table:
            table[name] = value
    if "ra" in table:
        off = ~(table["ra"].between(-360, 360) & table["dec"].between(-90, 90))
        if off.any():
            raise catalogue_error(
                path, "ra and dec in degrees", f"{off.sum()} rows that are not on the sky"
            )
    return table.reindex(columns=COLUMNS)


def catalogue_error(path: str | Path, wanted: str, found: str) -> FewskyError:
    """What to raise for a catalogue that is not as it should be."""
    return FewskyError(f"{path}: wanted {wanted}; found {found}. Delete or mend it and run again.")


def _csv(path: str | Path, labelled: bool) -> pd.DataFrame:
    raw = read_text(path, path, catalogue_error, skipinitialspace=True).rename(columns=str.lower)
    again = raw.columns[raw.columns.duplicated()]
    if len(again):
        raise catalogue_error(path, "each column once", f"'{again[0]}' twice")
    told = ["label"] if labelled else []
    sky, pixels = {"ra", "dec", *told} <= set(raw), {"x", "y", *told} <= set(raw)
    if not sky and not pixels:
        either = " or ".join(", ".join([*pair, *told]) for pair in (("ra", "dec"), ("x", "y")))
        raise catalogue_error(path, f"columns {either}", ", ".join(raw.columns))
    if len(raw) == 0:
        raise catalogue_error(path, "rows", "only the line of column names")
    return raw.drop(columns=["x", "y"]) if sky and "x" in raw and "y" in raw else raw


def _labels(path: str | Path, column: pd.Series) -> pd.Series:
    known = {"star": "star", "galaxy": "galaxy", "": "", **{str(k): v for k, v in LABELS.items()}}
    text = column.str.strip().str.lower()
    strange = sorted(set(text) - set(known))
    if strange:
        raise catalogue_error(path, "labels star, galaxy, 6, 3 or empty", f"'{strange[0]}'")
    return text.map(known)


def _numbers(path: str | Path, raw: pd.DataFrame, name: str) -> np.ndarray:
    values = pd.to_numeric(raw[name], errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise catalogue_error(
            path, f"numbers in {name}", f"'{raw[name].iloc[row]}' in row {row + 1}"
        )
    return values
