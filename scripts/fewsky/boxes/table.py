"""boxes.parquet: one row a box, checked wherever it enters."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.files import load_table, save_table

EDGES = ["x0", "y0", "x1", "y1"]
COLUMNS = ["image", *EDGES, "label", "source", "difficult", "brightness"]
# Known from a simulator; drawn by a rule; saved by a person; from a catalogue's radius.
SOURCES = ("true", "proposed", "corrected", "catalogue")
LABEL = "galaxy"


def make_boxes(
    image: str | Sequence[str],
    edges: Any,
    *,
    label: str | Sequence[str] = LABEL,
    source: str | Sequence[str] = "proposed",
    difficult: bool | Sequence[bool] = False,
    brightness: float | Sequence[float] = np.nan,
) -> pd.DataFrame:
    """The boxes table of edges `(n, 4)` in pixels; every other value is one for all or one a box.

    `brightness` is in magnitudes, NaN where unknown.
    """
    edges = np.asarray(edges, dtype=np.float32).reshape(-1, 4)
    columns = {"image": image, **dict(zip(EDGES, edges.T, strict=True)), "label": label}
    columns |= {"source": source, "difficult": difficult, "brightness": brightness}
    return _typed(pd.DataFrame(columns, index=range(len(edges))))


def no_boxes() -> pd.DataFrame:
    """The boxes table without a row."""
    return make_boxes([], np.zeros((0, 4)))


def join_boxes(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One boxes table of several, in their order."""
    held = [table for table in tables if len(table)]
    return _typed(pd.concat(held, ignore_index=True)) if held else no_boxes()


def edges_of(boxes: pd.DataFrame) -> np.ndarray:
    """The edges of a boxes table or of predictions, float32 `(n, 4)`, in pixels."""
    return boxes[EDGES].to_numpy(np.float32)


def split_by_image(boxes: pd.DataFrame, images: Sequence[str]) -> list[pd.DataFrame]:
    """The rows of each image, in the order of `images`; none for an image without a box."""
    groups = boxes.groupby("image", sort=False).indices
    none = np.zeros(0, dtype=np.intp)
    return [boxes.iloc[groups.get(image, none)] for image in images]


def check_boxes(
    boxes: pd.DataFrame, images: Iterable[str], width: int, height: int, name: str = "boxes"
) -> pd.DataFrame:
    """The table with its columns in order and of their types, once every box proves sound.

    `images` are the object_ids of catalog.parquet, `width` and `height` the size in pixels of its
    images; `name` is what errors call the table. Raises FewskyError on lacking columns, on boxes
    outside the image, of no area or that are no numbers, and on images, labels and sources that
    are not known.
    """
    lacking = [column for column in COLUMNS if column not in boxes]
    if lacking:
        raise _bad(name, f"columns {', '.join(COLUMNS)}", f"no {', '.join(lacking)}")
    boxes = _typed(boxes, name)
    fault = find_fault(edges_of(boxes), width, height)
    if fault is not None:
        row, wanted, found = fault
        raise _bad(f"{name}, row {row} ({boxes['image'].iloc[row]})", wanted, found)
    _check_words(boxes, set(images), name)
    return boxes


def find_fault(edges: np.ndarray, width: int, height: int) -> tuple[int, str, str] | None:
    """The first box `(n, 4)` that is none: its row, what was wanted and what was found; or None."""
    x0, y0, x1, y1 = np.asarray(edges, dtype=np.float64).reshape(-1, 4).T
    outside = (x0 < 0) | (y0 < 0) | (x1 > width) | (y1 > height)
    faults = {
        "four finite edges": ~np.isfinite(x0 + y0 + x1 + y1),
        "x0 < x1 and y0 < y1": ~((x0 <= x1) & (y0 <= y1)),
        "a box with an area": (x0 == x1) | (y0 == y1),
        f"a box inside {width} x {height} pixels": outside,
    }
    rows = [(np.flatnonzero(bad)[0], wanted) for wanted, bad in faults.items() if bad.any()]
    if not rows:
        return None
    row, wanted = min(rows, key=lambda item: item[0])
    numbers = ", ".join(f"{value:g}" for value in (x0[row], y0[row], x1[row], y1[row]))
    return int(row), wanted, f"({numbers})"


def save_boxes(boxes: pd.DataFrame, path: str | Path) -> None:
    """Write boxes.parquet: COLUMNS and nothing else, in the order of the rows."""
    save_table(_typed(boxes), path)


def load_boxes(path: str | Path, images: Iterable[str], width: int, height: int) -> pd.DataFrame:
    """The boxes of boxes.parquet, checked as `check_boxes` does."""
    return check_boxes(load_table(path), images, width, height, Path(path).name)


def _typed(boxes: pd.DataFrame, name: str = "boxes") -> pd.DataFrame:
    kinds = dict.fromkeys([*EDGES, "brightness"], "float32")
    kinds |= dict.fromkeys(["image", "label", "source"], "str") | {"difficult": "bool"}
    try:
        return boxes[COLUMNS].astype(kinds).reset_index(drop=True)
    except (TypeError, ValueError) as error:
        raise _bad(name, "numbers, words and truth values", str(error)) from None


def _check_words(boxes: pd.DataFrame, images: set[str], name: str) -> None:
    strange = boxes.loc[~boxes["image"].isin(images), "image"]
    if len(strange):
        raise _bad(name, "images of the catalogue", f"'{strange.iloc[0]}', which it has not")
    strange = boxes.loc[~boxes["source"].isin(SOURCES), "source"]
    if len(strange):
        raise _bad(name, f"a source of {', '.join(SOURCES)}", f"'{strange.iloc[0]}'")
    if boxes["label"].isna().any() or (boxes["label"].str.strip() == "").any():
        raise _bad(name, "a label for each box", "an empty one")


def _bad(name: str, wanted: str, found: str) -> FewskyError:
    return FewskyError(f"{name}: wanted {wanted}; found {found}. Mend it and run again.")
