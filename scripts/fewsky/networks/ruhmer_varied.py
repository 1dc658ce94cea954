"""Ruhmer's regularised network with what he says he tried as settings, one default for each.

The defaults are his network as the module `ruhmer` builds it, to the bit. His report names batch
normalisation, more layers and other kernels and poolings without their numbers; where a setting
leaves a choice (where normalisation stands, how wide a further layer is), the usual one is taken.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from fewsky.networks.layers import Dropout, glorot_uniform, restart_statistics


class RuhmerVaried(nn.Module):
    """Blocks of a convolution and a pooling, the channels doubling, and two dense layers.

    As in `ruhmer`, pooling stands before the rectifier where that changes no number (not with
    means), and in training the last rows and columns that no output depends on are cut off first.
    """

    def __init__(self, channels, sides, kernel, pool, n_outputs, n_extra, dense, norm, rates, l2):
        super().__init__()
        self.n_blocks = len(channels) - 1
        self.seen = receptive(sides[-1], self.n_blocks, kernel, pool)
        (self.pool_kind, self.pool_px), self.l2 = pool, l2
        for k, (before, after) in enumerate(pairwise(channels), 1):
            setattr(self, f"conv{k}", nn.Conv2d(before, after, kernel))
        self.norms = nn.ModuleList(map(nn.BatchNorm2d, channels[1:] if norm else []))
        self.drop = nn.Sequential(
            Dropout(rates["spatial_dropout"], whole_channels=True), Dropout(rates["dropout"])
        )
        self.dense = nn.Linear(channels[-1] * sides[-1] ** 2 + n_extra, dense)
        self.head_drop = Dropout(rates["head_dropout"])
        self.head = nn.Linear(dense, n_outputs)

    def forward(self, images, extra=None):
        x = images
        if self.training and self.seen < x.shape[-1]:
            x = x[..., : self.seen, : self.seen]
        for k in range(self.n_blocks):
            x = self.drop(self.pooled(self.filtered(x, k)))
        x = x.flatten(1)
        x = x if extra is None else torch.cat([x, extra], dim=1)
        return self.head(self.head_drop(F.relu(self.dense(x))))

    def filtered(self, x: torch.Tensor, k: int) -> torch.Tensor:
        """What convolution k, from 0, makes of `(n, channel, y, x)`, normalised if asked."""
        x = getattr(self, f"conv{k + 1}")(x)
        return self.norms[k](x) if len(self.norms) else x

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """Maps rectified and pooled."""
        if self.pool_kind == "max":
            return F.relu(F.max_pool2d(x, self.pool_px))
        return F.avg_pool2d(F.relu(x), self.pool_px)

    def penalty(self) -> torch.Tensor | float:
        """L2 term of the loss: `l2` times the sum of squares of every kernel after the first."""
        if not self.l2:
            return 0.0
        later = (getattr(self, f"conv{k}").weight for k in range(2, self.n_blocks + 1))
        return sum(self.l2 * weight.square().sum() for weight in later)

    def reset(self, generator: torch.Generator) -> None:
        """Set fresh weights."""
        glorot_uniform(self, generator)
        restart_statistics(self)


def sides_of(size: int, blocks: int, kernel: int, pool_px: int) -> list[int]:
    """Side of the patch and of the maps after each block, in pixels.

    Raises ValueError where nothing is left.
    """
    sides = [size]
    for _ in range(blocks):
        sides.append((sides[-1] - kernel + 1) // pool_px)
    if sides[-1] < 1:
        raise ValueError(f"patches of {size} px vanish after {blocks} blocks")
    return sides


def receptive(side: int, blocks: int, kernel: int, pool: tuple[str, int]) -> int:
    """Side in pixels of what `side` pixels of the last maps depend on."""
    for _ in range(blocks):
        side = side * pool[1] + kernel - 1
    return side


def network(
    name: str,
    *,
    in_channels: int,
    size: int,
    n_outputs: int,
    n_extra: int,
    blocks: int = 2,
    width: int = 32,
    kernel: int = 3,
    pool: str = "max",
    pool_px: int = 2,
    dense: int = 128,
    batch_norm: bool = False,
    spatial_dropout: float = 0.1,
    dropout: float = 0.1,
    head_dropout: float = 0.5,
    l2: float = 0.01,
) -> RuhmerVaried:
    """`ruhmer_varied`; 151,297 weights for 25 px, 5 bands and the defaults."""
    if name != "ruhmer_varied" or pool not in ("max", "mean"):
        raise ValueError(f"there is no {name} with a pooling by {pool}")
    sides = sides_of(size, blocks, kernel, pool_px)
    channels = [in_channels, *(width * 2**k for k in range(blocks))]
    rates = {"spatial_dropout": spatial_dropout, "dropout": dropout, "head_dropout": head_dropout}
    form = (channels, sides, kernel, (pool, pool_px))
    return RuhmerVaried(*form, n_outputs, n_extra, dense, batch_norm, rates, l2)
