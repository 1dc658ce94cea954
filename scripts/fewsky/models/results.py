"""What a training leaves behind: weights, card, history and predictions."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from fewsky.files import save_arrays, save_json, save_table
from fewsky.models.loop import Fitted
from fewsky.models.samples import Run, printed_labels
from fewsky.models.sources import Activations, Pixels
from fewsky.models.trained import probabilities
from fewsky.provenance import digest


class Data(NamedTuple):
    """Images `(n, band, y, x)`, their catalogue rows, labels (`samples.labelled`), the device.

    `manifest` serves to print labels beside predictions of tested objects, and nothing else.
    """

    images: np.ndarray
    catalog: pd.DataFrame
    table: pd.DataFrame
    manifest: pd.DataFrame
    device: torch.device | None = None

    @property
    def size(self) -> int:
        return self.images.shape[3]

    def targets(self, rows: np.ndarray) -> np.ndarray:
        """Number of the class of some image rows, int64; -1 for a label that is hidden."""
        by_row = pd.Series(self.table["target"].to_numpy(np.int64), self.table["row"])
        return by_row[rows].to_numpy()

    def part(self, run: Run, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Image rows and targets of a part of a run."""
        return run.parts[name], self.targets(run.parts[name])


class Outcome(NamedTuple):
    """A fitted run: input statistics, the whole network, the part trained, its source, the choice.

    `frozen` names the file that holds the weights that were not trained, or is None where all
    weights are kept here; `told` goes to the card as it is.
    """

    statistics: dict[str, Any]
    whole: torch.nn.Module
    trained: torch.nn.Module
    source: Pixels | Activations
    fitted: Fitted
    frozen: dict[str, str] | None
    told: dict[str, Any]


class Finished(NamedTuple):
    """What is kept of a run: weights by name, its card, its history, its predictions."""

    weights: dict[str, np.ndarray]
    card: dict[str, Any]
    history: pd.DataFrame
    predictions: pd.DataFrame


def finish(settings: dict, data: Data, run: Run, outcome: Outcome) -> Finished:
    """Predict with the chosen weights and gather what is kept; the network may go then."""
    outcome.trained.load_state_dict(outcome.fitted.weights)
    kept = outcome.trained if outcome.frozen else outcome.whole
    history = pd.DataFrame(outcome.fitted.progress.history)
    found = probabilities(
        outcome.trained, outcome.source, all_rows(run), settings["classes"], settings["recipe"]
    )
    return Finished(
        {run.prefix + name: v.detach().cpu().numpy() for name, v in kept.state_dict().items()},
        _run_card(settings, data, run, outcome),
        history.assign(budget=run.budget, fold=run.fold),
        predictions_table(data, run, found, settings["classes"]),
    )


def collected(
    settings: dict, size: int, draw: int, finished: list[Finished]
) -> tuple[dict[str, np.ndarray], dict, pd.DataFrame, pd.DataFrame]:
    """Weights by name, the card, the history and the predictions of all runs of a draw."""
    card = shared_card(settings, size) | {"draw": draw, "runs": [one.card for one in finished]}
    weights = {name: array for one in finished for name, array in one.weights.items()}
    histories = _stacked([one.history for one in finished])
    return weights, card, histories, _stacked([one.predictions for one in finished])


def shared_card(settings: dict, size: int) -> dict[str, Any]:
    """What the card says of all runs."""
    keys = ("experiment", "seed", "classes", "bands", "model", "recipe")
    return {**{key: settings[key] for key in keys}, "size": size, "start": settings.get("start")}


def _run_card(settings, data: Data, run: Run, outcome: Outcome) -> dict[str, Any]:
    progress = outcome.fitted.progress
    counts = [sum(w.numel() for w in net.parameters()) for net in (outcome.whole, outcome.trained)]
    return run_card(settings, data, run) | {
        "input": outcome.statistics,
        "frozen": outcome.frozen,
        "parameters": counts[0],
        "trainable_parameters": counts[1],
        "epoch": outcome.fitted.epoch,
        "epochs": progress.epoch,
        "steps": progress.step,
        "images_seen": progress.seen,
        "history": digest(progress.history),
        **outcome.told,
    }


def run_card(settings, data: Data, run: Run) -> dict[str, Any]:
    """What the card says of a run whatever was fitted: its labels, and where its weights are."""
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
        "labels_seen": seen,
        "tuned_with": max(run.budget, settings.get("tuned_with") or 0),
    }


def all_rows(run: Run) -> np.ndarray:
    """Image rows of every part of a run, one part after the other."""
    return np.concatenate(list(run.parts.values()))


def predictions_table(data: Data, run: Run, found: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """The prediction table of a run from probabilities `(n, class)` of `all_rows`."""
    rows = all_rows(run)
    table = pd.DataFrame(
        {
            "object_id": data.catalog["object_id"].to_numpy()[rows],
            "part": np.repeat(list(run.parts), [len(part) for part in run.parts.values()]),
            "budget": run.budget,
            "fold": run.fold,
            "label": printed_labels(data.table, data.manifest, run),
        }
    )
    for k, name in enumerate(classes):
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
