"""Batch normalisation over a batch that is divided among processes, on any device."""

from collections.abc import Callable

import torch
from torch import distributed
from torch.distributed.nn.functional import all_reduce


def synchronise(network: torch.nn.Module) -> None:
    """Make every batch normalisation below a network use the statistics of the whole batch.

    Those whose statistics are frozen stay as they are. torch.nn.SyncBatchNorm does the same on
    GPUs only.
    """
    for child in network.modules():
        if isinstance(child, torch.nn.modules.batchnorm._BatchNorm):
            child.forward = _synchronised(child)


def _synchronised(layer: torch.nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    alone = type(layer).forward.__get__(layer)

    def forward(values: torch.Tensor) -> torch.Tensor:
        if not layer.training:
            return alone(values)
        normal = _normalised(layer, values.float()).to(values.dtype)
        # timm puts dropout and the activation into the layer.
        return layer.act(layer.drop(normal)) if hasattr(layer, "act") else normal

    return forward


def _normalised(layer: torch.nn.Module, values: torch.Tensor) -> torch.Tensor:
    """Values `(n, channel, ...)` less their mean, over their deviation, scaled and shifted."""
    axes = [axis for axis in range(values.ndim) if axis != 1]
    shape = [1, -1] + [1] * (values.ndim - 2)
    count = torch.tensor(float(values.numel() // values.shape[1]), device=values.device)
    distributed.all_reduce(count)
    mean = all_reduce(values.sum(axes)) / count
    centred = values - mean.view(shape)
    variance = all_reduce(centred.square().sum(axes)) / count
    _follow(layer, mean.detach(), variance.detach() * count / (count - 1).clamp(min=1))
    normal = centred * (variance + layer.eps).rsqrt().view(shape)
    if not layer.affine:
        return normal
    return normal * layer.weight.view(shape) + layer.bias.view(shape)


def _follow(layer: torch.nn.Module, mean: torch.Tensor, variance: torch.Tensor) -> None:
    """Move the running statistics towards those of a batch; the variance is the unbiased one."""
    layer.num_batches_tracked += 1
    momentum = layer.momentum
    if momentum is None:
        momentum = 1 / layer.num_batches_tracked.item()
    layer.running_mean.lerp_(mean, momentum)
    layer.running_var.lerp_(variance, momentum)
