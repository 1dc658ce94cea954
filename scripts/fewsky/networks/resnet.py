"""Small residual networks for patches, after those that He et al. 2016 made for 32 px images.

He, Zhang, Ren & Sun 2016 (arXiv:1512.03385, section 4.2): a convolution, three stages of blocks
with 16, 32 and 64 channels at full, half and quarter side, the mean of the last maps, a linear
layer. Shortcuts have no weights: they take every second pixel and fill new channels with zeros.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from fewsky.networks.layers import restart_statistics

STAGES = 3


class Block(nn.Module):
    """Two convolutions of 3 x 3 px, each normalised, added to what came in, and rectified."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.stride, self.new = (1 if before == after else 2), after - before
        self.conv1 = nn.Conv2d(before, after, 3, stride=self.stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)

    def forward(self, x):
        found = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        x = F.pad(x[..., :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new))
        return F.relu(found + x)


class Residual(nn.Module):
    """A convolution, stages of residual blocks, the mean of the last maps, a linear head."""

    def __init__(self, in_channels, width, blocks, n_outputs, n_extra):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        wide = [width, *(width * 2 ** (k // blocks) for k in range(STAGES * blocks))]
        self.blocks = nn.Sequential(*(Block(*pair) for pair in pairwise(wide)))
        self.head = nn.Linear(wide[-1] + n_extra, n_outputs)

    def forward(self, images, extra=None):
        x = F.relu(self.norm(self.conv(images)))
        x = self.blocks(x).mean(dim=(2, 3))
        return self.head(x if extra is None else torch.cat([x, extra], dim=1))

    def reset(self, generator: torch.Generator) -> None:
        """Set fresh weights: normal with variance 2 / fan in, the head's bias 0."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(self.head.bias)
        restart_statistics(self)


def network(
    name: str,
    *,
    in_channels: int,
    size: int,
    n_outputs: int,
    n_extra: int,
    blocks: int = 1,
    width: int = 16,
) -> Residual:
    """`resnet` with `blocks` in each of its three stages: 6 blocks + 2 layers with weights."""
    if name != "resnet":
        raise ValueError(f"there is no {name}; there is resnet")
    return Residual(in_channels, width, blocks, n_outputs, n_extra)
