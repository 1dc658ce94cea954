"""Objects of HASH: V/163 or a table exported by its own user, read, labelled and drawn."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import ascii

from fewsky.console import FewskyError, say
from fewsky.surveys.hash import plates_of
from fewsky.surveys.hash_kinds import kind_of
from fewsky.surveys.object_table import finish, read_text, table_error

SAME_ARCSEC = 1.0  # V/163 gives positions to an arcsec
SHOWN = 10  # pairs that an error line names
SEXAGESIMAL = r"^([+-]?)(\d{1,3})[: ]+(\d{1,2})[: ]+(\d{1,2}(?:\.\d*)?)$"
# What is read, by the names that V/163 and HASH's own exports have for it.
NAMES = {
    "id": ("idPNMain",),
    "status": ("PNstat",),
    "name": ("Name",),
    "domain": ("domain",),
    "morphology": ("morphMainClass", "mainClass"),
    "diameter_arcsec": ("MajDiam",),
}
RIGHT = ("DRAJ2000", "RAdeg", "RAJ2000")
DOWN = ("DDECJ2000", "DEdeg", "DECJ2000")
PARTS = ("RAh", "RAm", "RAs", "DE-", "DEd", "DEm", "DEs")


def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The drawn objects with the columns of objects.csv, sorted by their number in HASH.

    `files` lists the catalogue in the store. As many of each label as `per_class` says are drawn:
    those whose digest with the seed is lowest, so that a new object moves few others. Raises
    FewskyError on missing columns, unknown codes, repeated numbers, contradicting labels of one
    position and too few objects of a label.
    """
    objects = read_objects(files, Path(store))
    path = files["path"].iloc[0]
    excluded = {str(name) for name in settings["exclude"]}
    objects = objects[~objects["object_id"].isin(excluded)]
    labelled = _labelled(path, objects, settings)
    _check_positions(path, labelled)
    drawn = _draw(path, labelled, settings)
    numbers = np.arange(len(drawn)) // settings["shard_objects"]
    drawn["shard"] = [f"part-{number:02d}" for number in numbers]
    drawn["field"] = [plates_of(dec) for dec in drawn["dec"]]
    counts = ", ".join(f"{n:,} {label}" for label, n in labelled["label"].value_counts().items())
    say(f"{len(objects):,} objects, labelled {counts}; {len(drawn):,} drawn")
    return finish(drawn)


def read_objects(files: pd.DataFrame, store: Path) -> pd.DataFrame:
    """Every row of the catalogue: object_id, ra, dec, status, kind, name, domain, diameter."""
    paths = {row.kind: store / row.path for row in files.itertuples()}
    table = read_export(paths["table"]) if "table" in paths else read_v163(paths)
    path = files["path"].iloc[0]
    raw = {key: _column(table, names) for key, names in NAMES.items()}
    for key in ("id", "status"):
        if raw[key] is None:
            raise _missing(path, NAMES[key][0], table)
    blank = pd.Series("", index=table.index)
    objects = pd.DataFrame({"object_id": "pn-" + _whole(path, raw["id"])})
    objects["ra"], objects["dec"] = _positions(path, table)
    for key in ("status", "name", "domain"):
        objects[key] = (blank if raw[key] is None else raw[key]).str.strip()
    shapes = (blank if raw["morphology"] is None else raw["morphology"]).str.strip()
    objects["kind"] = [kind_of(*codes) for codes in zip(objects["status"], shapes, strict=True)]
    sizes = blank if raw["diameter_arcsec"] is None else raw["diameter_arcsec"]
    objects["diameter_arcsec"] = pd.to_numeric(sizes, errors="coerce")
    repeated = objects["object_id"].duplicated()
    if repeated.any():
        first = objects["object_id"][repeated].iloc[0]
        raise table_error(path, "each idPNMain once", f"{first.removeprefix('pn-')} twice")
    return objects


def read_v163(paths: Mapping[str, Path]) -> pd.DataFrame:
    """pnmain.dat by the byte-by-byte description in its ReadMe; every column as text."""
    try:
        table = ascii.read(
            str(paths["pnmain"]), format="cds", readme=str(paths["readme"]), guess=False
        )
    except (ascii.InconsistentTableError, ValueError, KeyError, IndexError) as error:
        line = str(error).strip().splitlines()[:1] or ["another"]
        raise table_error(
            paths["pnmain"].name, "the layout that its ReadMe describes", line[0]
        ) from None
    columns = {name: _text(table[name]) for name in table.colnames}
    return pd.DataFrame(columns)


def read_export(path: Path) -> pd.DataFrame:
    """A CSV that its owner exported from HASH; every column as text."""
    table = read_text(path, path.name, skipinitialspace=True)
    if len(table) == 0:
        raise table_error(path.name, "rows", "only the line of column names")
    return table


def _text(column) -> list[str]:
    """A column of astropy as text, masked entries as empty text."""
    values = (
        column.filled("") if column.dtype.kind in "US" and hasattr(column, "filled") else column
    )
    masked = np.ma.getmaskarray(np.ma.asarray(column))
    return ["" if hidden else str(value) for value, hidden in zip(values, masked, strict=True)]


def _column(table: pd.DataFrame, names: tuple[str, ...]) -> pd.Series | None:
    known = {name.lower(): name for name in reversed(table.columns)}
    found = next((known[name.lower()] for name in names if name.lower() in known), None)
    return None if found is None else table[found].astype(str)


def _missing(path: str, name: str, table: pd.DataFrame) -> FewskyError:
    return table_error(path, f"a column {name}", ", ".join(map(str, table.columns[:12])))


def _whole(path: str, column: pd.Series) -> pd.Series:
    text = column.str.strip()
    strange = ~text.str.fullmatch(r"\d+")
    if strange.any():
        raise table_error(path, "whole numbers in idPNMain", f"'{text[strange].iloc[0]}'")
    return text.str.lstrip("0").replace("", "0")


def _positions(path: str, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Right ascension and declination in degrees, from degrees or sexagesimal text or its parts."""
    ra, dec = _column(table, RIGHT), _column(table, DOWN)
    if ra is None or dec is None:
        ra, dec = _joined(path, table)
    places = _degrees(ra, 15.0), _degrees(dec, 1.0)
    off = ~((places[0] >= 0) & (places[0] < 360) & (np.abs(places[1]) <= 90))
    if off.any():
        row = int(np.flatnonzero(off)[0])
        found = f"'{ra.iloc[row]} {dec.iloc[row]}' in row {row + 1}"
        raise table_error(path, "positions on the sky", found)
    return places


def _joined(path: str, table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The parts of V/163's positions as sexagesimal text."""
    parts = {name: _column(table, (name,)) for name in PARTS}
    lacking = [name for name, part in parts.items() if part is None]
    if lacking:
        names = (RIGHT[-1], DOWN[-1])
        whole = next((name for name in names if _column(table, (name,)) is None), None)
        raise _missing(path, whole if len(lacking) == len(PARTS) else lacking[0], table)
    texts = {name: part.str.strip() for name, part in parts.items()}
    ra = texts["RAh"] + ":" + texts["RAm"] + ":" + texts["RAs"]
    return ra, texts["DE-"] + texts["DEd"] + ":" + texts["DEm"] + ":" + texts["DEs"]


def _degrees(column: pd.Series, unit_deg: float) -> np.ndarray:
    """Numbers as they are (degrees), sexagesimal text in units of `unit_deg`; others are NaN."""
    text = column.str.strip()
    parts = text.str.extract(SEXAGESIMAL)
    sixty = parts[[1, 2, 3]].astype(float).to_numpy()
    valid = (sixty[:, 1] < 60) & (sixty[:, 2] <= 60)
    value = unit_deg * (sixty @ [1, 1 / 60, 1 / 3600]) * np.where(parts[0] == "-", -1, 1)
    plain = pd.to_numeric(text, errors="coerce").to_numpy(dtype=float)
    return np.where(valid, value, plain)


def _labelled(path: str, objects: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    labels = {code: label for label, codes in settings["status"].items() for code in codes}
    known = {*labels, *settings["undecided"]}
    strange = objects["status"][~objects["status"].isin(known)].value_counts()
    if len(strange):
        listed = ", ".join(f"'{code}' ({count})" for code, count in strange.items())
        raise FewskyError(
            f"{path}: wanted every PNstat code in the survey's status or undecided; found "
            f"{listed}. Put each into one of the lists."
        )
    return objects.assign(label=objects["status"].map(labels)).dropna(subset="label")


def _check_positions(path: str, objects: pd.DataFrame) -> None:
    if len(objects) < 2:
        return
    places = SkyCoord(objects["ra"].to_numpy(), objects["dec"].to_numpy(), unit="deg")
    first, second, *_ = places.search_around_sky(places, SAME_ARCSEC * u.arcsec)
    label, name = objects["label"].to_numpy(), objects["object_id"].to_numpy()
    bad = (first < second) & (label[first] != label[second])
    pairs = [f"{name[a]} and {name[b]}" for a, b in zip(first[bad], second[bad], strict=True)]
    if pairs:
        more = f" and {len(pairs) - SHOWN} more pairs" if len(pairs) > SHOWN else ""
        raise FewskyError(
            f"{path}: wanted one label a position; found two within {SAME_ARCSEC:g} arcsec: "
            f"{', '.join(pairs[:SHOWN])}{more}. Name one of each pair in the survey's exclude."
        )


def _draw(path: str, objects: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    wanted = settings["per_class"]
    counts = {label: int((objects["label"] == label).sum()) for label in settings["status"]}
    if min(counts.values()) < wanted:
        found = ", ".join(f"{count} {label}" for label, count in counts.items())
        raise FewskyError(
            f"{path}: wanted {wanted} objects of each label; found {found}. Lower per_class; or, "
            "where V/163 holds no rejected objects, name a table exported from HASH in the "
            "survey's table."
        )
    ranks = [
        hashlib.sha256(f"{settings['seed']} {name}".encode()).hexdigest()
        for name in objects["object_id"]
    ]
    ranked = objects.assign(rank=ranks).sort_values("rank")
    drawn = ranked.groupby("label", sort=False).head(wanted)
    number = drawn["object_id"].str.removeprefix("pn-").astype(int)
    return drawn.assign(number=number).sort_values("number", ignore_index=True)
