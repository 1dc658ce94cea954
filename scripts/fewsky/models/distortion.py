"""How far fine-tuning moves the features of its start, object by object.

Kumar et al. 2022 (arXiv:2202.10054): full fine-tuning moves the features of the training
distribution more than those outside it, and a head that was fitted first moves them less.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.files import load_json, load_table
from fewsky.machine import choose_device
from fewsky.models.features import activations
from fewsky.models.sources import Pixels
from fewsky.models.trained import load_model


def measure_distortion(
    folder: str | Path,
    images: np.ndarray,
    catalog: pd.DataFrame,
    before: np.ndarray,
    device: str = "cpu",
) -> pd.DataFrame:
    """One row an object of a draw's largest budget: draw, budget, fold, part, field, distance.

    `before` are the start's features `(n, view, feature)`, `images` `(n, band, y, x)`, row i of
    both that of `catalog`. `distance` is the Euclidean norm of the change of the features, in the
    first view, and `relative` that over their norm before.
    """
    card = load_json(Path(folder) / "model.json")
    largest = max(run["budget"] for run in card["runs"])
    stated = load_table(Path(folder) / "predictions.parquet")
    rows_of = pd.Series(np.arange(len(catalog)), catalog["object_id"])
    parts = []
    for run in card["runs"]:
        if run["budget"] != largest:
            continue
        seen = stated[(stated["budget"] == largest) & (stated["fold"] == run["fold"])]
        rows = rows_of[seen["object_id"]].to_numpy()
        after = _features(folder, run, images, catalog, rows, device)
        start = before[rows, 0]
        distance = np.linalg.norm(after - start, axis=1)
        parts.append(
            pd.DataFrame(
                {
                    "draw": card["draw"],
                    "budget": largest,
                    "fold": run["fold"],
                    "object_id": seen["object_id"].to_numpy(),
                    "part": seen["part"].to_numpy(),
                    "field": catalog["field"].to_numpy()[rows],
                    "distance": distance,
                    "relative": distance / np.linalg.norm(start, axis=1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _features(folder, run: dict, images, catalog, rows, device: str) -> np.ndarray:
    where = choose_device(device)
    network, card = load_model(folder, run["budget"], run["fold"], str(where))
    source = Pixels(images, catalog, card["input"], card["recipe"], where)
    return activations(network.trunk, source, rows, 1)[:, 0]
