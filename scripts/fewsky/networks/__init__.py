"""Networks reached by name: `ruhmer-base` is built by the module `fewsky.networks.ruhmer`.

The part of a name before its first hyphen is the family, and a family is one module here with a
function `network`. A new family is a new file: nothing else changes, so nothing else reruns.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fewsky.console import FewskyError

# Settings of a model that decide what it is given, and not how it is built.
TOLD = ("name", "bands", "size", "extra", "missing", "drawn_by")


def module_of(name: str) -> str:
    """Dotted name of the module that builds a network; heavy libraries are not imported."""
    module = f"{__name__}.{name.partition('-')[0]}"
    if find_spec(module) is None:
        raise FewskyError(
            f"model.name: wanted a network of scripts/fewsky/networks; found '{name}'. "
            "Choose one that docs/config.md lists, or add its module."
        )
    return module


def family(name: str):
    """The module that builds a network, imported.

    It has `network`; where published files of its weights are read, `published_weights` and
    `card_of`; and FRESH, the layers that starting weights never hold, where more than the head.
    """
    return import_module(module_of(name))


def fresh_layers(name: str) -> tuple[str, ...]:
    """What the names of a network's weights start with that always start fresh."""
    return getattr(family(name), "FRESH", ("head",))


def build(
    model: dict[str, Any], in_channels: int, size: int, n_outputs: int, generator, n_extra: int = 0
):
    """A network with fresh weights, on the CPU, called as `network(images, extra)`.

    Parameters
    ----------
    model : dict
        `name` and the family's own settings; None takes the family's default. `size` is the side
        of a detector's images in pixels where it is not that of the images as stored.
    in_channels, size : int
        Images are `(n, in_channels, size, size)`.
    n_outputs : int
        Numbers per object; the network returns `(n, n_outputs)`.
    generator : torch.Generator
        Source of the initial weights.
    n_extra : int
        Scalars per object: `extra` is `(n, n_extra)`, or None where this is 0.
    """
    import torch

    options = {key: value for key, value in model.items() if key not in TOLD and value is not None}
    try:
        with torch.device("meta"):
            network = family(model["name"]).network(
                model["name"],
                in_channels=in_channels,
                size=model.get("size") or size,
                n_outputs=n_outputs,
                n_extra=n_extra,
                **options,
            )
    except (TypeError, ValueError) as error:
        raise FewskyError(
            f"model: wanted settings that {model['name']} takes; found {options} for "
            f"{in_channels} channels of {size} px ({error}). Mend the model block."
        ) from None
    network.to_empty(device="cpu")
    network.reset(generator)
    return network
