"""A start without labels: squares of an image are hidden, and what they held is to be told.

In the manner of masked image modelling (He et al. 2022, arXiv:2111.06377; Xie et al. 2022,
arXiv:2111.09886), made small: hidden are squares of the stretched image, and the network's output
layer tells the mean of each square and channel, so that no decoder is needed.
"""

from math import ceil

import numpy as np
import torch
from torch.nn import functional as F

from fewsky.console import FewskyError
from fewsky.models.sources import Batch, Held
from fewsky.models.views import Views


class Masked:
    """Squares of `cell` pixels of images `(channels, size, size)`, of which a share is hidden.

    Squares at the right and lower edge are cut off where `cell` does not divide `size`. Outputs
    and targets are `(n, channel * square)`, in units of the stretch; targets are NaN where a square
    is shown. `seed` decides what is hidden of held objects.
    """

    n_classes = 0

    def __init__(self, size: int, channels: int, cell: int, share: float, seed: int):
        self.size, self.channels, self.cell, self.seed = size, channels, cell, seed
        self.side = ceil(size / cell)
        squares = self.side**2
        if squares < 2:
            raise FewskyError(
                f"recipe.mask_cell: wanted squares smaller than the image of {size} px; found "
                f"{cell}. Lower it."
            )
        self.n_hidden = min(max(round(share * squares), 1), squares - 1)
        self.n_outputs = channels * squares

    def batch(self, views: Views, picks: torch.Tensor) -> Batch:
        """Views of the picks with squares hidden at random, by the views' own generator.

        Raises FewskyError where the inputs are no images of that size.
        """
        images, extra, _ = views.batch(picks)
        self._check(images)
        numbers = torch.rand(
            (len(picks), self.side**2), generator=views.generator, device=images.device
        )
        return *self._masked(images, extra, numbers), self._targets(images, numbers)

    def held(self, held: Held) -> Held:
        """The objects with squares hidden by their place, the same each time."""
        self._check(held.inputs)
        rng = np.random.default_rng(self.seed)
        numbers = rng.random((len(held), self.side**2), dtype=np.float32)
        numbers = torch.from_numpy(numbers).to(held.inputs.device)
        targets = self._targets(held.inputs, numbers)
        return Held(*self._masked(held.inputs, held.extra, numbers), targets)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean squared error of each object's hidden squares, `(n,)`."""
        known = targets.isfinite()
        errors = torch.where(known, outputs - torch.nan_to_num(targets), 0.0).square()
        return errors.sum(dim=1) / known.sum(dim=1)

    def right(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """There are no classes: False, `(n,)`."""
        return torch.zeros(len(outputs), dtype=torch.bool, device=outputs.device)

    def hidden(self, numbers: torch.Tensor) -> torch.Tensor:
        """Which squares are hidden, bool `(n, square)`: those of the smallest numbers."""
        return numbers.argsort(dim=1).argsort(dim=1) < self.n_hidden

    def _masked(self, images: torch.Tensor, extra, numbers: torch.Tensor):
        """The images with 0 in hidden squares, and the extra scalars as they are."""
        squares = self.hidden(numbers).view(-1, 1, self.side, self.side)
        pixels = squares.repeat_interleave(self.cell, 2).repeat_interleave(self.cell, 3)
        return images.masked_fill(pixels[:, :, : self.size, : self.size], 0.0), extra

    def _targets(self, images: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        means = F.avg_pool2d(images, self.cell, ceil_mode=True, count_include_pad=False)
        shown = ~self.hidden(numbers).repeat(1, self.channels)
        return means.reshape(len(images), -1).masked_fill(shown, torch.nan)

    def _check(self, images: torch.Tensor) -> None:
        wanted = (self.channels, self.size, self.size)
        if tuple(images.shape[1:]) != wanted:
            raise FewskyError(
                f"recipe.loss: wanted images {wanted} for masked; found inputs "
                f"{tuple(images.shape[1:])}. Train the whole network (unfreeze: all)."
            )
