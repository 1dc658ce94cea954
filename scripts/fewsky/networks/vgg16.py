"""VGG16 by its blocks, with a small dense layer in place of its own classifier.

Simonyan & Zisserman 2015, arXiv:1409.1556, configuration D. For images of 64 to 95 px the last maps
are 2 x 2 x 512, so that a dense layer of 64 units and nine classes have 131,721 weights.
"""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

from fewsky.console import FewskyError
from fewsky.networks.backbone import Backbone
from fewsky.networks.layers import he_normal
from fewsky.networks.published import tensors_of

FRESH = ("head", "trunk.dense")  # layers that starting weights never hold
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels and number of convolutions
# Of each colour, 0 to 1, over ImageNet: what the published weights were trained with.
CARD = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


class Vgg16(Backbone):
    """Five blocks of convolutions, each ended by pooling; flatten; dense; head."""

    def reset(self, generator: torch.Generator) -> None:
        """Set fresh weights."""
        he_normal(self, generator)


def network(
    name: str, *, in_channels: int, size: int, n_outputs: int, n_extra: int, dense: int = 64
) -> Vgg16:
    """`vgg16` for square images of at least 32 px; `dense` units before the head."""
    if name != "vgg16":
        raise ValueError(f"there is no {name}; there is vgg16")
    if n_extra:
        raise ValueError("it takes images only, no extra columns")
    side = size >> len(BLOCKS)
    if side < 1:
        raise ValueError(f"images of {size} px vanish; at least 32 px are needed")
    steps: OrderedDict[str, nn.Module] = OrderedDict()
    for k, (wide, n) in enumerate(BLOCKS, 1):
        steps[f"block{k}"] = _block(in_channels, wide, n)
        in_channels = wide
    steps["flatten"] = nn.Flatten()
    steps["dense"] = nn.Sequential(nn.Linear(in_channels * side * side, dense), nn.ReLU())
    return Vgg16(nn.Sequential(steps), nn.Linear(dense, n_outputs))


def published_weights(name: str, path: str | Path, in_channels: int) -> dict[str, torch.Tensor]:
    """Convolutions of a published VGG16 (timm's or torchvision's file) under our names.

    Raises FewskyError where the file holds another network's weights, or images have not 3 bands.
    """
    state = tensors_of(path, name)
    convolutions = [
        (f"trunk.block{k}.{2 * j}", before)
        for (k, j), before in zip(_places(), _published_places(), strict=True)
    ]
    own = network(name, in_channels=in_channels, size=32, n_outputs=2, n_extra=0).state_dict()
    found = {}
    for ours, theirs in convolutions:
        for part in ("weight", "bias"):
            array = state.get(f"features.{theirs}.{part}")
            wanted = tuple(own[f"{ours}.{part}"].shape)
            if array is None or tuple(array.shape) != wanted:
                shape = None if array is None else tuple(array.shape)
                raise FewskyError(
                    f"{path}: wanted features.{theirs}.{part} of shape {wanted} of a VGG16; found "
                    f"{shape}. Correct the weights' model, url or file, or use three bands."
                )
            found[f"{ours}.{part}"] = array
    return found


def card_of(name: str) -> dict[str, list[float]]:
    """Mean and standard deviation of each colour (0 to 1) that the published weights expect."""
    return {key: list(values) for key, values in CARD.items()}


def _block(before: int, wide: int, n: int) -> nn.Sequential:
    steps: list[nn.Module] = []
    for _ in range(n):
        steps += [nn.Conv2d(before, wide, 3, padding=1), nn.ReLU()]
        before = wide
    return nn.Sequential(*steps, nn.MaxPool2d(2))


def _places() -> list[tuple[int, int]]:
    """Number of the block and, in it, of the convolution, of all thirteen."""
    return [(k, j) for k, (_, n) in enumerate(BLOCKS, 1) for j in range(n)]


def _published_places() -> list[int]:
    """The same thirteen as numbers in the one chain of convolutions, rectifiers and poolings."""
    places, at = [], 0
    for _, n in BLOCKS:
        places += [at + 2 * j for j in range(n)]
        at += 2 * n + 1
    return places
