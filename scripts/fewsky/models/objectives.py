"""What a network is trained for: how its outputs become a loss and, with classes, probabilities."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn import functional as F

from fewsky.console import FewskyError
from fewsky.losses import OF_CLASSES, check_loss, has_one_output

if TYPE_CHECKING:
    from fewsky.models.sources import Batch, Batches, Held


class Objective(Protocol):
    """Everything the trainer asks of a kind of task; `n_classes` is 0 where there are none."""

    n_outputs: int
    n_classes: int

    def batch(self, views: "Batches", picks: torch.Tensor) -> "Batch":
        """Images, extra scalars and targets of a step, from some of the epoch's views."""

    def held(self, held: "Held") -> "Held":
        """Validation objects as they are looked at after each epoch."""

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each object, `(n,)`."""

    def right(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Whether the likeliest class is the target, bool `(n,)`; without classes it never is."""


class ClassObjective(Objective, Protocol):
    """What is asked beside it where the targets are classes."""

    def soft_loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each object, `(n,)`, against class probabilities `(n, class)`."""

    def probabilities(self, outputs: torch.Tensor) -> torch.Tensor:
        """Probability of every class, `(n, class)`."""


class AsGiven:
    """Views and validation objects as the source gives them."""

    def batch(self, views, picks):
        return views.batch(picks)

    def held(self, held):
        return held


class TwoClasses(AsGiven):
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


class ManyClasses(AsGiven):
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


class Targets(AsGiven):
    """One output a target; targets `(n, target)` are scaled, NaN where missing.

    The loss of an object is the mean of `kind` over its known targets: mae (absolute difference),
    mse (squared) or huber (half the square below 1, then linear), 0 where it has none.
    """

    n_classes = 0

    def __init__(self, n_targets: int, kind: str):
        self.n_outputs = n_targets
        self.each = {"mae": F.l1_loss, "mse": F.mse_loss, "huber": F.huber_loss}[kind]

    def loss(self, outputs, targets):
        known = ~torch.isnan(targets)
        # NaN times 0 is NaN: what is missing is compared with the output itself.
        losses = self.each(outputs, torch.where(known, targets, outputs.detach()), reduction="none")
        return losses.sum(dim=1) / known.sum(dim=1).clamp(min=1)

    def right(self, outputs, targets):
        return torch.zeros(len(outputs), dtype=torch.bool, device=outputs.device)


def objective_of(told: Mapping[str, Any], size: int, channels: int) -> Objective:
    """The objective of a training's settings, or of a network's card.

    `told` has `classes`, `recipe`, `seed` and, for a task with targets, `targets`, for one with
    boxes, `boxes`; `size` is the side of an image in pixels and `channels` those of the network's
    input. Raises FewskyError where the loss does not fit the task.
    """
    recipe, targets = told["recipe"], told.get("targets")
    if targets is None and not told.get("boxes"):
        return objective(recipe["loss"], len(told["classes"]))
    check_loss("recipe.loss", recipe["loss"], told)
    if recipe["loss"] == "own":
        from fewsky.models.detect import Boxes

        return Boxes(len(told["boxes"]["classes"]))
    if recipe["loss"] == "contrastive":
        from fewsky.models.contrastive import Contrastive

        return Contrastive(recipe["projection"], recipe["temperature"], recipe.get("jitter"))
    if recipe["loss"] == "masked":
        from fewsky.models.masked import Masked

        cell, share = recipe["mask_cell"], recipe["mask_share"]
        return Masked(size, channels, cell, share, told["seed"])
    return Targets(len(targets["columns"]), recipe["loss"])


def objective(loss: str, n_classes: int) -> ClassObjective:
    """The objective of classes by the recipe's `loss`; auto gives two classes one output, more one
    each.
    """
    if loss not in OF_CLASSES:
        check_loss("recipe.loss", loss, {})
    if loss == "binary" and n_classes != 2:
        raise FewskyError(
            f"recipe.loss: wanted auto or softmax for {n_classes} classes; found binary."
        )
    return TwoClasses() if has_one_output(loss, n_classes) else ManyClasses(n_classes)
