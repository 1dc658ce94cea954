"""Trained networks as stored: load one, predict with it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_json
from fewsky.models import inputs
from fewsky.models.augment import Member, as_images, gather, pixel_tables
from fewsky.models.loop import outputs_of
from fewsky.models.objectives import objective
from fewsky.models.views import Objects
from fewsky.networks import build

CHUNK = 4096
SQUARE = [Member(turns, flip) for flip in ("", "x") for turns in range(4)]


def load_model(
    folder: str | Path, budget: int | None = None, fold: int | None = None, device: str = "cpu"
) -> tuple[torch.nn.Module, dict[str, Any]]:
    """A trained network in evaluation mode, and its card.

    `folder` is a draw's folder; `budget` and `fold` may be left out where the draw has only one.
    The card joins what all runs of the draw share with what is this run's own.
    """
    card = load_json(Path(folder) / "model.json")
    found = [
        run
        for run in card.pop("runs")
        if budget in (None, run["budget"]) and fold in (None, run["fold"])
    ]
    if len(found) != 1:
        raise FewskyError(
            f"{folder}: wanted one run with budget {budget} and fold {fold}; found {len(found)}. "
            "Name a budget and a fold that model.json lists."
        )
    card |= found[0]
    arrays = load_arrays(Path(folder) / "model.safetensors")
    weights = {
        name.removeprefix(card["prefix"]): torch.from_numpy(array)
        for name, array in arrays.items()
        if name.startswith(card["prefix"])
    }
    return network_of(card, weights).to(device), card


def network_of(card: dict[str, Any], weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    """The network that a card describes, with these weights, in evaluation mode, on the CPU."""
    network = build(
        card["model"],
        inputs.n_channels(card["input"]),
        card["size"],
        objective(card["recipe"]["loss"], len(card["classes"])).n_outputs,
        torch.Generator().manual_seed(0),
        len(card["input"]["extra"]),
    )
    like = network.state_dict()
    network.load_state_dict({name: v.reshape(like[name].shape) for name, v in weights.items()})
    return network.eval()


def objects_on(
    device: torch.device,
    images: np.ndarray,
    catalog: pd.DataFrame,
    statistics: dict[str, Any],
    targets: np.ndarray | None = None,
) -> Objects:
    """Images `(n, band, y, x)` and their catalogue rows as objects on a device."""
    n, bands = images.shape[:2]
    grid = np.ascontiguousarray(images.reshape(n, bands, -1).transpose(0, 2, 1), np.float32)
    parts = (grid, inputs.noise(catalog, statistics), inputs.scalars(catalog, statistics), targets)
    pixels, *others = (None if p is None else torch.tensor(p, device=device) for p in parts)
    pixels = inputs.with_point_source_out(pixels, images.shape[3], catalog, statistics)
    return Objects(pixels, *others)


def predict(
    network: torch.nn.Module, card: dict[str, Any], images: np.ndarray, catalog: pd.DataFrame
) -> np.ndarray:
    """Probabilities of the card's classes, float32 `(n, class)`, on the network's own device.

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
    device = next(network.parameters()).device
    goal = objective(card["recipe"]["loss"], len(card["classes"]))
    tables = pixel_tables(card["size"], card["size"], SQUARE[: card["recipe"]["test_views"]])
    parts = [np.zeros((0, len(card["classes"])), np.float32)]
    for k in range(0, len(images), CHUNK):
        rows = slice(k, k + CHUNK)
        objects = objects_on(device, images[rows], catalog.iloc[rows], card["input"])
        outputs = _mean_outputs(network, objects, card, tables.to(device))
        parts.append(goal.probabilities(outputs).cpu().numpy())
    return np.concatenate(parts)


def _mean_outputs(network, objects: Objects, card, tables: torch.Tensor) -> torch.Tensor:
    pixels = inputs.stretched(objects.pixels, objects.noise, card["input"])
    every = torch.arange(len(pixels), device=pixels.device)
    views = (
        gather(pixels, every, table.expand(len(pixels), -1)) if len(tables) > 1 else pixels
        for table in tables
    )
    size = card["size"]
    outputs = [outputs_of(network, as_images(view, size, size), objects.extra) for view in views]
    return torch.stack(outputs).mean(dim=0)
