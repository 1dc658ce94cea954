"""What a training leaves behind: weights, card, history and predictions."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from fewsky.files import save_arrays, save_json, save_table
from fewsky.models.cards import Data, all_rows, predictions_table, run_card, shared_card
from fewsky.models.loop import Fitted
from fewsky.models.samples import Run
from fewsky.models.sources import Activations, Pixels
from fewsky.models.trained import physical, probabilities
from fewsky.provenance import digest


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
    return Finished(
        {run.prefix + name: v.detach().cpu().numpy() for name, v in kept.state_dict().items()},
        _run_card(settings, data, run, outcome),
        history.assign(budget=run.budget, fold=run.fold),
        _predictions(settings, data, run, outcome),
    )


def _predictions(settings, data: Data, run: Run, outcome: Outcome) -> pd.DataFrame:
    """The prediction table of a run, of whatever kind its task is."""
    recipe, given = settings["recipe"], (outcome.trained, outcome.source)
    if data.boxes is not None:
        from fewsky.models.detect_results import detections

        return detections(*given, data, run, settings)
    rows = all_rows(run)
    if data.scale is None:
        found = probabilities(*given, rows, settings["classes"], recipe)
    else:
        found = physical(*given, rows, data.scale, recipe)
    return predictions_table(data, run, found, settings["classes"])


def collected(
    settings: dict, size: int, draw: int, finished: list[Finished], gpu_mb: int | None
) -> tuple[dict[str, np.ndarray], dict, pd.DataFrame, pd.DataFrame]:
    """Weights by name, the card, the history and the predictions of all runs of a draw."""
    card = shared_card(settings, size) | {"draw": draw, "gpu_mb": gpu_mb}
    card |= {"runs": [one.card for one in finished]}
    weights = {name: array for one in finished for name, array in one.weights.items()}
    histories = _stacked([one.history for one in finished])
    return weights, card, histories, _stacked([one.predictions for one in finished])


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


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat(tables, ignore_index=True)
    if "epoch" not in table:
        return table
    return table[["budget", "fold", *[c for c in table if c not in ("budget", "fold")]]]


def paths_in(out_dir: Path) -> dict[str, Path]:
    """The four files of a draw by kind."""
    return {
        "weights": out_dir / "model.safetensors",
        "card": out_dir / "model.json",
        "history": out_dir / "history.csv",
        "predictions": out_dir / "predictions.parquet",
    }


def publish(
    out_dir: Path, weights: dict, card: dict, history: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    """Write the four files of a draw, each by rename."""
    paths = paths_in(out_dir)
    save_arrays(weights, paths["weights"])
    save_json(card, paths["card"])
    save_table(history, paths["history"])
    save_table(predictions, paths["predictions"])
