"""Prepared starting weights: published ones, those of an experiment, or none at all."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_json, sha256
from fewsky.networks import build, family, fresh_layers

SIZE = 64  # of the images that a network of random weights is built for, where no user says it


def prepare(
    settings: dict[str, Any], path: str | Path | None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """A backbone's weights under our names, and their card.

    Of a detector that is all but its layer of classes. `settings` is the block of `weights` with
    `name` and `bands`, the number of an image's bands; `path` is a published file or an
    experiment's `model.safetensors` (its largest budget). The card has model, mean and std of each
    band for images of 0 to 1, source, sha256.
    """
    arrays, source = _arrays(settings, path)
    fresh = fresh_layers(settings["model"])
    backbone = {name: array for name, array in arrays.items() if not name.startswith(fresh)}
    card = {
        "weights": settings["name"],
        "model": settings["model"],
        "source": source,
        "sha256": None if path is None else sha256(path),
        "parameters": int(sum(array.size for array in backbone.values() if array.ndim)),
        **_normalisation(settings),
    }
    return backbone, card


def _arrays(settings, path) -> tuple[dict[str, np.ndarray], str]:
    if settings["from"] is not None:
        return _of_experiment(settings, Path(path)), f"experiment {settings['from']}, draw 0"
    if settings["random"] is not None:
        generator = torch.Generator().manual_seed(settings["random"])
        size = settings.get("size", SIZE)
        network = build({"name": settings["model"]}, settings["bands"], size, 2, generator)
        return _numpy(network.state_dict()), f"random, seed {settings['random']}"
    if not hasattr(family(settings["model"]), "published_weights"):
        raise FewskyError(
            f"weights.{settings['name']}.model: wanted vgg16, a timm network, ssdlite or effdet-d0 "
            f"for a published file; found {settings['model']}. Name one, for example timm-resnet50."
        )
    found = family(settings["model"]).published_weights(settings["model"], path, settings["bands"])
    return _numpy(found), settings["url"] or settings["file"]


def _of_experiment(settings, path: Path) -> dict[str, np.ndarray]:
    card = load_json(path.with_name("model.json"))
    if card["model"]["name"] != settings["model"]:
        raise FewskyError(
            f"weights.{settings['name']}: wanted an experiment with {settings['model']}; found "
            f"{card['model']['name']} in {settings['from']}. Give both the same model."
        )
    run = max(card["runs"], key=lambda one: one["budget"])
    return {
        name.removeprefix(run["prefix"]): array
        for name, array in load_arrays(path).items()
        if name.startswith(run["prefix"])
    }


def _normalisation(settings) -> dict[str, list[float]]:
    if settings["mean"] is not None:
        return {"mean": settings["mean"], "std": settings["std"]}
    if settings["url"] or settings["file"]:
        return family(settings["model"]).card_of(settings["model"])
    return {"mean": [0.5] * settings["bands"], "std": [0.25] * settings["bands"]}


def _numpy(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in tensors.items()}
