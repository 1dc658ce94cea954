"""The training loop, to be read from top to bottom."""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fewsky.console import FewskyError, say
from fewsky.models.augment import as_images
from fewsky.models.checkpoint import Tensors, load_state, save_state
from fewsky.models.inputs import stretched
from fewsky.models.objectives import Objective
from fewsky.models.schedule import Progress, judge, learning_rate, make_optimiser, total_steps
from fewsky.models.views import Objects, Views
from fewsky.networks.layers import use_generator

EVALUATION_BATCH = 512


@dataclass
class Problem:
    """One training: whom to learn from and whom to check on, under which recipe and seeds."""

    name: str
    train: Objects
    val: Objects
    size: int
    recipe: dict[str, Any]
    statistics: dict[str, Any]
    objective: Objective
    seeds: dict[str, int]


@dataclass
class Fitted:
    """The chosen weights, the epoch they are from, and every epoch's row of the history."""

    weights: Tensors
    epoch: int
    progress: Progress


def fit(
    network: torch.nn.Module, problem: Problem, state: Path, checkpoint_seconds: float = 0.0
) -> Fitted:
    """Train a network and return its chosen weights; goes on from `state` where there is one.

    `state` is replaced after an epoch once `checkpoint_seconds` have passed since the last time,
    and always after the last epoch.
    """
    recipe = problem.recipe
    device = problem.train.pixels.device
    generators = {
        name: torch.Generator("cpu" if name == "order" else device).manual_seed(seed)
        for name, seed in problem.seeds.items()
    }
    use_generator(network, generators["dropout"])
    views = Views(
        problem.train, problem.size, recipe, problem.statistics, generators["augmentation"]
    )
    val_images = evaluation_images(problem.val, problem.size, problem.statistics)
    weights = class_weights(problem.train.targets, recipe)
    optimiser = make_optimiser(network, recipe)
    total = total_steps(recipe, math.ceil(len(views) / recipe["batch_size"]))
    best, progress = {}, Progress()
    if state.exists():
        best, progress = load_state(state, network, optimiser, generators)
        say(f"{problem.name}: goes on after epoch {progress.epoch}")
    saved = time.monotonic()

    while not progress.finished:
        rate = learning_rate(recipe, progress, total)
        started = time.perf_counter()
        train_loss, train_accuracy, n_seen = train_epoch(
            network, views, problem.objective, weights, optimiser, recipe, progress, total,
            generators["order"],
        )  # fmt: skip
        per_second = n_seen / (time.perf_counter() - started)
        val_loss, val_accuracy = evaluate(network, problem.objective, val_images, problem.val)
        progress.epoch += 1
        row = {
            "epoch": progress.epoch,
            "lr": rate,
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "val_loss": val_loss,
            "val_accuracy": val_accuracy,
        }
        _refuse_nan(problem.name, row)
        progress.history.append(row)
        if judge(progress, recipe, row, total) and recipe["restore"] == "best":
            best = copied(network)
        say(f"{problem.name} {_line(row)}, {per_second:,.0f} images/s")
        if progress.finished or time.monotonic() - saved >= checkpoint_seconds:
            save_state(state, network, optimiser, generators, best, progress)
            saved = time.monotonic()

    if recipe["restore"] == "best":
        return Fitted(best, progress.best_epoch, progress)
    return Fitted(copied(network), progress.epoch, progress)


def train_epoch(
    network, views, objective, weights, optimiser, recipe, progress, total, order
) -> tuple[float, float, int]:
    """One pass over the views: mean loss, accuracy, and the number of views seen.

    As in Keras, loss and accuracy are means over the epoch's batches as they were trained on
    (augmented, with dropout), and the loss includes the L2 term. They are summed on the device;
    nothing waits for it before the epoch's end. The last, smaller batch is kept.
    """
    network.train()
    device = views.pixels.device
    permutation = torch.randperm(len(views), generator=order).to(device)
    loss_sum = torch.zeros((), device=device)
    right_sum = torch.zeros((), device=device, dtype=torch.int64)
    seen = 0
    for picks in permutation.split(recipe["batch_size"]):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(recipe, progress, total)
        images, extra, targets = views.batch(picks)
        with _precision(recipe, device):
            outputs = network(images, extra).float()
        losses = objective.loss(outputs, targets)
        if weights is not None:
            losses = losses * weights[targets]
        loss = losses.mean() + penalty(network)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            loss_sum += loss.detach() * len(picks)
            right_sum += objective.right(outputs, targets).sum()
        seen += len(picks)
        progress.step += 1
        if progress.step >= total:
            break
    return loss_sum.item() / seen, right_sum.item() / seen, seen


@torch.inference_mode()
def evaluate(
    network, objective: Objective, images: torch.Tensor, objects: Objects
) -> tuple[float | None, float | None]:
    """Mean loss (with the L2 term, as Keras reports it) and accuracy; None without objects."""
    if not len(objects):
        return None, None
    outputs = outputs_of(network, images, objects.extra)
    loss = objective.loss(outputs, objects.targets).mean() + penalty(network)
    right = objective.right(outputs, objects.targets).double().mean()
    return float(loss), float(right)


@torch.inference_mode()
def outputs_of(network, images: torch.Tensor, extra: torch.Tensor | None) -> torch.Tensor:
    """The network's outputs for prepared images, float32 `(n, output)`."""
    network.eval()
    parts = [
        network(
            images[k : k + EVALUATION_BATCH],
            None if extra is None else extra[k : k + EVALUATION_BATCH],
        )
        for k in range(0, len(images), EVALUATION_BATCH)
    ]
    return torch.cat(parts)


def evaluation_images(objects: Objects, size: int, statistics: dict[str, Any]) -> torch.Tensor:
    """Images `(n, channel, y, x)` of objects as they are, stretched."""
    return as_images(stretched(objects.pixels, objects.noise, statistics), size, size)


def class_weights(targets: torch.Tensor, recipe: dict[str, Any]) -> torch.Tensor | None:
    """Weight of each class in the loss: N / (C n_c) if balanced, None for no weights."""
    if recipe["class_weights"] == "none":
        return None
    counts = torch.bincount(targets)
    return len(targets) / (len(counts) * counts.float())


def penalty(network: torch.nn.Module) -> torch.Tensor | float:
    """The network's own addition to the loss, 0 where it has none."""
    return network.penalty() if hasattr(network, "penalty") else 0.0


def copied(network: torch.nn.Module) -> Tensors:
    """A copy of the network's weights and buffers."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _precision(recipe: dict[str, Any], device: torch.device):
    lower = recipe["dtype"] == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=lower)


def _line(row: dict[str, Any]) -> str:
    text = f"epoch {row['epoch']}: train {row['train_loss']:.4f}/{row['train_accuracy']:.3f}"
    if row["val_loss"] is None:
        return text
    return f"{text}, val {row['val_loss']:.4f}/{row['val_accuracy']:.3f}"


def _refuse_nan(name: str, row: dict[str, Any]) -> None:
    losses = {key: row[key] for key in ("train_loss", "val_loss") if row[key] is not None}
    for key, value in losses.items():
        if not math.isfinite(value):
            raise FewskyError(
                f"{name}: wanted a finite {key}; found {value} in epoch {row['epoch']} at learning "
                f"rate {row['lr']:g}. Lower recipe.learning_rate or use recipe.stretch: asinh."
            )
