"""What a network is trained for: how its outputs become a loss and probabilities a class."""

from typing import Protocol

import torch
from torch.nn import functional as F

from fewsky.console import FewskyError


class Objective(Protocol):
    """Everything the trainer asks of a kind of task."""

    n_outputs: int
    n_classes: int

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each object, `(n,)`."""

    def soft_loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each object, `(n,)`, against class probabilities `(n, class)`."""

    def right(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Whether the likeliest class is the target, bool `(n,)`."""

    def probabilities(self, outputs: torch.Tensor) -> torch.Tensor:
        """Probability of every class, `(n, class)`."""


class TwoClasses:
    """One output for two classes: the log-odds of the second, under binary cross-entropy."""

    n_outputs, n_classes = 1, 2

    def soft_loss(self, outputs, targets):
        return F.binary_cross_entropy_with_logits(outputs[:, 0], targets[:, 1], reduction="none")

    def loss(self, outputs, targets):
        return F.binary_cross_entropy_with_logits(
            outputs[:, 0], targets.to(outputs.dtype), reduction="none"
        )

    def right(self, outputs, targets):
        return (outputs[:, 0] > 0) == (targets == 1)

    def probabilities(self, outputs):
        return torch.sigmoid(torch.cat([-outputs, outputs], dim=1))


class ManyClasses:
    """One output a class: log-probabilities up to a constant, under cross-entropy."""

    def __init__(self, n_classes: int):
        self.n_outputs = self.n_classes = n_classes

    def soft_loss(self, outputs, targets):
        return F.cross_entropy(outputs, targets, reduction="none")

    def loss(self, outputs, targets):
        return F.cross_entropy(outputs, targets, reduction="none")

    def right(self, outputs, targets):
        return outputs.argmax(dim=1) == targets

    def probabilities(self, outputs):
        return torch.softmax(outputs, dim=1)


def objective(loss: str, n_classes: int) -> Objective:
    """The objective by the recipe's `loss`; auto gives two classes one output, more one each."""
    if loss == "binary" and n_classes != 2:
        raise FewskyError(
            f"recipe.loss: wanted auto or softmax for {n_classes} classes; found binary."
        )
    return TwoClasses() if n_classes == 2 and loss != "softmax" else ManyClasses(n_classes)
