"""Layers that every family shares: dropout with a generator of its own, and first weights."""

import torch
from torch import nn


class Dropout(nn.Module):
    """Dropout whose masks come from a generator that is passed, never from the global one.

    Parameters
    ----------
    rate : float
        Share of values set to 0 in training; the rest are divided by `1 - rate`.
    whole_channels : bool
        Drop channels of `(n, channel, y, x)` rather than values (Keras: SpatialDropout2D).
    """

    def __init__(self, rate: float, whole_channels: bool = False):
        super().__init__()
        self.rate, self.whole_channels = rate, whole_channels
        self.generator: torch.Generator | None = None
        self.n: int | None = None
        self.rows = slice(None)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if not self.training or self.rate == 0:
            return values
        shape = values.shape[:2] if self.whole_channels else values.shape
        whole = (self.n or len(values), *shape[1:])
        draws = torch.rand(whole, generator=self.generator, device=values.device)[self.rows]
        mask = (draws >= self.rate).to(values.dtype) / (1 - self.rate)
        return values * (mask[:, :, None, None] if self.whole_channels else mask)


def use_generator(network: nn.Module, generator: torch.Generator) -> None:
    """Give every dropout of a network its source of masks."""
    for module in network.modules():
        if isinstance(module, Dropout):
            module.generator = generator


def use_share(network: nn.Module, n: int, rows: slice) -> None:
    """Tell every dropout that its values are `rows` of a batch of n, so that all n get a mask."""
    for module in network.modules():
        if isinstance(module, Dropout):
            module.n, module.rows = n, rows


def glorot_uniform(network: nn.Module, generator: torch.Generator) -> None:
    """Set weights uniform within sqrt(6 / (fan in + fan out)) and biases 0, as Keras does.

    Glorot & Bengio 2010, AISTATS 9, 249, equation 16.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)


def he_normal(network: nn.Module, generator: torch.Generator) -> None:
    """Set weights normal with variance 2 / fan in and biases 0, for rectifiers.

    He et al. 2015 (arXiv:1502.01852, equation 10).
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(module.bias)


def restart_statistics(network: nn.Module) -> None:
    """Set every batch normalisation to scale 1, shift 0 and fresh running statistics."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_parameters()
