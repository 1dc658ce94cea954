"""Detection followed by classification: what a classifier calls what a detector has found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from fewsky.bands import COLOURS
from fewsky.boxes.table import EDGES, edges_of
from fewsky.console import FewskyError, say
from fewsky.files import load_json
from fewsky.metrics.detection_named import best_score
from fewsky.metrics.detection_tables import read_boxes, read_detections
from fewsky.models.detect_results import COLUMNS
from fewsky.models.trained import load_model, predict

CHUNK = 512  # windows at once
NAMED = [*COLUMNS, "probability"]


class Classifier(NamedTuple):
    """A trained network of classes, its card, and where its bands are among red, green, blue."""

    network: torch.nn.Module
    card: dict[str, Any]
    take: list[int]


def used_score(
    predictions: pd.DataFrame, boxes: pd.DataFrame, manifest: pd.DataFrame, classes: list[str]
) -> float:
    """The score from which on a detection counts: that of the best F1 on validation images.

    Taken of the run with most labels, as `largest_run` gives it. A detector that learns nothing
    (budget 0) has no such images: -inf, all counts. Where nothing is found in them it is inf.
    Raises FewskyError where a detector that learns has no validation images.
    """
    run = largest_run(predictions)
    known = run[run["part"] == "val"]
    if known.empty and (run["budget"] == 0).all():
        return -np.inf
    if known.empty:
        raise FewskyError(
            "detector: wanted validation images to choose its least score on; found none. Raise "
            "the budget."
        )
    images = manifest.set_index("object_id")
    rows = np.unique(images.index.get_indexer(known["image"]))
    rows, found = read_detections(known, images, rows, classes, "validation images")
    score, f1 = best_score(rows, read_boxes(boxes, images, classes), found)
    if np.isnan(score):
        say("warning: nothing is found in validation images, so no detection counts")
        return np.inf
    say(f"detections count from a score of {score:.3f}, F1 {f1:.3f} in {len(rows)} images")
    return score


def largest_run(predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions of the run with most labels, of the first draw where there are several.

    Raises FewskyError where there are folds only.
    """
    if "draw" in predictions:
        first = predictions["draw"] == predictions["draw"].min()
        predictions = predictions[first].drop(columns="draw")
    whole = predictions[predictions["fold"] == -1]
    if whole.empty:
        raise FewskyError(
            "detector: wanted a run outside folds to name the detections of; found none. Name an "
            "experiment of a task without folds."
        )
    return whole[whole["budget"] == whole["budget"].max()]


def load_classifier(folder: str | Path, draw: int, bands: list[str], device: str) -> Classifier:
    """A draw's classifier of images in red, green and blue, at its largest budget and first fold.

    `bands` are those of the images it shall look at. Raises FewskyError where either are no three
    colours, and where the network needs more than pixels.
    """
    card = load_json(Path(folder) / "model.json")
    runs = [run for run in card.pop("runs") if run.get("draw", draw) == draw]
    budget = max(run["budget"] for run in runs)
    run = min((run for run in runs if run["budget"] == budget), key=lambda run: run["fold"])
    _check_classifier(card | run, bands)
    network, card = load_model(folder, budget, run["fold"], device, draw)
    return Classifier(network, card, [bands.index(band) for band in card["bands"]])


def _check_classifier(card: dict[str, Any], bands: list[str]) -> None:
    for name, held in ((card["experiment"], card["bands"]), ("images", bands)):
        if sorted(held) != sorted(COLOURS):
            raise FewskyError(
                f"{name}: wanted bands {', '.join(COLOURS)} to name detections by; found "
                f"{', '.join(held)}. Mend paper.detection.named."
            )
    told = card["input"]
    if told["stretch"] == "snr" or told["psf"] != "none" or told["extra"] or not card["classes"]:
        raise FewskyError(
            f"{card['experiment']}: wanted a classifier that sees pixels alone; found stretch snr, "
            "psf, extra columns or no classes. Name another in paper.detection.named."
        )


def name_detections(
    predictions: pd.DataFrame,
    images: np.ndarray,
    catalog: pd.DataFrame,
    classifier: Classifier,
    least: float,
    context: float,
) -> pd.DataFrame:
    """What the detections in tested images are called, at the detector's largest budget: NAMED.

    `images` `(n, band, y, x)` are in 0..1, row i that of `catalog`. Kept are detections of a score
    of `least` or more; `label` is the likeliest class and `probability` its own. An image without
    any has one row of NaN and label "".
    """
    run = largest_run(predictions)
    tested = run[run["part"] == "test"]
    found = tested[tested["score"] >= least].reset_index(drop=True)
    rows = pd.Index(catalog["object_id"]).get_indexer(found["image"])
    if (rows < 0).any():
        raise FewskyError(
            f"predictions: wanted images of the data set; found {found['image'][rows < 0].iloc[0]},"
            " which it has not. Train again."
        )
    label, probability = named(classifier, images, rows, edges_of(found), context)
    found = found.assign(label=label, probability=probability)
    empty = tested[~tested["image"].isin(found["image"])].drop_duplicates("image")
    nothing = empty.assign(**dict.fromkeys([*EDGES, "score", "probability"], np.nan), label="")
    order = {name: k for k, name in enumerate(tested["image"].unique())}
    table = pd.concat([found, nothing], ignore_index=True)
    table = table.sort_values("image", key=lambda of: of.map(order), kind="stable")
    numbers = dict.fromkeys([*EDGES, "score", "probability"], np.float32)
    return table[NAMED].astype(numbers).reset_index(drop=True)


def named(
    classifier: Classifier, images: np.ndarray, rows: np.ndarray, edges: np.ndarray, context: float
) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest class of what boxes hold, and its probability: `(m,)` each.

    Boxes `(m, 4)` are in images `rows` `(m,)` of `images` `(n, band, y, x)`, seen with their
    surroundings (`seen_through`).
    """
    size, classes = classifier.card["size"], classifier.card["classes"]
    chances = [
        predict(classifier.network, classifier.card, shown, pd.DataFrame(index=range(len(shown))))
        for shown in _chunks(images, rows, edges, context, size, classifier.take)
    ]
    if not chances:
        return np.zeros(0, object), np.zeros(0, np.float32)
    chance = np.concatenate(chances)
    return np.array(classes, object)[chance.argmax(axis=1)], chance.max(axis=1)


def _chunks(images, rows, edges, context: float, size: int, take: list[int]) -> Iterator:
    for k in range(0, len(rows), CHUNK):
        part = zip(rows[k : k + CHUNK], edges[k : k + CHUNK], strict=True)
        yield np.stack([seen_through(images[row][take], box, context, size) for row, box in part])


def seen_through(image: np.ndarray, box: np.ndarray, context: float, size: int) -> np.ndarray:
    """A square window of an image `(band, y, x)` in 0..1 on `(band, size, size)` pixels.

    It has the box's middle, and `context` times its longer side; beyond the image's edge the pixels
    of the edge go on. Enlarged by cubic convolution; where the window has more pixels than `size`,
    as many points of each pixel are averaged, so that nothing aliases.
    """
    x0, y0, x1, y1 = map(float, box)
    wide = context * max(x1 - x0, y1 - y0)
    points = size * max(1, int(np.ceil(wide / size - 1e-6)))
    along = wide * ((torch.arange(points, dtype=torch.float64) + 0.5) / points - 0.5)
    across, down = ((low + high) / 2 + along for low, high in ((x0, x1), (y0, y1)))
    height, width = image.shape[1:]
    # grid_sample counts from -1 to 1 between the image's outer edges.
    y, x = torch.meshgrid(2 * down / height - 1, 2 * across / width - 1, indexing="ij")
    pixels = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None]
    grid = torch.stack([x, y], dim=-1)[None].float()
    seen = F.grid_sample(pixels, grid, "bicubic", "border", align_corners=False)
    return F.avg_pool2d(seen, points // size)[0].clamp(0, 1).numpy()
