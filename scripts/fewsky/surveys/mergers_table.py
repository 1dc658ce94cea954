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


def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The drawn objects with the columns of objects.csv, then redshift and magnitudes u to z.

    Magnitudes are SDSS's model magnitudes (asinh), not corrected for dust; absurd ones stay as they
    are. A person's own table without some of these has NaN there. Raises FewskyError, one line, on
    a table that is none and on an object in both lists.
    """
    tables = [_read(Path(store) / row.path, row.kind) for row in files.itertuples()]
    objects = pd.concat(tables, ignore_index=True)
    name = Path(files["path"].iloc[0]).name
    return drawn(name, objects, settings, tuple(CLASSES.values()), NUMBERS)


def _read(path: Path, kind: str) -> pd.DataFrame:
    raw = read_answer(path)
    if kind in CLASSES:
        demand_columns(path.name, raw, ("objid", "ra", "dec", *NUMBERS))
        raw = raw.drop_duplicates("objid", ignore_index=True)  # a galaxy with two spectra is one
        label = CLASSES[kind]
    else:
        demand_columns(path.name, raw, ("ra", "dec", "label"))
        label = labels(path.name, raw["label"], {x: x for x in CLASSES.values()})
    places = positions(path.name, raw)
    values = numbers(path.name, raw, tuple(key for key in NUMBERS if key in raw))
    table = pd.DataFrame({"object_id": _names(raw, places), "label": label})
    return table.assign(**places, **values).reindex(
        columns=["object_id", "ra", "dec", "label", *NUMBERS]
    )


def _names(raw: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """The archive's names, or the places where a person's own table has none."""
    if "objid" in raw:
        return ("mg-" + raw["objid"].str.replace(r"\s+", "-", regex=True)).tolist()
    pairs = zip(places["ra"], places["dec"], strict=True)
    return [f"mg-{ra:.5f}{dec:+.5f}" for ra, dec in pairs]
