"""What lies in the rooms in several files, read as one: shards of a dataset, draws of a task."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.console import FewskyError
from fewsky.files import load_table
from fewsky.shards import Shards


def load_images(paths: Iterable[str]) -> Shards:
    """Images of all shards, float32 `(n, band, y, x)`; shards without an object add nothing.

    Rows are read when they are asked for; `numpy.asarray` reads them all.
    """
    return Shards(paths)


def load_seen(paths: Iterable[str], settings: Mapping[str, Any]) -> Shards:
    """Images as a network sees them, float32 `(n, band, y, x)`: its bands, and their middle only.

    `settings` has `take`, the numbers of the bands, and where the network sees less than the image
    `crop`, the odd side in pixels of the square about the central pixel. Rows are read when they
    are asked for.
    """
    return Shards(paths, take=settings["take"], crop=settings.get("crop"))


def load_catalog(paths: Iterable[str], measured: Iterable[str] = ()) -> pd.DataFrame:
    """Catalogue of all shards, one row an image; measured columns joined by object_id if given.

    Raises FewskyError where no shard holds an object.
    """
    paths = list(paths)
    catalog = _joined(paths)
    if catalog.empty:
        raise FewskyError(
            f"{Path(paths[0]).parents[1]}: wanted objects in at least one shard; found none. "
            "Check the survey's catalogue and the dataset's objects and edge."
        )
    measured = list(measured)
    if not measured:
        return catalog
    more = _joined(measured)
    new = ["object_id", *more.columns.difference(catalog.columns)]
    return catalog.merge(more[new], on="object_id", validate="one_to_one")


def load_boxes(paths: Iterable[str]) -> pd.DataFrame:
    """The boxes of a task, every shard; images without a box have no row."""
    return _joined(paths)


def _joined(paths: Iterable[str]) -> pd.DataFrame:
    tables = [load_table(path) for path in paths]
    filled = [table for table in tables if len(table)] or tables[:1]
    return pd.concat(filled, ignore_index=True)


def load_manifest(path: str) -> pd.DataFrame:
    """The manifest of a split; ids, groups and labels as they were, also where they look like
    numbers or like NA."""
    words = dict.fromkeys(["object_id", "group", "label", "part"], str)
    gaps = {"ra": [""], "dec": [""]}
    return load_table(path, dtype=words, keep_default_na=False, na_values=gaps)


def load_predictions(paths: Iterable[str]) -> dict[tuple[str, int], pd.DataFrame]:
    """Prediction tables by (experiment, draw), named by their place models/EXPERIMENT/draw-K.

    A table at draw-all holds every draw, told apart by its column `draw`; each is given by itself
    and without that column.
    """
    found = {}
    for path in paths:
        name, draw = _replicate(path)
        table = load_table(path)
        found |= {(name, k): one for k, one in _by_draw(table, draw, path)}
    return found


def _by_draw(table: pd.DataFrame, draw: str, path: str) -> list[tuple[int, pd.DataFrame]]:
    if draw != "all":
        return [(int(draw), table)]
    if "draw" not in table:
        raise FewskyError(f"{path}: wanted the column draw; found none. Delete it and run again.")
    cells = table.groupby("draw")
    return [(int(k), one.drop(columns="draw").reset_index(drop=True)) for k, one in cells]


def _replicate(path: str) -> tuple[str, str]:
    folder = Path(path).parent
    return folder.parent.name, re.fullmatch(r"draw-(\d+|all)", folder.name).group(1)
