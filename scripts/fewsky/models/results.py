"""What a training leaves behind: weights, card, history and predictions."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from fewsky.files import save_arrays, save_json, save_table
from fewsky.models.loop import Fitted
from fewsky.models.samples import Run
from fewsky.models.trained import network_of, objects_on, predict
from fewsky.models.views import Objects
from fewsky.provenance import digest


class Data(NamedTuple):
    """Images `(n, band, y, x)`, their catalogue rows, labels (`samples.labelled`), the device."""

    images: np.ndarray
    catalog: pd.DataFrame
    table: pd.DataFrame
    device: torch.device

    @property
    def size(self) -> int:
        return self.images.shape[3]

    def targets(self, rows: np.ndarray) -> np.ndarray:
        """Number of the class of some image rows, int64."""
        by_row = pd.Series(self.table["target"].to_numpy(np.int64), self.table["row"])
        return by_row[rows].to_numpy()

    def objects(self, rows: np.ndarray, statistics: dict[str, Any]) -> Objects:
        """Some image rows as objects on the device."""
        catalog = self.catalog.iloc[rows]
        return objects_on(self.device, self.images[rows], catalog, statistics, self.targets(rows))


def collected(
    settings: dict, data: Data, planned: list[Run], draw: int, fitted: list[tuple[dict, Fitted]]
) -> tuple[dict[str, np.ndarray], dict, pd.DataFrame, pd.DataFrame]:
    """Weights by name, the card, the history and the predictions of all runs of a draw."""
    shared = {
        "experiment": settings["experiment"],
        "draw": draw,
        "seed": settings["seed"],
        "classes": settings["classes"],
        "bands": settings["bands"],
        "size": data.size,
        "model": settings["model"],
        "recipe": settings["recipe"],
    }
    weights, cards, histories, predictions = {}, [], [], []
    for run, (statistics, result) in zip(planned, fitted, strict=True):
        card = _run_card(settings, data, run, statistics, result)
        network = network_of(shared | card, result.weights)
        card["parameters"] = sum(weight.numel() for weight in network.parameters())
        cards.append(card)
        weights |= {run.prefix + k: v.cpu().numpy() for k, v in result.weights.items()}
        histories.append(
            pd.DataFrame(result.progress.history).assign(budget=run.budget, fold=run.fold)
        )
        predictions.append(_predictions(data, run, network.to(data.device), shared | card))
    return weights, shared | {"runs": cards}, _stacked(histories), _stacked(predictions)


def _run_card(settings, data: Data, run: Run, statistics, result: Fitted) -> dict[str, Any]:
    seen = {
        part: {
            name: int((data.targets(run.parts[part]) == k).sum())
            for k, name in enumerate(settings["classes"])
        }
        for part in ("train", "val")
    }
    return {
        "budget": run.budget,
        "fold": run.fold,
        "prefix": run.prefix,
        "input": statistics,
        "epoch": result.epoch,
        "epochs": result.progress.epoch,
        "steps": result.progress.step,
        "labels_seen": seen,
        "tuned_with": max(run.budget, settings.get("tuned_with") or 0),
        "history": digest(result.progress.history),
    }


def _predictions(data: Data, run: Run, network: torch.nn.Module, card: dict) -> pd.DataFrame:
    rows = np.concatenate(list(run.parts.values()))
    found = predict(network, card, data.images[rows], data.catalog.iloc[rows])
    labels = np.array(card["classes"])[data.targets(rows)]
    table = pd.DataFrame(
        {
            "object_id": data.catalog["object_id"].to_numpy()[rows],
            "part": np.repeat(list(run.parts), [len(part) for part in run.parts.values()]),
            "budget": run.budget,
            "fold": run.fold,
            "label": labels,
        }
    )
    for k, name in enumerate(card["classes"]):
        table[f"p_{name}"] = found[:, k]
    return table


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat(tables, ignore_index=True)
    if "epoch" not in table:
        return table
    return table[["budget", "fold", *[c for c in table if c not in ("budget", "fold")]]]


def publish(
    out_dir: Path, weights: dict, card: dict, history: pd.DataFrame, predictions: pd.DataFrame
) -> dict[str, Path]:
    """Write the four files of a draw, each by rename, and return their paths by kind."""
    paths = {
        "weights": out_dir / "model.safetensors",
        "card": out_dir / "model.json",
        "history": out_dir / "history.csv",
        "predictions": out_dir / "predictions.parquet",
    }
    save_arrays(weights, paths["weights"])
    save_json(card, paths["card"])
    save_table(history, paths["history"])
    save_table(predictions, paths["predictions"])
    return paths
