"""Which run of an experiment is explained, and its network with more and more layers set anew.

Adebayo et al. 2018, arXiv:1810.03292: an explanation that stays the same when the weights are drawn
anew explains nothing of the weights.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path

import torch

from fewsky.files import load_json
from fewsky.models.explain_layers import weighted_layers

SHARES = (0.25, 0.5, 0.75, 1.0)


def largest_run(folder: str | Path, draw: int) -> dict[str, int]:
    """The largest budget of a draw and its first fold, as the card in a folder lists them."""
    runs = load_json(Path(folder) / "model.json")["runs"]
    own = [run for run in runs if run.get("draw", draw) == draw]
    budget = max(run["budget"] for run in own)
    fold = min(run["fold"] for run in own if run["budget"] == budget)
    return {"budget": int(budget), "fold": int(fold)}


def cascade(n_layers: int) -> list[int]:
    """How many layers, counted from the output, are set anew step by step: 1, then quarters."""
    return sorted({1, *(max(1, round(share * n_layers)) for share in SHARES)})


def set_anew(network: torch.nn.Module, fresh: dict[str, torch.Tensor], layers: Sequence[str]):
    """Give some modules of a network the weights and statistics that `fresh` holds for them."""
    state = network.state_dict()
    for name in layers:
        own = network.get_submodule(name)
        for part in (*own.named_parameters(recurse=False), *own.named_buffers(recurse=False)):
            key = f"{name}.{part[0]}" if name else part[0]
            if key in state:
                state[key] = fresh[key]
    network.load_state_dict(state)


def networks_anew(
    network: torch.nn.Module, images: torch.Tensor, extra, generator: torch.Generator
) -> Iterator[tuple[int, torch.nn.Module]]:
    """How many layers are set anew, from the output down, and the network so changed.

    The last has all its layers set anew. It is one network, changed further at each step; `images`
    and `extra` are inputs of one object, which tell the order of the layers.
    """
    layers = weighted_layers(network, images, extra)[::-1]
    changed = deepcopy(network).cpu()
    changed.reset(generator)
    fresh = {name: value.clone() for name, value in changed.state_dict().items()}
    changed = deepcopy(network).eval()
    for n in cascade(len(layers)):
        set_anew(changed, fresh, [name for layer in layers[:n] for name in layer])
        yield n, changed
