"""A small network for patches with the object in the centre, friendly to turns and reflections.

Every layer treats the four sides alike, and what is read out (the mean and the centre of the last
maps) stays where it is under a turn. Only kernels have to learn the symmetry, from augmentation.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fewsky.networks.layers import Dropout, he_normal


class Compact(nn.Module):
    """Three convolutions at full, half and quarter size; mean and centre of the last are read out.

    There are no batch statistics, so small batches and other fields need no special care.
    """

    def __init__(self, in_channels, n_outputs, n_extra, width, dropout):
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1)
            for before, after in ((in_channels, width), (width, 2 * width), (2 * width, 2 * width))
        )
        self.dense = nn.Linear(4 * width + n_extra, 2 * width)
        self.drop = Dropout(dropout)
        self.head = nn.Linear(2 * width, n_outputs)

    def forward(self, images, extra=None):
        first, second, third = self.convolutions
        x = F.relu(first(images))
        x = F.relu(second(halved(x)))
        x = F.relu(third(halved(x)))
        parts = [x.mean(dim=(2, 3)), centre(x)]
        parts += [] if extra is None else [extra]
        x = self.drop(torch.cat(parts, dim=1))
        return self.head(self.drop(F.relu(self.dense(x))))

    def reset(self, generator: torch.Generator) -> None:
        """Set fresh weights."""
        he_normal(self, generator)


def halved(maps: torch.Tensor) -> torch.Tensor:
    """Maps `(n, channel, y, x)` of half the side, means of 3 x 3 px (2 x 2 for an even side)."""
    if maps.shape[-1] % 2 == 0:
        return F.avg_pool2d(maps, 2)
    return F.avg_pool2d(maps, 3, stride=2, padding=1, count_include_pad=False)


def centre(maps: torch.Tensor) -> torch.Tensor:
    """Value `(n, channel)` at the centre: of one pixel, or the mean of four for an even side."""
    side = maps.shape[-1]
    middle = slice((side - 1) // 2, side // 2 + 1)
    return maps[:, :, middle, middle].mean(dim=(2, 3))


def network(
    name: str,
    *,
    in_channels: int,
    size: int,
    n_outputs: int,
    n_extra: int,
    width: int = 16,
    dropout: float = 0.2,
) -> Compact:
    """`compact`, with `width` channels in its first map and twice that later."""
    if name != "compact":
        raise ValueError(f"there is no {name}; there is compact")
    return Compact(in_channels, n_outputs, n_extra, width, dropout)
