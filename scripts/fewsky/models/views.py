"""The training objects on the device, and the batches of augmented views that are made of them."""

from dataclasses import dataclass
from typing import Any

import torch

from fewsky.models.augment import as_images, blurred, gather, members, pixel_tables
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


class Views:
    """An epoch's augmented views of the training objects, made a batch at a time on the device.

    `product` shows every object once an epoch in every member of the setting, with brightness
    offsets drawn once for all, as in Ruhmer's augmented set. `random` shows every object once, as
    a member drawn afresh.
    """

    def __init__(
        self,
        objects: Objects,
        size: int,
        recipe: dict[str, Any],
        statistics: dict[str, Any],
        generator: torch.Generator,
    ):
        views = members(recipe["augment"])
        device = objects.pixels.device
        self.size, self.statistics, self.generator = size, statistics, generator
        self.n, self.n_members = len(objects), len(views)
        self.product = recipe["augment_mode"] == "product"
        self.sigma = recipe["brightness_nmgy"]
        self.tables = pixel_tables(size, size, views).to(device)
        self.blur = torch.tensor([view.blur for view in views], device=device)
        self.bright = torch.tensor([view.brightness for view in views], device=device)
        self.offset = any(view.brightness for view in views)
        self.objects = objects
        self.pixels, self.noise = objects.pixels, objects.noise
        self.targets, self.device = objects.targets, device
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
        rows, member = picks % self.n, picks // self.n
        if not self.product:
            member = torch.randint(
                self.n_members, rows.shape, generator=self.generator, device=rows.device
            )
        source = rows + self.n * self.blur[member]
        pixels = gather(self.pixels, source, self.tables[member])
        if self.offset:
            # Added to whole rows of a patch at once: runs of one value a band are slow.
            lines = self._offsets(rows, member).repeat(1, self.size)
            pixels.view(len(rows), self.size, -1).add_(lines[:, None, :])
            noise = None if self.noise is None else self.noise[rows]
            pixels = stretched(pixels, noise, self.statistics)
        extra = None if self.objects.extra is None else self.objects.extra[rows]
        return as_images(pixels, self.size, self.size), extra, self.objects.targets[rows]

    def _offsets(self, rows: torch.Tensor, member: torch.Tensor) -> torch.Tensor:
        if self.product:
            offsets = self.offsets[member, rows]
        else:
            offsets = self._draw((len(rows), self.pixels.shape[2]))
        return offsets * self.bright[member, None]

    def _draw(self, shape: tuple[int, ...]) -> torch.Tensor:
        device = self.pixels.device
        return self.sigma * torch.randn(shape, generator=self.generator, device=device)
