"""The HDF5 file of a Galaxy10 release, read and checked: its objects, and its images by shard."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.raw.payload import describe
from fewsky.surveys.galaxy10 import CLASSES, NUMBERS, object_id, row_of
from fewsky.surveys.object_table import finish

RANGES = {"ra": (0, 360), "dec": (-90, 90)}  # degrees
MOST_IMAGES, LARGEST_SIDE = 10_000_000, 2048  # more is refused before it is unpacked
GONE = "Delete it and run again."


def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """All rows of the file with the columns of objects.csv, then redshift and pxscale where it has
    them; `label` is the name of the class.

    Raises FewskyError where the file is no such HDF5: keys, shapes and types; classes out of range;
    counts by class other than settings["counts"].
    """
    path, release = Path(store) / files["path"].iloc[0], settings["release"]
    with opened(path) as content:
        length, side = _check_images(content, path.name)
        answers = _classes(content, path.name, release, length)
        numbers = {key: _numbers(content, path.name, key, length) for key in NUMBERS[release]}
    labels = np.array(CLASSES[release])[answers]
    _check_counts(path.name, labels, settings["counts"], release)
    shard = [f"part-{row // settings['shard_objects']:02d}" for row in range(length)]
    names = [object_id(release, row) for row in range(length)]
    table = pd.DataFrame({"object_id": names, "shard": shard, "label": labels, **numbers})
    others = tuple(key for key in numbers if key not in RANGES)
    say(f"{length:,} images of {side} x {side} pixels in {len(set(labels))} classes")
    return finish(table, others)


def read_images(path: Path, names: Iterable[str], bands: list[str]) -> Iterator[np.ndarray]:
    """Yield the images of some objects, each `(3, y, x)` float32 in 0..255; `bands` are its three.

    Raises FewskyError where the file has no such row.
    """
    rows = [row_of(name) for name in names]
    low, high = min(rows), max(rows) + 1
    with opened(path) as content:
        length, _ = _check_images(content, path.name)
        if high > length:
            raise _bad(path.name, f"{high:,} images or more", f"{length:,}")
        # All at once: a chunk of a compressed file spans many rows, and is unpacked once only.
        held = content["images"][low:high]
    for row in rows:
        yield np.moveaxis(held[row - low], 2, 0).astype(np.float32)


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Yield an open HDF5 file; what h5py raises on it becomes one line."""
    if not Path(path).is_file():
        raise FewskyError(f"{path}: wanted an HDF5 file; found none. Run its download again.")
    try:
        with h5py.File(path, "r") as content:
            yield content
    except (OSError, RuntimeError) as error:
        with open(path, "rb") as stream:
            head = describe(stream.read(4096))
        reason = " ".join(str(error).split())
        found = f"one that h5py cannot read ({reason})" if head == "HDF5" else head
        raise _bad(Path(path).name, "a whole HDF5 file", found, GONE) from None


def _check_images(content: h5py.File, name: str) -> tuple[int, int]:
    """Number and side of the images."""
    held = _column(content, name, "images")
    shape = held.shape
    square = len(shape) == 4 and shape[1] == shape[2] > 0 and shape[3] == 3
    if not square or held.dtype != np.uint8:
        raise _bad(name, "images (n, s, s, 3) of type uint8", f"{shape} of type {held.dtype}")
    if shape[0] == 0:
        raise _bad(name, "images", "0 of them")
    if shape[0] > MOST_IMAGES or shape[1] > LARGEST_SIDE:
        wanted = f"at most {MOST_IMAGES:,} images of at most {LARGEST_SIDE:,} pixels a side"
        raise _bad(name, wanted, f"the shape {shape}", GONE)
    return shape[0], shape[1]


def _classes(content: h5py.File, name: str, release: str, length: int) -> np.ndarray:
    """The class number of every image, (n,)."""
    column = _column(content, name, "ans", length)
    last = len(CLASSES[release]) - 1
    if column.dtype.kind not in "iu":
        raise _bad(name, f"whole numbers 0 to {last} in 'ans'", f"type {column.dtype}")
    values = column[:]
    off = np.flatnonzero((values < 0) | (values > last))
    if len(off):
        found = f"{values[off[0]]} in row {off[0]}"
        raise _bad(name, f"classes 0 to {last} of {release} in 'ans'", found)
    return values.astype(int)


def _numbers(content: h5py.File, name: str, key: str, length: int) -> np.ndarray:
    column = _column(content, name, key, length)
    if column.dtype.kind not in "iuf":
        raise _bad(name, f"numbers in '{key}'", f"type {column.dtype}")
    values = column[:].astype(float)
    low, high = RANGES.get(key, (-np.inf, np.inf))
    off = np.flatnonzero((values < low) | (values > high))
    if len(off):
        found = f"{values[off[0]]:g} in row {off[0]}"
        raise _bad(name, f"'{key}' in degrees, {low} to {high}", found)
    return values


def _column(content: h5py.File, name: str, key: str, length: int | None = None) -> h5py.Dataset:
    """A dataset of the file; one number an image where `length` is given."""
    own = isinstance(content.get(key, getlink=True), h5py.HardLink)  # no link to another file
    held = content.get(key) if own else None
    if not isinstance(held, h5py.Dataset):
        keys = ", ".join(sorted(content)) or "nothing"
        raise _bad(name, f"a dataset '{key}'", keys, f"Take a file that has it, or {GONE.lower()}")
    if held.external or held.is_virtual:
        raise _bad(name, f"'{key}' in the file itself", "a pointer to another file", GONE)
    if length is not None and held.shape != (length,):
        found = f"{held.shape[0]:,} rows" if held.ndim == 1 else f"the shape {held.shape}"
        raise _bad(name, f"one '{key}' for each of {length:,} images", found)
    return held


def _check_counts(name: str, labels: np.ndarray, counts: Mapping[str, int], release: str) -> None:
    found = Counter(labels.tolist())
    wrong = [word for word in CLASSES[release] if found[word] != counts[word]]
    if wrong:
        told = "; ".join(f"{w}: expected {counts[w]:,}, found {found[w]:,}" for w in wrong)
        raise _bad(
            name, "the survey's counts", told, "Correct counts, or take the file they count."
        )


def _bad(name: str, wanted: str, found: str, advice: str = "Mend or replace it.") -> FewskyError:
    return FewskyError(f"{name}: wanted {wanted}; found {found}. {advice}")
