"""A small network for patches with the object in the centre, friendly to turns and reflections.

Every layer keeps the centre pixel in the centre and treats the four sides alike, so that a turned
patch gives turned maps; what is read out is the map's mean and its centre, which a turn leaves
where they are. Only the kernels themselves have to learn the symmetry, from augmentation.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fewsky.networks.layers import Dropout


class Compact(nn.Module):
    """Three stages of two convolutions each, mean and centre read out; no normalisation layers.

    Without batch statistics, small batches and other fields need no special care.
    """

    def __init__(self, in_channels, n_outputs, n_extra, width, dropout):
        super().__init__()
        import os
        n=[int(c) for c in os.environ.get("CONVS","222")]
        widths = [in_channels, width, 2 * width, 2 * width]
        self.stages = nn.ModuleList(
            nn.ModuleList(
                [nn.Conv2d(before if j==0 else after, after, 3, padding=1) for j in range(m)]
            )
            for m, before, after in zip(n, widths, widths[1:], strict=False)
        )
        self.dense = nn.Linear(4 * width + n_extra, 2 * width)
        self.drop = Dropout(dropout)
        self.head = nn.Linear(2 * width, n_outputs)

    def forward(self, images, extra=None):
        x = images
        for k, convs in enumerate(self.stages):
            x = x if k == 0 else halved(x)
            for c in convs: x = F.relu(c(x))
        middle = x.shape[-1] // 2
        parts = [x.mean(dim=(2, 3)), x[:, :, middle, middle]]
        parts += [] if extra is None else [extra]
        return self.head(self.drop(F.relu(self.dense(self.drop(torch.cat(parts, dim=1))))))

    def reset(self, generator: torch.Generator) -> None:
        """Set fresh weights: He et al. 2015 (arXiv:1502.01852, equation 10), biases 0."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                nn.init.zeros_(module.bias)


def halved(maps: torch.Tensor) -> torch.Tensor:
    """Maps `(n, channel, y, x)` of half the side, the centre of an odd side kept."""
    return F.avg_pool2d(maps, 3, stride=2, padding=1, count_include_pad=False)


def network(
    name: str,
    *,
    in_channels: int,
    size: int,
    n_outputs: int,
    n_extra: int,
    width: int = 32,
    dropout: float = 0.2,
) -> Compact:
    """`compact`, with `width` channels in its first stage and twice that later."""
    if name != "compact":
        raise ValueError(f"there is no {name}; there is compact")
    return Compact(in_channels, n_outputs, n_extra, width, dropout)
