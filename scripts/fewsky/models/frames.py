"""Galaxies found in a whole frame: looked at in tiles of several sides, and joined.

Images of a survey of galaxies are scaled to their galaxy; a frame is not. Small tiles, enlarged to
what the network takes, show small galaxies at the size that it has learned, large tiles large ones.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fewsky.boxes.geometry import centres, iou
from fewsky.boxes.propose import PARAMETERS, propose
from fewsky.boxes.table import EDGES, edges_of, split_by_image
from fewsky.boxes.tiles import Detections, Tiles, cut_tiles, join_tiles
from fewsky.console import FewskyError

COLUMNS = [*EDGES, "score", "label", "side"]
OVERLAP = 0.5  # intersection over union beyond which two boxes are of one object
CONCENTRIC = 0.25  # distance of middles, in sides of the smaller box, up to which they are, too
SEAM = 0.03  # of a tile's side: a box nearer than this to a seam may be cut by it
NO_SIDE = 0  # of what is found without tiles
# Lengths of boxes.propose, in shares of a picture's side; the mesh must be wider than a galaxy.
LENGTHS = ("smooth", "smallest", "doubtful", "cut", "widest_star")

Look = Callable[[np.ndarray], pd.DataFrame]


def find_in_tiles(
    image: np.ndarray, look: Look, sides: Sequence[int], overlap: float, least: float
) -> pd.DataFrame:
    """Detections in a frame `(band, y, x)` in 0..1 of any size: COLUMNS, best first.

    `look` gives what it finds in tiles `(n, band, side, side)`: columns image (number of the tile),
    x0, y0, x1, y1 (its pixels), score, label. `sides` are those of the tiles in pixels, `overlap`
    the share of a side that neighbours have in common, `least` the score that counts. What a seam
    cuts is left to larger tiles, if there are any. Corners are in pixels of the frame; `side` is
    that of the tile. Raises FewskyError where a tile is larger than the frame.
    """
    _check_sides(image, sides)
    parts = []
    for side in sorted(sides):
        tiles = cut_tiles(image.shape[2], image.shape[1], side, round(overlap * side))
        found = look(_shown(image, tiles))
        found = found[found["score"] >= least].astype({"image": int})
        if side < max(sides):
            found = found[~_cut(found, tiles, SEAM * side)]
        groups = split_by_image(found, range(len(tiles.windows)))
        told = [(edges_of(one), one["score"].to_numpy(), one["label"].to_numpy()) for one in groups]
        parts.append(_table(join_tiles(tiles, told, OVERLAP), side))
    return join_sides(pd.concat(parts, ignore_index=True))


def join_sides(found: pd.DataFrame) -> pd.DataFrame:
    """The detections of all sides without what a better one stands for, best first.

    Two of one label are of one object where they overlap by more than OVERLAP, or where their
    middles are nearer than CONCENTRIC sides of the smaller box: a core, and the whole around it.
    """
    found = found.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    edges, label, kept = edges_of(found).astype(float), found["label"].to_numpy(), []
    for row in range(len(found)):
        rivals = np.array(kept, np.intp)
        rivals = rivals[label[rivals] == label[row]]
        if not _same(edges[row : row + 1], edges[rivals]).any():
            kept.append(row)
    return found.iloc[kept].reset_index(drop=True)


def find_segments(
    image: np.ndarray, options: Mapping[str, Any], sides: Sequence[int]
) -> pd.DataFrame:
    """What the segmenter proposes in a frame `(band, y, x)` in 0..1: COLUMNS, brightest first.

    It looks at the whole frame, so that no seam cuts anything and all stars tell their width. Its
    lengths, shares of a picture's side, are those of the middle one of `sides`, and the mesh of its
    background is that of the largest. The score is the magnitude with its sign turned.
    """
    found = propose(image, frame_parameters(options, sides, min(image.shape[1:])))
    found = found.assign(score=-found["brightness"], side=NO_SIDE)[COLUMNS]
    return found.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def frame_parameters(
    options: Mapping[str, Any], sides: Sequence[int], whole: int
) -> dict[str, Any]:
    """Parameters of boxes.propose for a frame whose shorter side is `whole` pixels."""
    told = {**PARAMETERS, **options}
    middle = sorted(sides)[len(sides) // 2]
    told |= {name: told[name] * middle / whole for name in LENGTHS}
    return told | {"mesh": told["mesh"] * max(sides) / whole}


def _check_sides(image: np.ndarray, sides: Sequence[int]) -> None:
    height, width = image.shape[1:]
    if max(sides) > min(height, width):
        raise FewskyError(
            f"frames.sides: wanted tiles no larger than the frame of {width} x {height} pixels; "
            f"found {max(sides)}. Take it out."
        )


def _shown(image: np.ndarray, tiles: Tiles) -> np.ndarray:
    return np.stack([image[:, y0:y1, x0:x1] for x0, y0, x1, y1 in tiles.windows])


def _cut(found: pd.DataFrame, tiles: Tiles, margin: float) -> np.ndarray:
    """Which boxes come near an edge of their tile that is none of the frame."""
    windows = tiles.windows[found["image"]]
    edges = edges_of(found) + windows[:, [0, 1, 0, 1]]
    frame = np.array([0, 0, tiles.width, tiles.height])
    return ((np.abs(edges - windows) < margin) & (windows != frame)).any(axis=1)


def _table(found: Detections, side: int) -> pd.DataFrame:
    columns = dict(zip(EDGES, found.boxes.T.astype(np.float32), strict=True))
    scores = found.scores.astype(np.float32)
    return pd.DataFrame({**columns, "score": scores, "label": found.labels.astype(object),
                         "side": side})  # fmt: skip


def _same(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of some boxes `(n, 4)` are of the object that a box `(1, 4)` is of."""
    apart = np.abs(centres(others) - centres(box))
    smaller = np.minimum(others[:, 2:] - others[:, :2], box[:, 2:] - box[:, :2])
    return (iou(box, others)[0] > OVERLAP) | (apart <= CONCENTRIC * smaller).all(axis=1)
