"""Catalogues that a service's query gives as CSV: read, checked, labelled and drawn."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.raw.payload import describe
from fewsky.surveys.object_table import finish, read_text, table_error


def read_answer(path: Path, may_be_empty: bool = False) -> pd.DataFrame:
    """The rows of a CSV as text, names in small letters; comments (#) are left out.

    Raises FewskyError on pages, broken tables and, unless it may be empty, tables without rows.
    """
    with open(path, "rb") as stream:
        head = stream.read(4096)
    if head.lstrip()[:1] == b"<":
        raise table_error(path.name, "a table with a line of column names", describe(head))
    table = read_text(path, path.name, comment="#").rename(columns=str.lower)
    again = table.columns[table.columns.duplicated()]
    if len(again):
        raise table_error(path.name, "each column once", f"'{again[0]}' twice")
    table = table.apply(lambda column: column.str.strip())
    if len(table) == 0 and not may_be_empty:
        raise table_error(path.name, "rows", "only the line of column names")
    return table.reset_index(drop=True)


def demand_columns(name: str, table: pd.DataFrame, wanted: tuple[str, ...]) -> None:
    """Raise FewskyError unless the table has all columns."""
    lacking = [column for column in wanted if column not in table]
    if lacking:
        shown = ", ".join(map(str, table.columns[:12]))
        raise table_error(name, f"a column {lacking[0]}", shown)


def numbers(name: str, table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Some columns as numbers, empty cells NaN; absurd ones (99, -9999) stay as they are.

    Raises FewskyError on words.
    """
    found = {}
    for column in columns:
        text = table[column].replace({"": None, "null": None, "NaN": None, "nan": None})
        values = pd.to_numeric(text, errors="coerce").astype(float)
        bad = (text.notna() & values.isna()).to_numpy()
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise table_error(name, f"numbers in {column}", f"'{text.iloc[row]}' in row {row + 1}")
        found[column] = values
    return pd.DataFrame(found, index=table.index)


def positions(name: str, table: pd.DataFrame, ra: str = "ra", dec: str = "dec") -> pd.DataFrame:
    """Columns ra and dec, degrees. Raises FewskyError on places that are not on the sky."""
    places = numbers(name, table, (ra, dec)).set_axis(["ra", "dec"], axis=1)
    off = ~(places["ra"].between(0, 360) & places["dec"].between(-90, 90)).to_numpy()
    if off.any():
        row = int(np.flatnonzero(off)[0])
        found = f"'{table[ra].iloc[row]} {table[dec].iloc[row]}' in row {row + 1}"
        raise table_error(name, "ra and dec in degrees", found)
    return places


def labels(name: str, column: pd.Series, known: Mapping[str, str]) -> pd.Series:
    """Labels of the archive's words, "" stays unlabelled. Raises FewskyError on other words."""
    words = {"": "", **{word.lower(): label for word, label in known.items()}}
    words |= {label: label for label in known.values()}
    found = column.str.lower().map(words)
    if found.isna().any():
        strange = column[found.isna()].iloc[0]
        raise table_error(name, f"classes {', '.join(known)}", f"'{strange}'")
    return found


def drawn(
    name: str,
    objects: pd.DataFrame,
    settings: Mapping[str, Any],
    classes: tuple[str, ...],
    others: tuple[str, ...],
) -> pd.DataFrame:
    """objects.csv: as many objects of each class as `per_class` says, in shards, with `others`.

    Those are taken whose digest with the seed is lowest, so that a new object moves few others.
    Raises FewskyError on names that repeat and on too few objects of a class.
    """
    objects = objects[~objects["object_id"].isin({str(x) for x in settings["exclude"]})]
    again = objects["object_id"].duplicated()
    if again.any():
        first = objects["object_id"][again].iloc[0]
        raise table_error(name, "each object once", f"{first} twice")
    counts = {label: int((objects["label"] == label).sum()) for label in classes}
    if min(counts.values()) < settings["per_class"]:
        found = ", ".join(f"{count:,} {label}" for label, count in counts.items())
        raise FewskyError(
            f"{name}: wanted {settings['per_class']:,} objects of each class; found {found}. Lower "
            "per_class."
        )
    ranks = [
        hashlib.sha256(f"{settings['seed']} {item}".encode()).hexdigest()
        for item in objects["object_id"]
    ]
    ranked = objects[objects["label"].isin(classes)].assign(rank=pd.Series(ranks, objects.index))
    chosen = ranked.sort_values("rank").groupby("label", sort=False).head(settings["per_class"])
    chosen = chosen.sort_values("object_id", ignore_index=True)
    shards = np.arange(len(chosen)) // settings["shard_objects"]
    told = ", ".join(f"{count:,} {label}" for label, count in counts.items())
    say(f"{len(objects):,} objects, labelled {told}; {len(chosen):,} drawn")
    return finish(chosen.assign(shard=[f"part-{k:02d}" for k in shards]), others)
