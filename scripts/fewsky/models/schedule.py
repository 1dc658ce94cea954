"""Optimisers, learning rates and early stopping: plain functions of a run's progress."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass
class Progress:
    """Where a run stands; with the tensors of a checkpoint, all that a resumed run needs."""

    epoch: int = 0
    step: int = 0
    seen: int = 0
    finished: bool = False
    best: float = math.inf
    best_epoch: int = 0
    plateau_best: float = math.inf
    plateau_since: int = 0
    plateau_factor: float = 1.0
    history: list[dict[str, Any]] = field(default_factory=list)


def make_optimiser(network: torch.nn.Module, recipe: dict[str, Any]) -> torch.optim.Optimizer:
    """Adam, AdamW (decoupled decay) or SGD with Nesterov momentum over the trainable weights."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    common = {"lr": recipe["learning_rate"], "weight_decay": recipe["weight_decay"], "fused": True}
    if recipe["optimizer"] == "sgd":
        momentum = recipe["momentum"]
        return torch.optim.SGD(weights, momentum=momentum, nesterov=momentum > 0, **common)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe["optimizer"]]
    return kind(weights, eps=recipe["epsilon"], **common)


def total_steps(recipe: dict[str, Any], steps_per_epoch: int) -> int:
    """Optimiser steps of a run that early stopping does not end.

    `max_epochs`, but at least `min_steps` (a few labels make epochs of one step), and at most
    `max_steps`.
    """
    steps = max(recipe["max_epochs"] * steps_per_epoch, recipe["min_steps"])
    return min(steps, recipe["max_steps"] or steps)


def learning_rate(recipe: dict[str, Any], progress: Progress, total: int) -> float:
    """Learning rate of the next step.

    The first `warmup` share of all steps rises linearly; then constant, a half cosine to 0, or
    constant times the factor that `plateau` has reached.
    """
    warmup = recipe["warmup"] * total
    rate, step = recipe["learning_rate"], progress.step
    if step < warmup:
        return rate * (step + 1) / (warmup + 1)
    if recipe["schedule"] == "cosine":
        return rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))
    return rate * progress.plateau_factor


def judge(progress: Progress, recipe: dict[str, Any], row: dict[str, Any], total: int) -> bool:
    """Note an epoch's results in `progress`; True where its weights are the best so far.

    As Keras has it, early stopping counts epochs without a new best, and a plateau multiplies the
    learning rate by `plateau_factor` after `plateau_patience` epochs without a lower validation
    loss. Ties keep the earlier epoch.
    """
    sign = -1 if recipe["monitor"].endswith("accuracy") else 1
    value = sign * row[recipe["monitor"]] if row[recipe["monitor"]] is not None else math.inf
    better = value < progress.best
    if better:
        progress.best, progress.best_epoch = value, progress.epoch
    if recipe["schedule"] == "plateau":
        _plateau(progress, recipe, row["val_loss"])
    waited = progress.epoch - progress.best_epoch
    out_of_patience = recipe["patience"] is not None and waited >= recipe["patience"]
    progress.finished = out_of_patience or progress.step >= total
    return better


def _plateau(progress: Progress, recipe: dict[str, Any], loss: float) -> None:
    if loss < progress.plateau_best:
        progress.plateau_best, progress.plateau_since = loss, progress.epoch
    elif progress.epoch - progress.plateau_since >= recipe["plateau_patience"]:
        progress.plateau_factor *= recipe["plateau_factor"]
        progress.plateau_since = progress.epoch
