"""A network as a chain of children and a linear head, so that it can be cut, frozen and shared."""

from typing import Any

import torch
from torch import nn

from fewsky.console import FewskyError


class Backbone(nn.Module):
    """Children one after the other (`trunk`), then the classifier (`head`).

    `tail(k)` shares the children from number k on and the head; its weights have the same names as
    in the whole, so that a tail trained alone can be put back.
    """

    def __init__(self, trunk: nn.Sequential, head: nn.Linear):
        super().__init__()
        self.trunk, self.head = trunk, head

    def forward(self, images: torch.Tensor, extra: None = None) -> torch.Tensor:
        return self.head(self.trunk(images))

    def stem(self, cut: int) -> nn.Sequential:
        """The children before number `cut`: what a frozen part is."""
        return self.trunk[:cut]

    def tail(self, cut: int) -> "Backbone":
        """The children from number `cut` on, and the head."""
        return Backbone(self.trunk[cut:], self.head)


def first_trained(network: nn.Module, unfreeze: str | int | list[str]) -> int:
    """Number of the first child that is trained; 0 trains all, `len(trunk)` the head alone.

    `unfreeze` is all, head, a number k for the last k children that have weights (the head
    counts), or names of children, of which the earliest and all after it are trained.
    """
    if unfreeze == "all":
        return 0
    if not isinstance(network, Backbone):
        raise FewskyError(
            f"recipe.unfreeze: wanted all for a network that cannot be cut; found {unfreeze}. Use "
            "a timm network, or unfreeze: all."
        )
    names = list(network.trunk._modules)
    if unfreeze == "head":
        return len(names)
    if isinstance(unfreeze, int):
        heavy = [k for k, child in enumerate(network.trunk) if _has_weights(child)]
        if unfreeze > len(heavy):
            return 0
        return [*heavy, len(names)][-unfreeze]
    unknown = sorted(set(unfreeze) - {*names, "head"})
    if unknown:
        raise FewskyError(
            f"recipe.unfreeze: wanted children among {', '.join([*names, 'head'])}; found "
            f"{unknown[0]}. Correct the name."
        )
    return min([names.index(name) for name in unfreeze if name != "head"], default=len(names))


def keep_statistics(module: nn.Module) -> None:
    """Freeze the running statistics of every batch normalisation below a module.

    They stay as they are in training mode too; their scale and shift are still trained.
    """
    for child in module.modules():
        if isinstance(child, nn.modules.batchnorm._BatchNorm):
            child.eval()
            child.train = _stay(child)


def _stay(module: nn.Module) -> Any:
    def train(mode: bool = True) -> nn.Module:
        return module

    return train


def _has_weights(module: nn.Module) -> bool:
    return any(True for _ in module.parameters())
