"""Detection as the trainer sees it: images with boxes as a source, a network's own loss as a goal.

The detector's extra input is the boxes and its outputs are its losses (`networks.detectors`), so
that the loop, its checkpoints and its schedules serve as they are.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from fewsky.boxes_check import check_detector
from fewsky.console import FewskyError
from fewsky.models import inputs
from fewsky.models.augment import as_images
from fewsky.models.detect_views import Scene, SceneViews
from fewsky.models.objectives import AsGiven
from fewsky.models.outputs import EVALUATION_PIXELS
from fewsky.models.sources import Held, objects_on

CORNERS = ["x0", "y0", "x1", "y1"]
CHUNK_BYTES = 1 << 26


class Boxes(AsGiven):
    """The loss that a detector has of itself, over outputs as `Detector.forward` gives them."""

    n_classes = 0

    def __init__(self, n_outputs: int):
        self.n_outputs = n_outputs

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each image, `(n,)`: their mean is the sum over the anchors that have a box."""
        sums, counts = outputs[:, :-1].sum(dim=1), outputs[:, -1]
        return sums * len(outputs) / counts.sum().clamp(min=1)

    def right(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """There are no classes of images: False, `(n,)`."""
        return torch.zeros(len(outputs), dtype=torch.bool, device=outputs.device)


class Scenes:
    """Images `(n, band, y, x)` brought to `side` px on the device, with their boxes.

    `boxes` `(n, m, 5)` are in pixels of the images as stored (`padded`).
    """

    def __init__(
        self,
        images: np.ndarray,
        catalog: pd.DataFrame,
        statistics: dict[str, Any],
        recipe: dict[str, Any],
        device: torch.device,
        side: int,
        boxes: np.ndarray | None = None,
    ):
        self.images, self.catalog, self.statistics = images, catalog, statistics
        self.recipe, self.device, self.side, self.boxes = recipe, device, side, boxes
        self.per_pixel = side / images.shape[3]

    def training(self, rows, targets, generator: torch.Generator, shown=None) -> SceneViews:
        """The augmented views of an epoch."""
        return SceneViews(self.scene(rows), self.recipe, generator)

    def held(self, rows: np.ndarray, targets: np.ndarray) -> Held:
        """Images as they are, with their boxes."""
        known = torch.tensor(targets, device=self.device)
        return Held(*self.scene(rows), known)

    def scene(self, rows: np.ndarray) -> Scene:
        """Some rows with their boxes in pixels of the network's input."""
        of_rows = torch.tensor(self.boxes[rows], dtype=torch.float32, device=self.device)
        scale = torch.tensor([self.per_pixel] * 4 + [1.0], device=self.device)
        return Scene(self.inputs(rows), of_rows * scale)

    def inputs(self, rows: np.ndarray) -> torch.Tensor:
        """Some rows as the network sees them, float32 `(n, channel, side, side)`."""
        if not len(rows):
            shape = (0, inputs.n_channels(self.statistics), self.side, self.side)
            return torch.zeros(shape, device=self.device)
        chunk = max(1, CHUNK_BYTES // self.images[0].nbytes)
        return torch.cat([self._inputs(rows[k : k + chunk]) for k in range(0, len(rows), chunk)])

    def _inputs(self, rows: np.ndarray) -> torch.Tensor:
        images, size = self.images[rows], self.images.shape[3]
        told = objects_on(self.device, images, self.catalog.iloc[rows], self.statistics)
        pixels = as_images(inputs.stretched(told.pixels, told.noise, self.statistics), size, size)
        if size != self.side:
            pixels = F.interpolate(
                pixels, (self.side, self.side), mode="bilinear", antialias=size > self.side
            )
        return pixels.contiguous()


def found_in(network, source: Scenes, rows: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    """Boxes `(m, 4)` in pixels of the images as stored, scores and class numbers of each row."""
    batch = max(1, EVALUATION_PIXELS // source.side**2)
    found = []
    for k in range(0, len(rows), batch):
        for boxes, *others in network.detect(source.inputs(rows[k : k + batch])):
            found.append(tuple(v.cpu().numpy() for v in (boxes / source.per_pixel, *others)))
    return found


def padded(
    boxes: pd.DataFrame, catalog: pd.DataFrame, classes: Sequence[str], size: int
) -> np.ndarray:
    """The boxes of each catalogue row, float32 `(n, m, 5)`: x0, y0, x1, y1, number of the class.

    `boxes` has image (an object_id), x0, y0, x1, y1 and label; rows are in the table's order and
    NaN fills up. `size` is the side of an image in pixels. Boxes marked as difficult are learned,
    too. Raises FewskyError for an image that is not there, another label, or a box that is not
    finite, has no area, or leaves its image.
    """
    _check(boxes, catalog, classes, size)
    row = pd.Index(catalog["object_id"]).get_indexer(boxes["image"])
    place = boxes.groupby("image").cumcount().to_numpy()
    found = np.full((len(catalog), place.max(initial=-1) + 1, 5), np.nan, np.float32)
    found[row, place, :4] = boxes[CORNERS]
    found[row, place, 4] = pd.Index(classes).get_indexer(boxes["label"])
    return found


def _check(boxes: pd.DataFrame, catalog: pd.DataFrame, classes: Sequence[str], size: int) -> None:
    needed = ["image", *CORNERS, "label"]
    if lost := [name for name in needed if name not in boxes]:
        raise FewskyError(
            f"boxes: wanted the columns {', '.join(needed)}; found no {', '.join(lost)}. Make the "
            "boxes again."
        )
    at = boxes[CORNERS].to_numpy(np.float64)
    bad = {
        "images of the catalogue": ~boxes["image"].isin(catalog["object_id"]).to_numpy(),
        f"labels {', '.join(classes)}": ~boxes["label"].isin(list(classes)).to_numpy(),
        "finite corners": ~np.isfinite(at).all(axis=1),
        "x0 < x1 and y0 < y1": ~(at[:, 2:] > at[:, :2]).all(axis=1),
        f"corners within 0 and {size} px": ((at < 0) | (at > size)).any(axis=1),
    }
    for wanted, rows in bad.items():
        if rows.any():
            first = boxes[rows].iloc[0]
            raise FewskyError(
                f"boxes: wanted {wanted}; found {rows.sum()} others, first {first['label']} "
                f"{[float(first[name]) for name in CORNERS]} in {first['image']}. Mend the boxes."
            )


def check_detection(name: str, settings: dict[str, Any], boxes: pd.DataFrame | None) -> None:
    """Raise FewskyError without boxes, or where the recipe asks for what they cannot follow."""
    if boxes is None:
        raise FewskyError(
            f"{name}: wanted a table of boxes for a detector; found none. Correct the experiment."
        )
    check_detector(f"{name}: recipe", settings["recipe"])
