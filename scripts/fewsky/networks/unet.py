"""The contracting path of a U-Net as a classifier of patches.

Ronneberger, Fischer & Brox 2015 (arXiv:1505.04597): at every level two convolutions of 3 x 3 px
with rectifiers, then the maximum over 2 x 2 px, the channels doubling. Ours pads, so that small
patches reach every level; the mean of the last maps is what is read out.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from fewsky.networks.layers import Dropout, he_normal, restart_statistics


class Encoder(nn.Module):
    """Levels of two convolutions; the mean of the last level's maps, dropout and a linear head."""

    def __init__(self, channels, n_outputs, n_extra, norm, dropout):
        super().__init__()
        self.levels = nn.ModuleList(level(*pair, norm) for pair in pairwise(channels))
        self.drop = Dropout(dropout)
        self.head = nn.Linear(channels[-1] + n_extra, n_outputs)

    def forward(self, images, extra=None):
        x = images
        for k, part in enumerate(self.levels):
            x = part(F.max_pool2d(x, 2) if k else x)
        x = x.mean(dim=(2, 3))
        x = x if extra is None else torch.cat([x, extra], dim=1)
        return self.head(self.drop(x))

    def reset(self, generator: torch.Generator) -> None:
        """Set fresh weights."""
        he_normal(self, generator)
        restart_statistics(self)


def level(before: int, after: int, norm: bool) -> nn.Sequential:
    """Two convolutions of 3 x 3 px that keep the side, each normalised if asked and rectified."""
    parts = []
    for width in (before, after):
        parts.append(nn.Conv2d(width, after, 3, padding=1))
        parts += [nn.BatchNorm2d(after)] if norm else []
        parts.append(nn.ReLU())
    return nn.Sequential(*parts)


def network(
    name: str,
    *,
    in_channels: int,
    size: int,
    n_outputs: int,
    n_extra: int,
    blocks: int = 4,
    width: int = 16,
    batch_norm: bool = False,
    dropout: float = 0.5,
) -> Encoder:
    """`unet-encoder` with `blocks` levels; the original has 5, of 64 channels and more."""
    if name != "unet-encoder":
        raise ValueError(f"there is no {name}; there is unet-encoder")
    if size >> (blocks - 1) < 1:
        raise ValueError(f"patches of {size} px vanish after {blocks} levels")
    channels = [in_channels, *(width * 2**k for k in range(blocks))]
    return Encoder(channels, n_outputs, n_extra, batch_norm, dropout)
