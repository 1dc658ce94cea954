"""A kernel method as a network: smooth decisions from a few measured columns, without pixels."""

import torch
from torch import nn


class Kernel(nn.Module):
    """Logistic regression on random Fourier features of the columns (Rahimi & Recht 2007).

    The features stand in for a Gaussian kernel exp(-gamma d^2) of the distance d between two
    objects' columns, each of spread 1. They are bounded, so far from the training objects an answer
    tends to indifference instead of growing without end as a linear one does. Only `head` is
    trained.
    """

    def __init__(self, n_outputs, n_extra, width, gamma, l2):
        super().__init__()
        self.gamma, self.l2 = gamma, l2
        self.register_buffer("direction", torch.empty(width, n_extra))
        self.register_buffer("phase", torch.empty(width))
        self.head = nn.Linear(width, n_outputs)

    def forward(self, images, extra=None):
        return self.head(2**0.5 * torch.cos(extra @ self.direction.T + self.phase))

    def penalty(self) -> torch.Tensor:
        """L2 term of the loss, in units in which the kernel of an object with itself is 1."""
        return self.l2 * len(self.phase) * self.head.weight.square().sum()

    def reset(self, generator: torch.Generator) -> None:
        """Draw the random features; the decision starts indifferent."""
        with torch.no_grad():
            self.direction.normal_(generator=generator).mul_((2 * self.gamma) ** 0.5)
            self.phase.uniform_(0, 2 * torch.pi, generator=generator)
            self.head.weight.zero_()
            self.head.bias.zero_()


def network(
    name: str,
    *,
    in_channels: int,
    size: int,
    n_outputs: int,
    n_extra: int,
    width: int = 400,
    gamma: float = 0.03,
    l2: float = 2.0e-4,
) -> Kernel:
    """`columns-kernel` with `width` random features; it needs `model.extra` and sees no pixel."""
    if name != "columns-kernel":
        raise ValueError(f"there is no {name}; there is columns-kernel")
    if n_extra == 0:
        raise ValueError("it reads columns only; name some in extra")
    return Kernel(n_outputs, n_extra, width, gamma, l2)
