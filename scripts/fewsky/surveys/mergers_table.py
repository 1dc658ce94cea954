"""The lists of merging and of single galaxies: objects with redshift and magnitudes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.surveys.asked_table import (
    demand_columns,
    drawn,
    labels,
    numbers,
    positions,
    read_answer,
)
from fewsky.surveys.mergers import CLASSES, NUMBERS
from fewsky.surveys.object_table import table_error

# Names that VizieR and SkyServer have for what is read; _RAJ2000 is in degrees, RAJ2000 may not be.
NAMES = {
    "ra": ("ra", "_raj2000", "radeg", "raj2000", "ra_icrs"),
    "dec": ("dec", "_dej2000", "dedeg", "dej2000", "de_icrs"),
    "object_id": ("objid", "object_id", "sdss", "name"),
    "redshift": ("redshift", "zsp", "specz", "z_sp"),
    **{band: (band, f"{band}mag", f"modelmag_{band}") for band in "ugriz"},
}


def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The drawn objects with the columns of objects.csv, then redshift and magnitudes u to z.

    A list without redshift or magnitudes has NaN there; absurd magnitudes stay as they are. Raises
    FewskyError, one line, on a table that is none and on an object in both lists.
    """
    tables = [_read(Path(store) / row.path, row.kind) for row in files.itertuples()]
    objects = pd.concat(tables, ignore_index=True)
    name = Path(files["path"].iloc[0]).name
    return drawn(name, objects, settings, tuple(CLASSES.values()), NUMBERS)


def _read(path: Path, kind: str) -> pd.DataFrame:
    raw = read_answer(path, "\t" if path.suffix == ".tsv" else ",")
    held = {key: next((n for n in names if n in raw), None) for key, names in NAMES.items()}
    for key in ("ra", "dec"):
        if held[key] is None:
            raise table_error(path.name, f"a column {key}", ", ".join(raw.columns[:12]))
    places = positions(path.name, raw, held["ra"], held["dec"])
    if kind in CLASSES:
        label = CLASSES[kind]
    else:
        demand_columns(path.name, raw, ("label",))
        label = labels(path.name, raw["label"], {x: x for x in CLASSES.values()})
    told = tuple(held[key] for key in NUMBERS if held[key])
    values = numbers(path.name, raw, told).set_axis([k for k in NUMBERS if held[k]], axis=1)
    table = pd.DataFrame({"object_id": _names(raw, places, held), "label": label})
    return table.assign(**places, **values).reindex(
        columns=["object_id", "ra", "dec", "label", *NUMBERS]
    )


def _names(raw: pd.DataFrame, places: pd.DataFrame, held: Mapping[str, str | None]) -> list[str]:
    """The archive's names, or the places where it has none."""
    if held["object_id"]:
        return ("mg-" + raw[held["object_id"]].str.replace(r"\s+", "-", regex=True)).tolist()
    pairs = zip(places["ra"], places["dec"], strict=True)
    return [f"mg-{ra:.5f}{dec:+.5f}" for ra, dec in pairs]
