"""Which layers a network has, in the order in which it runs them, and what they give.

A network is asked by running it once with hooks on its modules, so that every family answers, also
one that rectifies and pools by functions; of such a one convolutions alone are seen.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

import torch
from torch import nn

from fewsky.console import FewskyError

HEAVY = (nn.Conv2d, nn.Linear)
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


class Call(NamedTuple):
    """One run of a module within a network: its name there, itself, the shape that came out."""

    name: str
    module: nn.Module
    shape: tuple[int, ...]


class Layer(NamedTuple):
    """A convolution or a pooling that gives maps `(n, channels, side, side)`.

    It is number `number` of its kind, from 1. `name` is the module's; `settled` that of the last
    module after a convolution which keeps its shape (normalisation, rectifier), or the same name.
    """

    kind: str
    number: int
    name: str
    settled: str
    channels: int
    side: int


def calls_of(network: nn.Module, images: torch.Tensor, extra=None) -> list[Call]:
    """Every module with weights of its own or without children, as run for `images`."""
    found: list[Call] = []

    def seen(name):
        def hook(module, _, output):
            if isinstance(output, torch.Tensor):
                found.append(Call(name, module, tuple(output.shape)))

        return hook

    asked = [
        name
        for name, module in network.named_modules()
        if _has_weights(module) or not any(module.children())
    ]
    with torch.no_grad(), _hooked(network, {name: seen(name) for name in asked}):
        network(images, extra)
    return found


def map_layers(network: nn.Module, images: torch.Tensor, extra=None) -> list[Layer]:
    """Convolutions and poolings that give maps of more than one pixel, in order.

    Raises FewskyError for a network without any convolution.
    """
    calls = calls_of(network, images, extra)
    found = []
    for k, call in enumerate(calls):
        kind = "convolution" if isinstance(call.module, nn.Conv2d) else "pooling"
        maps = isinstance(call.module, (nn.Conv2d, *POOLS)) and len(call.shape) == 4
        if maps and call.shape[-1] > 1:
            settled = _settled(calls, k) if kind == "convolution" else call.name
            number = 1 + sum(layer.kind == kind for layer in found)
            found.append(Layer(kind, number, call.name, settled, call.shape[1], call.shape[-1]))
    if not any(layer.kind == "convolution" for layer in found):
        raise FewskyError(
            f"explain: wanted a network with convolutions; found none in {type(network).__name__}. "
            "Take it out of paper.galaxy10.explain."
        )
    return found


def _settled(calls: Sequence[Call], k: int) -> str:
    """Name of the last module in the chain after call k whose output has the shape of call k's."""
    names = [call.name for call in calls]
    last = calls[k].name
    for call in calls[k + 1 :]:
        other_step = isinstance(call.module, (*HEAVY, *POOLS)) or names.count(call.name) > 1
        if other_step or call.shape != calls[k].shape:
            break
        last = call.name
    return last


def weighted_layers(network: nn.Module, images: torch.Tensor, extra=None) -> list[list[str]]:
    """Names of modules with weights, in order; a normalisation counts to the layer before it."""
    layers: list[list[str]] = []
    for call in calls_of(network, images, extra):
        if not _has_weights(call.module) or any(call.name in layer for layer in layers):
            continue
        if isinstance(call.module, HEAVY) or not layers:
            layers.append([])
        layers[-1].append(call.name)
    return layers


def outputs_at(
    network: nn.Module, names: Sequence[str], images: torch.Tensor, extra=None
) -> dict[str, torch.Tensor]:
    """What named modules give for `images`; the network is run no farther than needed.

    They are copies, so that what rectifies in place afterwards does not change them.
    """
    found: dict[str, torch.Tensor] = {}

    def keep(name):
        def hook(module, _, output):
            found.setdefault(name, output.clone())
            if len(found) == len(set(names)):
                raise _Reached

        return hook

    with suppress(_Reached), _hooked(network, {name: keep(name) for name in names}):
        network(images, extra)
    return found


class _Reached(Exception):
    """All that was asked for is there."""


@contextmanager
def _hooked(network: nn.Module, hooks: dict) -> Iterator[None]:
    handles = [network.get_submodule(n).register_forward_hook(hook) for n, hook in hooks.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _has_weights(module: nn.Module) -> bool:
    return any(True for _ in module.parameters(recurse=False))
