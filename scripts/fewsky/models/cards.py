"""What every fit states alike: its data, its card, its table of predictions."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fewsky.models.samples import Run, printed_labels


class Data(NamedTuple):
    """Images `(n, band, y, x)`, their catalogue rows, labels (`samples.labelled`), the device.

    `manifest` serves to print labels beside predictions of tested objects, and nothing else.
    """

    images: np.ndarray
    catalog: pd.DataFrame
    table: pd.DataFrame
    manifest: pd.DataFrame
    device: Any = None

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


def shared_card(settings: dict, size: int) -> dict[str, Any]:
    """What the card says of all runs."""
    keys = ("experiment", "seed", "classes", "bands", "model", "recipe")
    return {**{key: settings[key] for key in keys}, "size": size, "start": settings.get("start")}


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
