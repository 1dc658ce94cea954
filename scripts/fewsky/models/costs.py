"""What a network costs: its parameters, its arithmetic, its time for one image on one core."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from fewsky.models import inputs
from fewsky.models.trained import untrained

CALLS, WARM_UP = 200, 20


def costs_of(card: dict[str, Any]) -> dict[str, int]:
    """Parameters and floating-point operations an image of the network that a run's card states."""
    shape = (inputs.n_channels(card["input"]), card["size"], card["size"])
    return costs(untrained(card), shape, len(card["input"]["extra"]))


def costs(
    network: torch.nn.Module, shape: tuple[int, int, int], n_extra: int = 0
) -> dict[str, int]:
    """Parameters, trained or not, and floating-point operations for one image `(channel, y, x)`.

    A multiplication with its addition counts as two; what is not a convolution or a product of
    matrices (rectifiers, pooling, normalisation, biases) is left out, as is usual.
    """
    extra = torch.zeros(1, n_extra) if n_extra else None
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        network.eval()(torch.zeros(1, *shape), extra)
    parameters = sum(weight.numel() for weight in network.parameters())
    return {"parameters": parameters, "flops": counter.get_total_flops()}


def latency(call: Callable[[], Any]) -> dict[str, float]:
    """Milliseconds of a call: median and the 5th and 95th percentile of CALLS, after a warm-up."""
    seconds = []
    for _ in range(WARM_UP + CALLS):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    low, middle, high = np.percentile(seconds[WARM_UP:], [5, 50, 95]) * 1e3
    return {"median_ms": middle, "p05_ms": low, "p95_ms": high}


@contextmanager
def one_core() -> Iterator[None]:
    """Run PyTorch on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
