"""Tensors that lie in several safetensors files, as one array whose rows are read when asked for.

A dataset may be larger than the memory: what is held is the rows that were asked for, and a block.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fewsky.console import FewskyError

DTYPE = np.dtype("<f4")
BLOCK_BYTES = 1 << 22  # what one read brings at most, unless a row is larger
GAP = 8  # rows not asked for that are read along, rather than to seek past them
LONGEST_HEADER = 100_000_000  # bytes, as the format has it


class Part(NamedTuple):
    """The rows that one file holds: float32 of `shape` from byte `start` on."""

    path: Path
    start: int
    shape: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        return DTYPE.itemsize * math.prod(self.shape[1:])

    def read(self, first: int, count: int) -> np.ndarray:
        """Rows `first` to `first + count` of the file."""
        values = math.prod((count, *self.shape[1:]))
        found = np.fromfile(self.path, DTYPE, values, offset=self.start + first * self.row_bytes)
        if len(found) != values:
            raise _refused(self.path, "a file that ends early")
        return found.reshape(count, *self.shape[1:])


class Shards:
    """Float32 `(n, ...)`, the rows of all files one after the other; a file may have none.

    Parameters
    ----------
    paths : paths
        Safetensors files that each hold the tensor `name`, alike in all but the number of rows.
    take : list of int, optional
        The numbers along the second axis, of the bands, that are seen, in this order.
    crop : int, optional
        The side in pixels of the middle square of the last two axes that is seen.

    `shards[rows]` reads rows, given as NumPy's first index is, in the order asked;
    `np.asarray(shards)` reads all. Raises FewskyError for files that are no such tensors.
    """

    def __init__(
        self,
        paths: Iterable[str | Path],
        name: str = "images",
        take: Sequence[int] | None = None,
        crop: int | None = None,
    ):
        self._parts = [_part(Path(path), name) for path in paths]
        first = self._parts[0]
        for part in self._parts:
            if part.shape[1:] != first.shape[1:]:
                raise FewskyError(
                    f"{part.path}: wanted {name} of {first.shape[1:]} each, as in {first.path}; "
                    f"found {part.shape[1:]}. Delete the older of them and run again."
                )
        self._starts = np.cumsum([0, *(part.shape[0] for part in self._parts)])
        self._take, self._crop = None if take is None else list(take), crop
        one = self._seen(np.broadcast_to(DTYPE.type(0), (1, *first.shape[1:])))
        self.shape, self.dtype = (int(self._starts[-1]), *one.shape[1:]), one.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the whole, were it in memory."""
        return DTYPE.itemsize * math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        rows = np.arange(len(self))[index]
        found = np.empty((rows.size, *self.shape[1:]), self.dtype)
        flat = rows.ravel()
        at = np.searchsorted(self._starts, flat, side="right") - 1
        for k in np.unique(at):
            places = np.flatnonzero(at == k)
            self._read(self._parts[k], flat[places] - self._starts[k], found, places)
        return found.reshape(*rows.shape, *self.shape[1:])

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def _read(self, part: Part, rows: np.ndarray, found: np.ndarray, places: np.ndarray) -> None:
        """Put rows of one file at their places, a block at a time."""
        order = np.argsort(rows, kind="stable")
        rows, places = rows[order], places[order]
        most = max(1, BLOCK_BYTES // max(1, part.row_bytes))
        ends = np.flatnonzero((np.diff(rows) > GAP) | (np.diff(rows // most) > 0)) + 1
        for low, high in zip([0, *ends], [*ends, len(rows)], strict=True):
            first = rows[low]
            block = part.read(int(first), int(rows[high - 1] - first) + 1)
            found[places[low:high]] = self._seen(block)[rows[low:high] - first]

    def _seen(self, block: np.ndarray) -> np.ndarray:
        return middle(block if self._take is None else block[:, self._take], self._crop)


def middle(images: np.ndarray, side: int | None) -> np.ndarray:
    """The central square of `side` pixels of images `(..., y, x)`; all of them where it is None."""
    if side is None:
        return images
    edge = (images.shape[-1] - side) // 2
    return np.ascontiguousarray(images[..., edge : edge + side, edge : edge + side])


def in_blocks(images: np.ndarray | Shards, rows: np.ndarray | None = None) -> Iterator[np.ndarray]:
    """Some rows of images, all by default, in order and a block of bounded size at a time."""
    rows = np.arange(len(images)) if rows is None else rows
    most = max(1, BLOCK_BYTES // max(1, images.dtype.itemsize * math.prod(images.shape[1:])))
    for k in range(0, len(rows), most):
        yield images[rows[k : k + most]]


def _part(path: Path, name: str) -> Part:
    """Where a file holds its tensor, by its header."""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, LONGEST_HEADER):
            raise _refused(path, "a header longer than the file")
        header = stream.read(length)
    try:
        told = json.loads(header)
        kind, shape, (start, end) = (told[name][key] for key in ("dtype", "shape", "data_offsets"))
        whole = [int(number) for number in (*shape, start, end)] == [*shape, start, end]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _refused(path, f"{type(error).__name__} {error} in its header") from None
    if kind != "F32" or not shape:
        raise _refused(path, f"{kind} of shape {shape}")
    if not whole or min(*shape, start) < 0 or end - start != DTYPE.itemsize * math.prod(shape):
        raise _refused(path, f"shape {shape} in bytes {start} to {end}")
    if 8 + length + end > size:
        raise _refused(path, "a file that ends early")
    return Part(path, 8 + length + start, tuple(shape))


def _refused(path: Path, found: str) -> FewskyError:
    return FewskyError(
        f"{path}: wanted safetensors of float32; found {found}. Delete it and run again."
    )
