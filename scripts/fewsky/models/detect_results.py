"""What a detector found: its table of predictions, and detections in images of any size."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError
from fewsky.models.cards import Data, all_rows
from fewsky.models.detect import CORNERS, Scenes, found_in
from fewsky.models.detect_crops import OFF_CENTRE, shifted_images, windows
from fewsky.models.samples import Run

COLUMNS = ["image", "part", "budget", "fold", *CORNERS, "score", "label"]


def detections(
    network: torch.nn.Module, source: Scenes, data: Data, run: Run, settings: dict[str, Any]
) -> pd.DataFrame:
    """The prediction table of a run (COLUMNS): one row a detection of every image of every part.

    Corners are in pixels of the image as stored. An image without a detection has one row of NaN
    corners and score and label "". Where the task asks for `off_centre`, tested images are looked
    at once more through their windows (`detect_crops.windows`), as part OFF_CENTRE, with corners
    in pixels of the whole image.
    """
    rows, classes = all_rows(run), settings["boxes"]["classes"]
    names = np.repeat(list(run.parts), [len(part) for part in run.parts.values()])
    ids = data.catalog["object_id"].to_numpy()
    found = [table_of(found_in(network, source, rows), ids[rows], classes, names)]
    if share := settings["boxes"].get("off_centre"):
        tested = run.parts["test"]
        found.append(_off_centre(network, source, ids, tested, classes, share, settings["seed"]))
    table = pd.concat(found, ignore_index=True)
    return table.assign(budget=run.budget, fold=run.fold)[COLUMNS]


def _off_centre(network, source: Scenes, ids, rows, classes, share: float, seed: int):
    at = windows(ids[rows], source.images.shape[3], share, seed)
    seen = Scenes(
        shifted_images(source.images[rows], at),
        source.catalog.iloc[rows],
        source.statistics,
        source.recipe,
        source.device,
        source.side,
    )
    found = found_in(network, seen, np.arange(len(rows)))
    corners = at[["x0", "y0", "x0", "y0"]].to_numpy(np.float32)
    back = [(boxes + at, *others) for (boxes, *others), at in zip(found, corners, strict=True)]
    return table_of(back, ids[rows], classes, np.repeat(OFF_CENTRE, len(rows)))


def table_of(found: list[tuple], ids, classes: list[str], parts=None) -> pd.DataFrame:
    """Detections of each image (`found_in`) as rows: image, part if given, corners, score, label.

    An image without any has one row of NaN and label "".
    """
    counts = np.array([max(1, len(scores)) for _, scores, _ in found], np.int64)
    none = np.full((1, 4), np.nan, np.float32), np.full(1, np.nan, np.float32), np.full(1, -1)
    known = [one if len(one[1]) else none for one in found] or [tuple(a[:0] for a in none)]
    corners, scores, kinds = (np.concatenate(values) for values in zip(*known, strict=True))
    table = pd.DataFrame({"image": np.repeat(np.asarray(ids, object), counts)})
    if parts is not None:
        table["part"] = np.repeat(np.asarray(parts, object), counts)
    table[CORNERS] = corners.astype(np.float32)
    labels = np.array([*classes, ""], object)[kinds]
    return table.assign(score=scores.astype(np.float32), label=labels)


def find(
    network: torch.nn.Module, card: dict[str, Any], images: np.ndarray, catalog: pd.DataFrame
) -> pd.DataFrame:
    """What a stored detector (`trained.load_model`) finds: image, x0, y0, x1, y1, score, label.

    `images` are `(n, band, y, x)`, square and of any side, in the card's bands and units; row i is
    row i of `catalog`, whose object_id names it. Corners are in their pixels. An image without a
    detection has one row of NaN and label "". Raises FewskyError where the shapes do not fit.
    """
    wanted = len(card["bands"])
    shape = images.shape
    if len(shape) != 4 or shape[1] != wanted or shape[2] != shape[3] or len(catalog) != shape[0]:
        raise FewskyError(
            f"find: wanted square images (n, {wanted}, size, size) and a catalogue row for each; "
            f"found {shape} and {len(catalog)} rows. Cut them to squares of the card's bands."
        )
    device = next(network.parameters()).device
    told = card["input"], card["recipe"], device, network.side
    found = found_in(network, Scenes(images, catalog, *told), np.arange(len(images)))
    return table_of(found, catalog["object_id"].to_numpy(), card["boxes"]["classes"])
