"""A frame too large for a detector: the tiles it is cut into, and their detections joined again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fewsky.boxes.geometry import centres, clipped, covered, iou, shifted
from fewsky.console import FewskyError

HALF = 0.5  # of a box at a seam: what a neighbour must cover of it to take its place


class Tiles(NamedTuple):
    """The tiles of a frame, row by row.

    windows: int `(t, 4)`, the pixels (x0, y0, x1, y1) of each; cores: `(t, 4)`, the part of the
    plane that belongs to each. Cores meet in the middle of the overlaps and are endless outwards.
    """

    width: int
    height: int
    overlap: int
    windows: np.ndarray
    cores: np.ndarray


class Detections(NamedTuple):
    """Boxes `(n, 4)` in pixels, scores `(n,)` and labels `(n,)`."""

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray


def cut_tiles(width: int, height: int, side: int, overlap: int) -> Tiles:
    """The square tiles of `side` pixels that cover a frame, neighbours sharing `overlap` or more.

    An object smaller than the overlap stands whole in the tile whose core has its middle. Tiles are
    spread evenly and end at the frame's edge; where the frame is smaller than a tile, so is the
    tile. Raises FewskyError where the overlap is none or as large as a tile.
    """
    if min(width, height, side) < 1 or not 0 <= overlap < side:
        raise FewskyError(
            "tiles: wanted a frame, and tiles larger than their overlap; found a frame of "
            f"{width} x {height}, tiles of {side} and an overlap of {overlap} pixels. Correct them."
        )
    (left, right, west, east), (top, bottom, north, south) = (
        _spans(length, side, overlap) for length in (width, height)
    )
    rows, columns = (index.ravel() for index in np.indices((len(top), len(left))))
    windows = np.stack([left[columns], top[rows], right[columns], bottom[rows]], axis=1)
    cores = np.stack([west[columns], north[rows], east[columns], south[rows]], axis=1)
    return Tiles(width, height, overlap, windows, cores)


def _spans(length: int, side: int, overlap: int) -> tuple[np.ndarray, ...]:
    """First and last edge of the tiles along one axis, then of their cores."""
    side = min(side, length)
    count = 1 + -(-(length - side) // max(side - overlap, 1))
    first = np.arange(count) * (length - side) // max(count - 1, 1)
    seams = (first[1:] + first[:-1] + side) / 2
    return first, first + side, np.append(-np.inf, seams), np.append(seams, np.inf)


def join_tiles(
    tiles: Tiles, found: Sequence[tuple[Any, Any, Any]], threshold: float = 0.5
) -> Detections:
    """The detections of a whole frame from those of its tiles, best score first.

    `found` holds boxes `(n, 4)` in pixels of the tile, scores and labels of every tile. A detection
    belongs to the tile whose core has its middle. As the middle of one object differs a little from
    tile to tile, those up to a quarter of the overlap beyond a core are looked at, too, after
    the others. One is dropped where a better one of another tile and of the same label overlaps it
    by more than `threshold` (intersection over union), or, if a seam cuts it, covers half of it.
    Detections of one tile are never compared: its network has done that.
    """
    if len(found) != len(tiles.windows):
        raise FewskyError(
            f"tiles: wanted the detections of {len(tiles.windows)} tiles; found those of "
            f"{len(found)}. Give an empty one for a tile without any."
        )
    boxes, scores, labels, tile = _in_frame(tiles, found)
    beyond = _beyond(centres(boxes), tiles.cores[tile])
    cut = _at_seam(boxes, tiles, tile)
    boxes = clipped(boxes, tiles.width, tiles.height)
    order = np.lexsort((-scores, beyond > 0, cut))
    order = order[beyond[order] <= tiles.overlap / 4]
    kept = _kept(order, boxes, labels, tile, cut, threshold)
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    return Detections(boxes[kept], scores[kept], labels[kept])


def _in_frame(tiles: Tiles, found: Sequence[tuple[Any, Any, Any]]) -> tuple[np.ndarray, ...]:
    """Boxes in pixels of the frame, scores, labels, and the number of the tile, of all tiles."""
    edges = [np.asarray(boxes, dtype=np.float64).reshape(-1, 4) for boxes, _, _ in found]
    corners = tiles.windows[:, :2]
    moved = [shifted(boxes, x, y) for boxes, (x, y) in zip(edges, corners, strict=True)]
    scores = [np.asarray(scores, dtype=np.float64) for _, scores, _ in found]
    labels = [np.asarray(labels) for _, _, labels in found]
    # An empty list has a type of its own, which must not become that of all labels.
    labels = [held for held in labels if len(held)] or labels[:1]
    tile = np.repeat(np.arange(len(edges)), [len(boxes) for boxes in edges])
    return np.concatenate(moved), np.concatenate(scores), np.concatenate(labels), tile


def _beyond(middles: np.ndarray, cores: np.ndarray) -> np.ndarray:
    """How far in pixels points `(n, 2)` lie outside their core `(n, 4)`; 0 in it.

    A core has its left and upper edge, not the others, so that each point lies in one core only.
    """
    low, high = cores[:, :2], cores[:, 2:]
    # The least step keeps a point on the right or lower edge, at a distance of 0, outside.
    past = np.where(middles >= high, np.nextafter(middles - high, np.inf), low - middles)
    return past.max(axis=1).clip(0)


def _at_seam(boxes: np.ndarray, tiles: Tiles, tile: np.ndarray) -> np.ndarray:
    """Which boxes reach an edge of their tile that is none of the frame, within a pixel."""
    windows = tiles.windows[tile]
    frame = np.array([0, 0, tiles.width, tiles.height])
    return ((np.abs(boxes - windows) < 1) & (windows != frame)).any(axis=1)


def _kept(
    order: np.ndarray,
    boxes: np.ndarray,
    labels: np.ndarray,
    tile: np.ndarray,
    cut: np.ndarray,
    threshold: float,
) -> np.ndarray:
    """The rows of `order` that no row kept before them, of another tile, stands for."""
    kept: list[int] = []
    for row in order:
        rivals = np.array(kept, dtype=np.intp)
        rivals = rivals[(tile[rivals] != tile[row]) & (labels[rivals] == labels[row])]
        box = boxes[row : row + 1]
        same = iou(box, boxes[rivals]) > threshold
        if cut[row]:
            same |= covered(box, boxes[rivals]) >= HALF
        if not same.any():
            kept.append(int(row))
    return np.array(kept, dtype=np.intp)
