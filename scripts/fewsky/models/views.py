"""The training objects on the device, and the batches of augmented views that are made of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from fewsky.models.affine import moved
from fewsky.models.augment import as_images, blurred, gather, members, pixel_tables
from fewsky.models.imbalance import Shown
from fewsky.models.inputs import stretched


@dataclass
class Objects:
    """Objects as a network sees them, all on one device.

    `pixels` is `(n, y * x, channel)` in nanomaggies, `noise` `(n, channel)` or None, `extra`
    `(n, scalar)` or None, `targets` int64 `(n,)`.
    """

    pixels: torch.Tensor
    noise: torch.Tensor | None
    extra: torch.Tensor | None
    targets: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def of(self, rows: torch.Tensor) -> "Objects":
        """The objects of some rows."""
        parts = (self.pixels, self.noise, self.extra, self.targets)
        return Objects(*(None if part is None else part[rows] for part in parts))


class Picked:
    """Which object, in which member of a setting, each of an epoch's views shows."""

    def __init__(self, targets: torch.Tensor, n_members: int, recipe: dict, shown: Shown | None):
        device = targets.device
        self.product = recipe["augment_mode"] == "product"
        self.n_members = n_members
        self.index = None if shown is None else torch.tensor(shown.index, device=device)
        self.moving = None
        if recipe["augment_of"] == "copies":
            copies = np.zeros(len(targets), bool) if shown is None else shown.copies
            self.moving = torch.tensor(copies, device=device)
        self.targets = targets if self.index is None else targets[self.index]
        self.n = len(self.targets)

    def of(self, picks: torch.Tensor, generator: torch.Generator):
        """Place among the epoch's objects, row, member, and whether it is moved, of some views.

        The last is None where all are.
        """
        place, member = picks % self.n, picks // self.n
        if not self.product:
            member = torch.randint(
                self.n_members, place.shape, generator=generator, device=place.device
            )
        rows = place if self.index is None else self.index[place]
        moving = None if self.moving is None else self.moving[place]
        return place, rows, member if moving is None else member * moving, moving


class Views:
    """An epoch's augmented views of the training objects, made a batch at a time on the device.

    `product` shows every object once an epoch in every member of the setting, with brightness
    offsets drawn once for all, as in Ruhmer's augmented set. `random` shows every object once, as
    a member drawn afresh. `shown` says which objects an epoch has where that is not each one once;
    with `augment_of: copies` the first showing of an object is as it is. `targets` are those of
    the epoch's objects.
    """

    def __init__(
        self,
        objects: Objects,
        size: int,
        recipe: dict[str, Any],
        statistics: dict[str, Any],
        generator: torch.Generator,
        shown: Shown | None = None,
    ):
        views = members(recipe["augment"])
        device = objects.pixels.device
        self.size, self.statistics, self.generator = size, statistics, generator
        self.picked = Picked(objects.targets, len(views), recipe, shown)
        self.n, self.n_members = self.picked.n, len(views)
        self.affine = recipe["affine"] if recipe["augment"] == "affine" else None
        self.product = recipe["augment_mode"] == "product"
        self.sigma = recipe["brightness_nmgy"]
        self.tables = pixel_tables(size, size, views).to(device)
        self.blur = torch.tensor([view.blur for view in views], device=device)
        self.bright = torch.tensor([view.brightness for view in views], device=device)
        self.offset = any(view.brightness for view in views)
        self.objects = objects
        self.pixels, self.noise = objects.pixels, objects.noise
        self.targets, self.device = self.picked.targets, device
        if any(view.blur for view in views):
            soft = blurred(self.pixels, size, size, recipe["blur_px"])
            self.pixels = torch.cat([self.pixels, soft])
            self.noise = None if self.noise is None else torch.cat([self.noise, self.noise])
        if not self.offset:
            self.pixels = stretched(self.pixels, self.noise, statistics)
        if self.offset and self.product:
            self.offsets = self._draw((self.n_members, self.n, self.pixels.shape[2]))

    def __len__(self) -> int:
        return self.n * self.n_members if self.product else self.n

    def batch(self, picks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor]:
        """Images, extra scalars and targets of some of the epoch's `len(self)` views."""
        place, rows, member, moving = self.picked.of(picks, self.generator)
        source = rows + len(self.objects) * self.blur[member]
        pixels = gather(self.pixels, source, self.tables[member])
        if self.offset:
            # Added to whole rows of a patch at once: runs of one value a band are slow.
            lines = self._offsets(place, member).repeat(1, self.size)
            pixels.view(len(rows), self.size, -1).add_(lines[:, None, :])
            noise = None if self.noise is None else self.noise[rows]
            pixels = stretched(pixels, noise, self.statistics)
        extra = None if self.objects.extra is None else self.objects.extra[rows]
        images = as_images(pixels, self.size, self.size)
        if self.affine:
            images = moved(images, self.affine, self.generator, moving)
        return images, extra, self.objects.targets[rows]

    def _offsets(self, place: torch.Tensor, member: torch.Tensor) -> torch.Tensor:
        if self.product:
            offsets = self.offsets[member, place]
        else:
            offsets = self._draw((len(place), self.pixels.shape[2]))
        return offsets * self.bright[member, None]

    def _draw(self, shape: tuple[int, ...]) -> torch.Tensor:
        device = self.pixels.device
        return self.sigma * torch.randn(shape, generator=self.generator, device=device)
