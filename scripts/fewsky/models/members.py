"""The networks of a trained experiment as they lie, which predictions are averaged over."""

from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError
from fewsky.files import load_json, load_table
from fewsky.metrics.predictions import number_classes, probabilities
from fewsky.metrics.temperature import fit_temperature
from fewsky.models.objectives import objective
from fewsky.models.outputs import mean_outputs
from fewsky.models.sources import Pixels
from fewsky.models.trained import load_model


class Member(NamedTuple):
    """One network of an experiment: of a draw and fold, with the largest budget it was given."""

    network: torch.nn.Module
    card: dict[str, Any]
    predictions: pd.DataFrame

    def rows(self, part: str, catalog: pd.DataFrame) -> np.ndarray:
        """Rows of the catalogue that are this network's objects of a part."""
        names = self.predictions.loc[self.predictions["part"] == part, "object_id"]
        found = pd.Index(catalog["object_id"]).get_indexer(names)
        if (found < 0).any():
            raise FewskyError(
                f"experiment {self.card['experiment']}: wanted the objects that it was trained on; "
                f"found {(found < 0).sum()} that its dataset does not hold. Train it again."
            )
        return found

    def told(self) -> dict[str, Any]:
        """Draw, fold, budget, temperature, validation objects, training objects by class."""
        classes, table = self.card["classes"], self.predictions
        val = table[table["part"] == "val"]
        truth = number_classes(val["label"], classes)
        counts = table.loc[table["part"] == "train", "label"].value_counts()
        return {
            **{key: self.card[key] for key in ("draw", "fold", "budget")},
            "temperature": fit_temperature(probabilities(val, classes), truth),
            "trained_on": {name: int(counts.get(name, 0)) for name in classes},
            "validation_objects": len(val),
        }


def load_members(folders: Iterable[str | Path], first: bool, device: str) -> list[Member]:
    """The networks of an experiment's draws and folds, or the first one alone.

    `folders` are models/EXPERIMENT/draw-K, or the one draw-all of a sweep.
    """
    found: list[Member] = []
    for folder in map(Path, folders):
        whole = load_json(folder / "model.json")
        table = load_table(folder / "predictions.parquet")
        keys = largest([{"draw": whole.get("draw", 0), **run} for run in whole["runs"]])
        for draw, fold, budget in keys[:1] if first else keys:
            network, card = load_model(folder, budget, fold, device, draw)
            own = (table["budget"] == budget) & (table["fold"] == fold)
            if "draw" in table:
                own &= table["draw"] == draw
            found.append(Member(network, {**card, "draw": draw}, table[own]))
    return found[:1] if first else found


def largest(runs: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    """Draw, fold and largest budget of the runs of a card, in order."""
    best = pd.DataFrame(runs).groupby(["draw", "fold"])["budget"].max().reset_index()
    return [(int(draw), int(fold), int(budget)) for draw, fold, budget in best.to_numpy()]


@torch.inference_mode()
def look(
    member: Member, images: np.ndarray, catalog: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities `(n, class)` and features `(n, feature)`, by the recipe's test views.

    The last layer is linear, so that its answer to the mean over views is the mean of its answers.
    `images` are `(n, band, y, x)` with the card's bands, without NaN; row i of `catalog` is theirs.
    """
    network, card = member.network, member.card
    recipe = card["recipe"]
    if not len(images):
        return np.zeros((0, len(card["classes"]))), np.zeros((0, network.head.in_features))
    place = next(network.parameters()).device
    source = Pixels(images, catalog, card["input"], recipe, place)
    with without_head(network) as head:
        features = mean_outputs(network, source, np.arange(len(images)), recipe["test_views"])
        outputs = head(features)
    found = objective(recipe["loss"], len(card["classes"])).probabilities(outputs)
    return found.double().cpu().numpy(), features.cpu().numpy()


@contextmanager
def without_head(network: torch.nn.Module):
    """Have the network give what its last layer is given; that layer."""
    head = network.head
    network.head = torch.nn.Identity()
    try:
        yield head
    finally:
        network.head = head


def filled(images: np.ndarray) -> np.ndarray:
    """Images without NaN: each band's median of the object where there are no data, else 0."""
    missing = ~np.isfinite(images)
    if not missing.any():
        return images
    out = images.astype(np.float32)
    for i, band in np.argwhere(missing.any(axis=(2, 3))):
        plane, gaps = out[i, band], missing[i, band]
        plane[gaps] = np.median(plane[~gaps]) if not gaps.all() else 0.0
    return out
