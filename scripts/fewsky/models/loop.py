"""The training loop, to be read from top to bottom."""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fewsky.console import FewskyError, say
from fewsky.models import parallel
from fewsky.models.checkpoint import Tensors, load_state, save_state
from fewsky.models.imbalance import Shown
from fewsky.models.objectives import Objective
from fewsky.models.outputs import outputs_of
from fewsky.models.pseudo import Unlabelled, likeliest
from fewsky.models.schedule import Progress, judge, learning_rate, make_optimiser, total_steps
from fewsky.models.sources import Activations, Held, Pixels
from fewsky.networks.backbone import keep_statistics
from fewsky.networks.layers import use_generator


class Diverged(FewskyError):
    """A loss that is no longer finite; another learning rate may do."""


@dataclass
class Problem:
    """One training: whom to learn from and whom to check on, under which recipe and seeds.

    `source` gives inputs for image rows; `train` and `val` are (rows, targets); `unlabelled` are
    objects that pseudo-labels are learned on; `shown` are the objects of an epoch where classes are
    rebalanced.
    """

    name: str
    source: Pixels | Activations
    train: tuple[np.ndarray, np.ndarray]
    val: tuple[np.ndarray, np.ndarray]
    recipe: dict[str, Any]
    objective: Objective
    seeds: dict[str, int]
    unlabelled: Unlabelled | None = None
    shown: Shown | None = None


@dataclass
class Fitted:
    """The chosen weights, the epoch they are from, and every epoch's row of the history."""

    weights: Tensors
    epoch: int
    progress: Progress


def fit(network: torch.nn.Module, problem: Problem, state: Path) -> Fitted:
    """Train a network and return its chosen weights; goes on from `state` where there is one.

    `state` is replaced after every epoch, so that a kill costs one at most.
    """
    recipe = problem.recipe
    device = problem.source.device
    generators = {
        name: torch.Generator("cpu" if name == "order" else device).manual_seed(seed)
        for name, seed in problem.seeds.items()
    }
    use_generator(network, generators["dropout"])
    if recipe["batch_norm"] == "frozen":
        keep_statistics(network)
    else:
        parallel.prepare(network)
    views = problem.source.training(*problem.train, generators["augmentation"], problem.shown)
    held = problem.objective.held(problem.source.held(*problem.val))
    second = _second_loss(problem, generators, math.ceil(len(views) / recipe["batch_size"]))
    weights = class_weights(views.targets, recipe)
    optimiser = make_optimiser(network, recipe)
    total = total_steps(recipe, math.ceil(len(views) / recipe["batch_size"]))
    best, progress = {}, Progress()
    if state.exists():
        best, progress = load_state(state, network, optimiser, generators)
        say(f"{problem.name}: goes on after epoch {progress.epoch}")

    while not progress.finished:
        rate = learning_rate(recipe, progress, total)
        started = time.perf_counter()
        train_loss, train_accuracy, n_seen = train_epoch(
            network, views, problem.objective, weights, optimiser, recipe, progress, total,
            generators["order"], second,
        )  # fmt: skip
        per_second = n_seen / (time.perf_counter() - started)
        found = evaluate(network, problem.objective, held)
        val_loss, val_accuracy = parallel.agreed(found, device)
        progress.epoch += 1
        row = {
            "epoch": progress.epoch,
            "lr": rate,
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "val_loss": val_loss,
            "val_accuracy": val_accuracy,
        }
        if not problem.objective.n_classes:
            row |= dict.fromkeys(("train_accuracy", "val_accuracy"))
        _refuse_nan(problem.name, row)
        progress.history.append(row)
        if judge(progress, recipe, row, total) and recipe["restore"] == "best":
            best = copied(network)
        say(f"{problem.name} {_line(row)}, {per_second:,.0f} images/s")
        if parallel.is_first():
            save_state(state, network, optimiser, generators, best, progress)

    if recipe["restore"] == "best":
        return Fitted(best, progress.best_epoch, progress)
    return Fitted(copied(network), progress.epoch, progress)


def train_epoch(
    network, views, objective, weights, optimiser, recipe, progress, total, order, second=None
) -> tuple[float, float, int]:
    """One pass over the views: mean loss, accuracy, and the number of views seen.

    As in Keras, loss and accuracy are means over the epoch's batches as they were trained on
    (augmented, with dropout), and the loss includes the L2 term. They are summed on the device;
    nothing waits for it before the epoch's end. The last, smaller batch is kept. `second` gives
    the unlabelled loss at a step, which the mean loss leaves out.
    """
    network.train()
    device = views.device
    permutation = torch.randperm(len(views), generator=order).to(device)
    loss_sum = torch.zeros((), device=device)
    right_sum = torch.zeros((), device=device, dtype=torch.int64)
    seen = 0
    for picks in permutation.split(recipe["batch_size"]):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(recipe, progress, total)
        images, extra, targets = parallel.share(network, objective.batch(views, picks))
        with _precision(recipe, device):
            outputs = network(images, extra).float()
        losses = objective.loss(outputs, targets)
        if weights is not None:
            losses = losses * weights[targets]
        loss = parallel.mean_loss(losses, len(picks), penalty(network))
        whole = loss if second is None else loss + second(network, progress.step)
        optimiser.zero_grad(set_to_none=True)
        whole.backward()
        parallel.add_gradients(network)
        optimiser.step()
        with torch.no_grad():
            loss_sum += loss.detach() * len(picks)
            right_sum += objective.right(outputs, targets).sum()
        seen += len(picks)
        progress.step += 1
        progress.seen += len(picks)
        if progress.step >= total:
            break
    loss_sum, right_sum = parallel.summed(loss_sum), parallel.summed(right_sum)
    return loss_sum.item() / seen, right_sum.item() / seen, seen


def _second_loss(problem: Problem, generators, steps_per_epoch: int):
    """The weighted loss of a batch of unlabelled objects at a step, or None where none are used.

    Targets are the teacher's, or the network's own likeliest classes at that very step.
    """
    unlabelled = problem.unlabelled
    if unlabelled is None:
        return None
    objective, recipe = problem.objective, problem.recipe
    targets = unlabelled.targets
    if targets is None:
        targets = np.zeros((len(unlabelled.rows), objective.n_classes), np.float32)
    views = problem.source.training(unlabelled.rows, targets, generators["unlabelled_augmentation"])
    order, size = generators["unlabelled_order"], unlabelled.settings["batch_size"]

    def loss(network, step: int):
        picks = torch.randint(len(views), (size,), generator=order, device=views.device)
        batch = views.batch(picks)
        alpha = unlabelled.alpha(step, steps_per_epoch)
        if alpha == 0:
            return 0.0
        images, extra, wanted = parallel.share(network, batch)
        with _precision(recipe, views.device):
            outputs = network(images, extra).float()
        if unlabelled.targets is None:
            wanted = likeliest(objective.probabilities(outputs.detach()))
        return alpha * parallel.mean_loss(objective.soft_loss(outputs, wanted), size)

    return loss


@torch.inference_mode()
def evaluate(network, objective: Objective, held: Held) -> tuple[float | None, float | None]:
    """Mean loss (with the L2 term, as Keras reports it) and accuracy; None without objects."""
    if not len(held):
        return None, None
    outputs = outputs_of(network, held.inputs, held.extra)
    loss = objective.loss(outputs, held.targets).mean() + penalty(network)
    right = objective.right(outputs, held.targets).double().mean()
    return float(loss), float(right)


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
    parts = [_of_part(row, part) for part in ("train", "val") if row[f"{part}_loss"] is not None]
    return f"epoch {row['epoch']}: {', '.join(parts)}"


def _of_part(row: dict[str, Any], part: str) -> str:
    accuracy = row[f"{part}_accuracy"]
    return f"{part} {row[f'{part}_loss']:.4f}" + ("" if accuracy is None else f"/{accuracy:.3f}")


def _refuse_nan(name: str, row: dict[str, Any]) -> None:
    losses = {key: row[key] for key in ("train_loss", "val_loss") if row[key] is not None}
    for key, value in losses.items():
        if not math.isfinite(value):
            raise Diverged(
                f"{name}: wanted a finite {key}; found {value} in epoch {row['epoch']} at learning "
                f"rate {row['lr']:g}. Lower recipe.learning_rate or use recipe.stretch: asinh."
            )
