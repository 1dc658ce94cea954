"""Ruhmer's two convolutional networks for SDSS stars and galaxies (his `base_model` and
`regularized_model`, github.com/NoahRuhmer/AMLS-Star-Galaxy-Classification).
"""

import torch
from torch import nn
from torch.nn import functional as F

from fewsky.networks.layers import Dropout, glorot_uniform

REGULARISED = {"spatial_dropout": 0.1, "dropout": 0.1, "head_dropout": 0.5, "l2": 0.01}
BASE = dict.fromkeys(REGULARISED, 0.0)


class Ruhmer(nn.Module):
    """Two convolutions with pooling and two dense layers; 151,297 weights for 25 px, 5 bands.

    Maps are 23, 11, 9 and 4 px wide for 25 px. Two liberties that change no number: pooling stands
    before the rectifier, which is monotonic, so that a quarter of the values are rectified; and in
    training the last rows and columns that no output depends on (pooling drops the last one of an
    odd map: 3 of 25 in all) are cut off first.
    """

    def __init__(self, in_channels, size, n_outputs, n_extra, rates):
        super().__init__()
        side = ((size - 2) // 2 - 2) // 2
        self.seen = 2 * (2 * side + 2) + 2
        if side < 1:
            raise ValueError(f"patches of {size} px vanish; at least 10 px are needed")
        self.l2 = rates["l2"]
        self.conv1 = nn.Conv2d(in_channels, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.drop = nn.Sequential(
            Dropout(rates["spatial_dropout"], whole_channels=True), Dropout(rates["dropout"])
        )
        self.dense = nn.Linear(64 * side * side + n_extra, 128)
        self.head_drop = Dropout(rates["head_dropout"])
        self.head = nn.Linear(128, n_outputs)

    def forward(self, images, extra=None):
        if self.training and self.seen < images.shape[-1]:
            images = images[..., : self.seen, : self.seen]
        x = self.drop(F.relu(F.max_pool2d(self.conv1(images), 2)))
        x = self.drop(F.relu(F.max_pool2d(self.conv2(x), 2))).flatten(1)
        x = x if extra is None else torch.cat([x, extra], dim=1)
        return self.head(self.head_drop(F.relu(self.dense(x))))

    def penalty(self) -> torch.Tensor | float:
        """L2 term of the loss: Keras adds `l2` times the sum of squares of the second kernel."""
        return self.l2 * self.conv2.weight.square().sum() if self.l2 else 0.0

    def reset(self, generator: torch.Generator) -> None:
        """Set fresh weights."""
        glorot_uniform(self, generator)


def network(name: str, *, in_channels: int, size: int, n_outputs: int, n_extra: int) -> Ruhmer:
    """`ruhmer-base` or `ruhmer-regularised`."""
    rates = {"ruhmer-base": BASE, "ruhmer-regularised": REGULARISED}.get(name)
    if rates is None:
        raise ValueError(f"there is no {name}; there are ruhmer-base and ruhmer-regularised")
    return Ruhmer(in_channels, size, n_outputs, n_extra, rates)
