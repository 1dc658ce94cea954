"""Trained networks as stored: load one, predict with it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_json, sha256
from fewsky.models import inputs
from fewsky.models.objectives import objective, objective_of
from fewsky.models.outputs import mean_outputs
from fewsky.models.sources import Activations, Pixels
from fewsky.models.targets import Scale
from fewsky.networks import build


def load_model(
    folder: str | Path,
    budget: int | None = None,
    fold: int | None = None,
    device: str = "cpu",
    draw: int | None = None,
) -> tuple[torch.nn.Module, dict[str, Any]]:
    """A trained network in evaluation mode, and its card.

    `folder` is a draw's folder, or that of a sweep (draw-all), where `draw` says which; what a
    folder has only one of may be left out. The card joins what all runs share with what is this
    run's own. A frozen part is read from the prepared weights that the card names, and checked.
    """
    folder = Path(folder)
    card = load_json(folder / "model.json")
    wanted = {"budget": budget, "fold": fold, "draw": draw}
    found = [
        run
        for run in card.pop("runs")
        if all(value in (None, run.get(key, value)) for key, value in wanted.items())
    ]
    if len(found) != 1:
        raise FewskyError(
            f"{folder}: wanted one run with budget {budget} and fold {fold}; found {len(found)}. "
            "Name a budget and a fold that model.json lists."
        )
    card |= found[0]
    arrays = _frozen(folder, card) | {
        name.removeprefix(card["prefix"]): array
        for name, array in load_arrays(folder / "model.safetensors").items()
        if name.startswith(card["prefix"])
    }
    weights = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return network_of(card, weights).to(device), card


def _frozen(folder: Path, card: dict[str, Any]) -> dict[str, np.ndarray]:
    """The weights that were not trained and lie in one file for all runs."""
    frozen = card.get("frozen")
    if frozen is None:
        return {}
    path = folder / frozen["path"]
    if sha256(path) != frozen["sha256"]:
        raise FewskyError(
            f"{path}: wanted the weights that this model was trained on, sha256 "
            f"{frozen['sha256'][:12]}; found others. Train it again, or put those back."
        )
    return load_arrays(path)


def network_of(card: dict[str, Any], weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    """The network that a card describes, with these weights, in evaluation mode, on the CPU."""
    network = untrained(card)
    like = network.state_dict()
    network.load_state_dict({name: v.reshape(like[name].shape) for name, v in weights.items()})
    return network.eval()


def untrained(card: dict[str, Any]) -> torch.nn.Module:
    """The network that a run's whole card describes, with fresh weights, on the CPU."""
    channels = inputs.n_channels(card["input"])
    return build(
        card["model"],
        channels,
        card["size"],
        objective_of(card, card["size"], channels).n_outputs,
        torch.Generator().manual_seed(0),
        len(card["input"]["extra"]),
    )


def predict(
    network: torch.nn.Module, card: dict[str, Any], images: np.ndarray, catalog: pd.DataFrame
) -> np.ndarray:
    """Probabilities of the card's classes, float32 `(n, class)`, on the network's own device.

    Where the card has targets they are predicted instead, float32 `(n, target)` in their own units.
    `images` are `(n, band, y, x)` in nanomaggies with the card's bands and size, row i of which is
    row i of `catalog`. With `test_views: 8` in the recipe, outputs are averaged over the eight
    symmetries of the square before they become probabilities.
    """
    wanted = (len(card["bands"]), card["size"], card["size"])
    if images.shape[1:] != wanted or len(images) != len(catalog):
        raise FewskyError(
            f"predict: wanted images of {wanted} and a catalogue row for each; found "
            f"{images.shape} and {len(catalog)} rows. Cut them as the card says."
        )
    recipe = card["recipe"]
    source = Pixels(images, catalog, card["input"], recipe, next(network.parameters()).device)
    every = np.arange(len(images))
    if "target_scale" in card:
        return physical(network, source, every, Scale.of_card(card["target_scale"]), recipe)
    return probabilities(network, source, every, card["classes"], recipe)


def physical(
    network: torch.nn.Module,
    source: Pixels | Activations,
    rows: np.ndarray,
    scale: Scale,
    recipe: dict[str, Any],
) -> np.ndarray:
    """Predicted targets of image rows, float32 `(n, target)` in physical units, by the recipe's
    views; `(n, 0)` for a network that was trained without target columns.
    """
    if not len(rows) or not len(scale.centre):
        return np.zeros((len(rows), len(scale.centre)), np.float32)
    outputs = mean_outputs(network, source, rows, recipe["test_views"])
    return scale.physical(outputs.cpu().numpy())


def probabilities(
    network: torch.nn.Module,
    source: Pixels | Activations,
    rows: np.ndarray,
    classes: list[str],
    recipe: dict[str, Any],
) -> np.ndarray:
    """Probabilities of the classes for image rows, float32 `(n, class)`, by the recipe's views."""
    if not len(rows):
        return np.zeros((0, len(classes)), np.float32)
    outputs = mean_outputs(network, source, rows, recipe["test_views"])
    return objective(recipe["loss"], len(classes)).probabilities(outputs).cpu().numpy()
