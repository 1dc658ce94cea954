"""Diagrams of networks: their layers as a forward pass meets them, and their numbers of weights."""

from typing import Any, NamedTuple

import torch
from matplotlib.axes import Axes
from torch import nn

from fewsky.figures import style
from fewsky.networks import build
from fewsky.networks.backbone import Backbone, first_trained

KINDS = {"input": "white", "conv": style.SKY, "dense": style.ORANGE, "head": style.GREEN}
# What was printed: the claim in published.csv and the network that it is about.
AUDIT = {
    "VGG16, features kept": ({"name": "vgg16", "dense": 64}, 3, 69, 9, ["dense"]),
    "VGG16, tuned from block 5": ({"name": "vgg16", "dense": 64}, 3, 69, 9, ["block5"]),
    "Ruhmer's network": ({"name": "ruhmer-base"}, 5, 25, 1, "all"),
}


class Layer(NamedTuple):
    """One step of a diagram: `n` alike layers with weights, the shape that they give, trained?"""

    kind: str
    words: str
    n: int
    channels: int
    side: int | None
    parameters: int
    trained: bool


def network_of(model: dict[str, Any], bands: int, size: int, outputs: int) -> nn.Module:
    """A network as an experiment builds it; its weights do not matter here."""
    return build(model, bands, size, outputs, torch.Generator().manual_seed(0))


def parameters_of(network: nn.Module, unfreeze: str | int | list[str]) -> tuple[int, int]:
    """Number of all weights, and of those that are trained."""
    total = sum(w.numel() for w in network.parameters())
    if not isinstance(network, Backbone):
        return total, total
    tail = network.tail(first_trained(network, unfreeze))
    return total, sum(w.numel() for w in tail.parameters())


def audited() -> dict[str, dict[str, int]]:
    """Computed numbers of weights of the networks whose numbers were printed, by row."""
    found, built = {}, {}
    for row, (model, bands, size, outputs, unfreeze) in AUDIT.items():
        if model["name"] not in built:
            built[model["name"]] = network_of(model, bands, size, outputs)
        total, trained = parameters_of(built[model["name"]], unfreeze)
        found[row] = {"parameters": total, "trainable_parameters": trained}
    return found


def layers_of(network: nn.Module, bands: int, size: int, unfreeze="all") -> list[Layer]:
    """The input and every layer with weights in the order of a forward pass, alike ones joined.

    Normalisation counts with the convolution before it.
    """
    seen: list[Layer] = [Layer("input", "", 1, bands, size, 0, False)]
    trained = {id(w) for w in _trained(network, unfreeze)}

    def meet(module, _, output):
        own = list(module.parameters())
        count = sum(w.numel() for w in own)
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            seen[-1] = seen[-1]._replace(parameters=seen[-1].parameters + count)
            return
        flat = isinstance(module, nn.Linear)
        side = None if flat else output.shape[-1]
        words = "" if flat else "×".join(map(str, module.kernel_size))
        kind = "conv" if not flat else "head" if module is network.head else "dense"
        layer = Layer(kind, words, 1, output.shape[1], side, count, id(own[0]) in trained)
        if layer[:2] + layer[3:5] == seen[-1][:2] + seen[-1][3:5]:
            layer = layer._replace(n=seen[-1].n + 1, parameters=seen[-1].parameters + count)
            seen.pop()
        seen.append(layer)

    heavy = nn.Conv2d | nn.Linear | nn.modules.batchnorm._BatchNorm
    hooks = [m.register_forward_hook(meet) for m in network.modules() if isinstance(m, heavy)]
    with torch.inference_mode():
        network.eval()(torch.zeros(1, bands, size, size))
    for hook in hooks:
        hook.remove()
    return seen


def _trained(network: nn.Module, unfreeze) -> list[torch.Tensor]:
    if not isinstance(network, Backbone):
        return list(network.parameters())
    return list(network.tail(first_trained(network, unfreeze)).parameters())


def draw(ax: Axes, layers: list[Layer], places: int) -> None:
    """A box a step from left to right: as high as its maps are wide, below it its weights.

    Hatched boxes are kept as they are. The axes hold `places` steps.
    """
    largest = max(layer.side or 1 for layer in layers)
    for k, layer in enumerate(layers):
        height = 0.22 + 0.6 * (layer.side / largest if layer.side else 0)
        width = 0.34 if layer.side else 0.26
        frozen = layer.parameters and not layer.trained
        look = {"fc": KINDS[layer.kind], "ec": "black", "lw": 0.6}
        ax.add_patch(style.Rectangle((k - width / 2, 0.5 - height / 2), width, height,
                                     hatch="////" if frozen else None, **look))  # fmt: skip
        times = f"{layer.n} × " if layer.n > 1 else ""
        above = {"conv": f"{times}{layer.words}"}.get(layer.kind, layer.kind)
        shape = f"{layer.channels}" if layer.side is None else f"{layer.side}²·{layer.channels}"
        ax.text(k, 0.96, above, ha="center", va="bottom", size=7)
        ax.text(k, 0.03, shape, ha="center", va="top", size=7)
        if layer.parameters:
            ax.text(k, -0.17, f"{layer.parameters:,}", ha="center", va="top", size=6.5,
                    color=style.GREY)  # fmt: skip
        if k:
            ax.plot([k - 1, k], [0.5, 0.5], lw=0.6, color=style.GREY, zorder=0)
    ax.set(xlim=(-0.5, places - 0.5), ylim=(-0.36, 1.12))
    style.picture(ax)
