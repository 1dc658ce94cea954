"""One training by several processes of a node: each step's batch is divided among them.

Every process holds the same network and draws the same order, augmentation and dropout as one
alone would. It makes the whole batch, which is cheap, and runs the network on its share; the
gradients of the shares add up to that of the batch, so all processes take the same step and one
checkpoint serves them all. Where there is one process, nothing here changes a number.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import distributed

from fewsky.lock import held
from fewsky.networks.batch_norm import synchronise
from fewsky.networks.layers import use_share


def processes() -> int:
    """Number of processes that share this training."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def prepare(network: torch.nn.Module) -> None:
    """Let the network's batch normalisation take its statistics over the whole batch."""
    if processes() > 1:
        synchronise(network)


def share(network: torch.nn.Module, batch: tuple) -> tuple:
    """This process's rows of a batch of tensors or None, possibly no row at all.

    The network's dropout is told which rows they are.
    """
    if processes() == 1:
        return batch
    n, rank, size = len(batch[-1]), distributed.get_rank(), processes()
    rows = slice(n * rank // size, n * (rank + 1) // size)
    use_share(network, n, rows)
    return tuple(None if part is None else part[rows] for part in batch)


def mean_loss(losses: torch.Tensor, n: int, penalty: torch.Tensor | float = 0.0) -> torch.Tensor:
    """This process's part of a batch's loss: over all processes, the mean of n and the penalty.

    `losses` are those of the process's own objects, `(share,)`.
    """
    if processes() == 1:
        return losses.mean() + penalty
    return losses.sum() / n + penalty / processes()


def add_gradients(network: torch.nn.Module) -> None:
    """Put the sum over all processes into the gradients of every one."""
    if processes() == 1:
        return
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    sizes = [gradient.numel() for gradient in gradients]
    for gradient, total in zip(gradients, flat.split(sizes), strict=True):
        gradient.copy_(total.view_as(gradient))


def summed(value: torch.Tensor) -> torch.Tensor:
    """The sum of a tensor over all processes."""
    if processes() > 1:
        distributed.all_reduce(value)
    return value


def agreed(values: tuple[float | None, ...], device: torch.device) -> tuple[float | None, ...]:
    """What the first process found, so that all decide alike; None stays None."""
    if processes() == 1 or None in values:
        return values
    found = torch.tensor(values, dtype=torch.float64, device=device)
    distributed.broadcast(found, 0)
    return tuple(found.tolist())


@contextmanager
def held_once(path: Path, wait_seconds: float) -> Iterator[Callable[[], bool]]:
    """Hold a lock (`lock.held`) in the first process; the others go on once it has it."""
    if not is_first():
        distributed.barrier()
        yield lambda: True
        return
    with held(path, wait_seconds) as still_mine:
        if processes() > 1:
            distributed.barrier()
        yield still_mine
