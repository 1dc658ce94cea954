"""A run's state in one file: tensors beside the progress, nothing pickled, replaced by rename."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from fewsky.console import FewskyError
from fewsky.files import save_arrays
from fewsky.models.schedule import Progress

Tensors = dict[str, torch.Tensor]


def save_state(
    path: str | Path,
    network: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    generators: dict[str, torch.Generator],
    best: Tensors,
    progress: Progress,
) -> None:
    """Write everything that a resumed run needs to go on with the same bits."""
    state = {
        **_prefixed("network", network.state_dict()),
        **_prefixed("best", best),
        **_prefixed("optimiser", _flat(optimiser)),
        **_prefixed("generator", {name: g.get_state() for name, g in generators.items()}),
    }
    arrays = {name: value.detach().cpu().numpy() for name, value in state.items()}
    save_arrays(arrays, path, {"progress": json.dumps(asdict(progress))})


def load_state(
    path: str | Path,
    network: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    generators: dict[str, torch.Generator],
) -> tuple[Tensors, Progress]:
    """Fill network, optimiser and generators from a state; return the best weights and progress.

    Raises FewskyError on a damaged state.
    """
    progress, state = _read(path)
    network.load_state_dict(_shaped(_under("network", state), network.state_dict()))
    _restore(optimiser, _under("optimiser", state))
    for name, generator in generators.items():
        generator.set_state(state[f"generator/{name}"])
    weights = network.state_dict()
    best = _shaped(_under("best", state), weights)
    return {name: value.to(weights[name].device) for name, value in best.items()}, progress


def _read(path: str | Path) -> tuple[Progress, Tensors]:
    try:
        with safe_open(path, framework="pt") as stream:
            progress = Progress(**json.loads(stream.metadata()["progress"]))
            return progress, {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except (SafetensorError, LookupError, TypeError, ValueError) as error:
        raise FewskyError(
            f"{path}: wanted the state of a training; found {error}. Delete it and run again: the "
            "training begins anew."
        ) from None


def _prefixed(prefix: str, tensors: Tensors) -> Tensors:
    return {f"{prefix}/{name}": value for name, value in tensors.items()}


def _under(prefix: str, state: Tensors) -> Tensors:
    start = prefix + "/"
    return {name.removeprefix(start): v for name, v in state.items() if name.startswith(start)}


def _shaped(tensors: Tensors, like: Tensors) -> Tensors:
    """Scalars come back from a file as vectors of one."""
    return {name: value.reshape(like[name].shape) for name, value in tensors.items()}


def _weights(optimiser: torch.optim.Optimizer) -> list[torch.nn.Parameter]:
    return [weight for group in optimiser.param_groups for weight in group["params"]]


def _flat(optimiser: torch.optim.Optimizer) -> Tensors:
    return {
        f"{k}/{name}": value
        for k, weight in enumerate(_weights(optimiser))
        for name, value in optimiser.state[weight].items()
        if value is not None
    }


def _restore(optimiser: torch.optim.Optimizer, tensors: Tensors) -> None:
    weights = _weights(optimiser)
    for key, value in tensors.items():
        k, _, name = key.partition("/")
        weight = weights[int(k)]
        shape = () if name == "step" else weight.shape
        optimiser.state[weight][name] = value.reshape(shape).to(weight.device)
