"""Plain convolutional networks, trained from nothing: convolutions, a dense layer, a head.

Their sizes are ours where a report names layers and gives no numbers; the searched network has two
convolutions whose filters, kernels, dense units and dropout are settings.
"""

from collections import OrderedDict

import torch
from torch import nn

from fewsky.networks.backbone import Backbone
from fewsky.networks.layers import Dropout, glorot_uniform, restart_statistics

# Filters of each convolution, dense units.
SIZES = {
    "scratch-simple": ([32, 64], 64),
    "scratch-bigger": ([32, 64, 128, 128], 128),
    "scratch-two": ([16, 32], 32),
}


class Scratch(Backbone):
    """A chain of convolutions with pooling, one dense layer and a linear head.

    `l1` and `l2` are what Keras's L1L2 adds to the loss for the kernels of convolutions and of the
    dense layer: `l1` times the sum of sizes and `l2` times the sum of squares.
    """

    def __init__(self, trunk: nn.Sequential, head: nn.Linear, l1: float, l2: float):
        super().__init__(trunk, head)
        self.l1, self.l2 = l1, l2

    def penalty(self) -> torch.Tensor | float:
        """The L1 and L2 terms of the loss."""
        if not (self.l1 or self.l2):
            return 0.0
        kernels = [m.weight for m in self.trunk.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
        return sum(self.l1 * k.abs().sum() + self.l2 * k.square().sum() for k in kernels)

    def reset(self, generator: torch.Generator) -> None:
        """Set fresh weights and statistics."""
        glorot_uniform(self, generator)
        restart_statistics(self)


def network(
    name: str,
    *,
    in_channels: int,
    size: int,
    n_outputs: int,
    n_extra: int,
    filters: list[int] | None = None,
    kernels: list[int] | None = None,
    dense: int | None = None,
    dropout: float = 0.0,
    batch_norm: bool = False,
    l1: float = 0.0,
    l2: float = 0.0,
) -> Scratch:
    """`scratch-simple` (two convolutions), `scratch-bigger` (four) or `scratch-two` (searched)."""
    if name not in SIZES:
        raise ValueError(f"there is no {name}; there are {', '.join(SIZES)}")
    if n_extra:
        raise ValueError("it takes images only, no extra columns")
    usual, units = SIZES[name]
    filters, dense = filters or usual, dense or units
    kernels = kernels or [3] * len(filters)
    if len(kernels) != len(filters):
        raise ValueError(f"{len(filters)} filters need as many kernels, not {len(kernels)}")
    side = size >> len(filters)
    if side < 1:
        raise ValueError(f"images of {size} px vanish in {len(filters)} poolings")
    steps: OrderedDict[str, nn.Module] = OrderedDict()
    for k, (wide, kernel) in enumerate(zip(filters, kernels, strict=True), 1):
        steps[f"conv{k}"] = _convolution(in_channels, wide, kernel, batch_norm, dropout / 2)
        in_channels = wide
    steps["flatten"] = nn.Flatten()
    steps["dense"] = nn.Sequential(
        nn.Linear(in_channels * side * side, dense), nn.ReLU(), Dropout(dropout)
    )
    return Scratch(nn.Sequential(steps), nn.Linear(dense, n_outputs), l1, l2)


def _convolution(before: int, after: int, kernel: int, batch_norm: bool, rate: float):
    """Convolution, normalisation if asked, rectifier, pooling to half the side, dropout."""
    parts = [("conv", nn.Conv2d(before, after, kernel, padding="same"))]
    parts += [("norm", nn.BatchNorm2d(after))] if batch_norm else []
    parts += [("relu", nn.ReLU()), ("pool", nn.MaxPool2d(2)), ("drop", Dropout(rate))]
    return nn.Sequential(OrderedDict(parts))
