"""Any convolutional network of timm, by its name there: `timm-inception_resnet_v2`.

PyTorch Image Models, Wightman 2019, doi 10.5281/zenodo.4414861.
"""

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from fewsky.console import FewskyError
from fewsky.networks.backbone import Backbone
from fewsky.networks.published import tensors_of
from fewsky.networks.vision_ops import prepare_torchvision

prepare_torchvision()

import timm  # noqa: E402

# Containers whose children are the network's own steps; other Sequentials are one step each.
OPENED = ("features", "stages", "blocks")


def network(
    name: str, *, in_channels: int, size: int, n_outputs: int, n_extra: int, **options
) -> Backbone:
    """A timm network as a chain of its children, with a fresh linear head of `n_outputs`."""
    if n_extra:
        raise ValueError("a timm network takes images only, no extra columns")
    made = _create(name, in_chans=in_channels, num_classes=n_outputs, **options)
    return _Resettable(*_chained(made), name=name, in_channels=in_channels)


class _Resettable(Backbone):
    """A backbone that can draw its first weights again, as timm draws them."""

    def __init__(self, trunk: nn.Sequential, head: nn.Linear, name: str, in_channels: int):
        super().__init__(trunk, head)
        self.made_by = name, in_channels

    def reset(self, generator: torch.Generator) -> None:
        """Set timm's own first weights, from a seed that the generator gives."""
        name, in_channels = self.made_by
        seed = int(torch.randint(2**62, (), generator=generator))
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.manual_seed(seed)
            trunk, head = _chained(
                _create(name, in_chans=in_channels, num_classes=self.head.out_features)
            )
        self.load_state_dict(Backbone(trunk, head).state_dict())


def published_weights(name: str, path: str | Path, in_channels: int) -> dict[str, torch.Tensor]:
    """Weights of a published file (.safetensors or .pth) under our names, without the classifier.

    The first layer is adapted where `in_channels` is not 3, as timm does. Raises FewskyError where
    the file holds another network's weights or is no file of weights.
    """
    state = tensors_of(path, name)
    try:
        classes = len(state[f"{_card(name)['classifier']}.weight"])
        overlay = {"state_dict": state, "num_classes": classes, "label_offset": 0}
        made = _create(name, pretrained=True, in_chans=in_channels, num_classes=classes,
                       pretrained_cfg_overlay=overlay)  # fmt: skip
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise FewskyError(
            f"{path}: wanted weights of {name}; found others, or no weights ({reason}). Correct "
            "the weights' model, url or file."
        ) from None
    trunk, head = _chained(made)
    found = Backbone(trunk, head).state_dict()
    return {key: value for key, value in found.items() if not key.startswith("head.")}


def card_of(name: str) -> dict[str, list[float]]:
    """Mean and standard deviation of each colour (0 to 1) that timm's card states for a network."""
    card = _card(name)
    return {key: list(card[key]) for key in ("mean", "std")}


def _card(name: str) -> dict:
    with torch.device("meta"):
        return _create(name).pretrained_cfg


def _create(name: str, **options) -> nn.Module:
    kind = name.partition("-")[2]
    if not timm.is_model(kind):
        near = ", ".join(timm.list_models(f"*{kind.split('_')[0]}*")[:5]) or "none like it"
        raise ValueError(f"timm has no {kind}; it has {near}")
    return timm.create_model(kind, **options)


def _chained(model: nn.Module) -> tuple[nn.Sequential, nn.Linear]:
    classifier = model.pretrained_cfg["classifier"]
    steps = OrderedDict(_steps(model, classifier))
    return nn.Sequential(steps), model.get_submodule(classifier)


def _steps(model: nn.Module, classifier: str) -> Iterator[tuple[str, nn.Module]]:
    """The children before the classifier, in the order in which they are applied."""
    for name, child in model.named_children():
        if name == classifier:
            return
        holds_it = classifier.startswith(f"{name}.")
        if not holds_it and not (name in OPENED and isinstance(child, nn.Sequential)):
            yield name, child
            continue
        for inner, step in child.named_children():
            if f"{name}.{inner}" == classifier:
                return
            yield f"{name}_{inner}", step
