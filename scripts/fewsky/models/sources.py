"""Where a network's inputs come from: pixels, or what a frozen part made of them once.

Both give the same steps: the same objects in the same views in the same order. A network trained
from stored activations is the tail of the one that would be trained through its frozen part.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError
from fewsky.models import inputs
from fewsky.models.augment import Member, as_images, gather, members, pixel_tables
from fewsky.models.imbalance import Shown
from fewsky.models.views import Objects, Picked, Views
from fewsky.shards import Shards

SQUARE = [Member(turns, flip) for flip in ("", "x") for turns in range(4)]
FINITE = ("none", "rotation", "reflection", "d4")
CHUNK = 4096
CHUNK_BYTES = 1 << 28

Batch = tuple[torch.Tensor, torch.Tensor | None, torch.Tensor]


class Batches(Protocol):
    """An epoch's views of some objects, made a batch at a time on the device."""

    device: torch.device

    def __len__(self) -> int: ...

    def batch(self, picks: torch.Tensor) -> Batch: ...


class Held(NamedTuple):
    """Objects that are looked at and not learned from: inputs, extra scalars, targets or None."""

    inputs: torch.Tensor
    extra: torch.Tensor | None
    targets: torch.Tensor | None

    def __len__(self) -> int:
        return len(self.inputs)


class Pixels:
    """Images `(n, band, y, x)` and their catalogue rows, brought to the device when asked for."""

    def __init__(
        self,
        images: np.ndarray | Shards,
        catalog: pd.DataFrame,
        statistics: dict[str, Any],
        recipe: dict[str, Any],
        device: torch.device,
    ):
        self.images, self.catalog, self.statistics = images, catalog, statistics
        self.recipe, self.device, self.size = recipe, device, images.shape[3]

    def objects(self, rows: np.ndarray, targets: np.ndarray | None = None) -> Objects:
        """Some rows as objects on the device."""
        catalog = self.catalog.iloc[rows]
        return objects_on(self.device, self.images[rows], catalog, self.statistics, targets)

    def training(
        self,
        rows: np.ndarray,
        targets: np.ndarray,
        generator: torch.Generator,
        shown: Shown | None = None,
    ) -> Batches:
        """The augmented views of an epoch."""
        objects = self.objects(rows, targets)
        return Views(objects, self.size, self.recipe, self.statistics, generator, shown)

    def held(self, rows: np.ndarray, targets: np.ndarray) -> Held:
        """Objects as they are, without augmentation."""
        objects = self.objects(rows, targets)
        pixels = inputs.stretched(objects.pixels, objects.noise, self.statistics)
        return Held(as_images(pixels, self.size, self.size), objects.extra, objects.targets)

    def in_views(self, rows: np.ndarray, n_views: int) -> Iterator[list[tuple]]:
        """Chunks of objects, each as a list of (inputs, extra), one a symmetry of the square."""
        chunk = max(1, min(CHUNK, CHUNK_BYTES // self.images[0].nbytes)) if len(rows) else CHUNK
        for k in range(0, len(rows), chunk):
            objects = self.objects(rows[k : k + chunk])
            yield seen(objects, self.size, self.statistics, n_views)


class Activations:
    """What a frozen part gave for every object in each of the eight symmetries of the square.

    `values` is `(n, 8, ...)`, in the order of SQUARE; where the recipe has no augmentation and one
    test view, `(n, 1, ...)` serves as well. Where not every object has its values, `known` are the
    rising image rows that theirs belong to.
    """

    def __init__(
        self,
        values: np.ndarray | Shards,
        recipe: dict[str, Any],
        device: torch.device,
        known: np.ndarray | None = None,
    ):
        if recipe["augment"] not in FINITE:
            raise FewskyError(
                f"recipe.augment: wanted one of {', '.join(FINITE)} where a part is frozen, since "
                f"its activations are stored by view; found {recipe['augment']}."
            )
        self.values, self.known = values, known
        self.recipe, self.device = recipe, device

    def training(
        self,
        rows: np.ndarray,
        targets: np.ndarray,
        generator: torch.Generator,
        shown: Shown | None = None,
    ) -> Batches:
        """The augmented views of an epoch."""
        return StoredViews(self._on(rows), targets, self.recipe, generator, shown)

    def held(self, rows: np.ndarray, targets: np.ndarray) -> Held:
        """Objects as they are, without augmentation."""
        known = torch.tensor(targets, device=self.device)
        return Held(self._on(rows)[:, 0].contiguous(), None, known)

    def in_views(self, rows: np.ndarray, n_views: int) -> Iterator[list[tuple]]:
        """Chunks of objects, each as a list of (inputs, extra), one a symmetry of the square."""
        chunk = max(1, min(CHUNK, CHUNK_BYTES // self.values[0].nbytes)) if len(rows) else CHUNK
        for k in range(0, len(rows), chunk):
            values = self._on(rows[k : k + chunk])
            yield [(values[:, view].contiguous(), None) for view in range(n_views)]

    def _on(self, rows: np.ndarray) -> torch.Tensor:
        own = rows if self.known is None else np.searchsorted(self.known, rows)
        return torch.from_numpy(self.values[own]).to(self.device)


class StoredViews:
    """Stored activations as an epoch of augmented views, in the order that `Views` would give."""

    def __init__(self, values, targets, recipe, generator, shown=None):
        self.values, self.device = values, values.device
        self.of_objects = torch.tensor(targets, device=self.device)
        self.generator = generator
        order = [member.element for member in members(recipe["augment"])]
        self.order = torch.tensor(order, device=self.device)
        self.picked = Picked(self.of_objects, len(order), recipe, shown)
        self.targets = self.picked.targets

    def __len__(self) -> int:
        return self.picked.n * (len(self.order) if self.picked.product else 1)

    def batch(self, picks: torch.Tensor) -> Batch:
        """Activations and targets of some of the epoch's views."""
        _, rows, member, _ = self.picked.of(picks, self.generator)
        return self.values[rows, self.order[member]], None, self.of_objects[rows]


def seen(
    objects: Objects, size: int, statistics: dict[str, Any], n_views: int
) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
    """(inputs, extra) of objects as a network is given them, one a symmetry of the square."""
    pixels = inputs.stretched(objects.pixels, objects.noise, statistics)
    if n_views == 1:
        return [(as_images(pixels, size, size), objects.extra)]
    every = torch.arange(len(pixels), device=pixels.device)
    tables = pixel_tables(size, size, SQUARE[:n_views]).to(pixels.device)
    turned = (gather(pixels, every, table.expand(len(pixels), -1)) for table in tables)
    return [(as_images(one, size, size), objects.extra) for one in turned]


def objects_on(
    device: torch.device,
    images: np.ndarray,
    catalog: pd.DataFrame,
    statistics: dict[str, Any],
    targets: np.ndarray | None = None,
) -> Objects:
    """Images `(n, band, y, x)` and their catalogue rows as objects on a device."""
    n, bands, side = images.shape[:3]
    flat = images.reshape(n, bands, side * side)  # of no object, too
    grid = np.ascontiguousarray(flat.transpose(0, 2, 1), np.float32)
    parts = (grid, inputs.noise(catalog, statistics), inputs.scalars(catalog, statistics), targets)
    pixels, *others = (None if p is None else torch.tensor(p, device=device) for p in parts)
    pixels = inputs.with_point_source_out(pixels, images.shape[3], catalog, statistics)
    return Objects(pixels, *others)
