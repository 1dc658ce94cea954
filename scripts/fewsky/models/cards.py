"""What every fit states alike: its data, its card, its table of predictions."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fewsky.models.samples import Run, classes_of, printed_labels
from fewsky.models.targets import Scale, scale_of
from fewsky.shards import Shards
from fewsky.splits.labels import target_values


class Data(NamedTuple):
    """Images `(n, band, y, x)`, their catalogue rows, labels (`samples.labelled`), the device.

    `manifest` serves to print labels beside predictions of tested objects, and nothing else. In a
    task with targets `values` `(n, target)` are those of all catalogue rows, in physical units and
    NaN where missing, `columns` their names, and `scale` is that of a run's training objects. In a
    task with boxes `boxes` is their table.
    """

    images: np.ndarray | Shards
    catalog: pd.DataFrame
    table: pd.DataFrame
    manifest: pd.DataFrame
    device: Any = None
    columns: tuple[str, ...] = ()
    values: np.ndarray | None = None
    scale: Scale | None = None
    boxes: pd.DataFrame | None = None

    @property
    def size(self) -> int:
        return self.images.shape[3]

    def targets(self, rows: np.ndarray) -> np.ndarray:
        """What is to be learned of some image rows: the number of the class, int64 `(n,)`, or
        targets on the run's scale, float32 `(n, target)` with NaN where missing.
        """
        if self.values is None:
            return self.class_numbers(rows)
        return self.scale.scaled(self.values[rows])

    def class_numbers(self, rows: np.ndarray) -> np.ndarray:
        """Number of the class of some image rows, int64; -1 for a label that is hidden."""
        by_row = pd.Series(self.table["target"].to_numpy(np.int64), self.table["row"])
        return by_row[rows].to_numpy()

    def part(self, run: Run, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Image rows and targets of a part of a run."""
        return run.parts[name], self.targets(run.parts[name])

    def with_values(self, targets: dict[str, Any] | None) -> "Data":
        """The data with the values of a task's targets; as they are where it has none."""
        if targets is None:
            return self
        values = target_values(self.catalog, targets)
        return self._replace(columns=tuple(targets["columns"]), values=values)

    def with_scale(self, run: Run, settings: dict[str, Any]) -> "Data":
        """The data with the scale of a run's targets; as they are where it has none."""
        if self.values is None:
            return self
        where = f"{settings['experiment']}, training objects of {run.budget} labels"
        known = self.values[run.parts["train"]]
        return self._replace(scale=scale_of(known, settings["targets"], where))


def shared_card(settings: dict, size: int) -> dict[str, Any]:
    """What the card says of all runs."""
    keys = ["experiment", "seed", "classes", "bands", "model", "recipe"]
    keys += [key for key in ("targets", "boxes") if settings.get(key)]
    return {**{key: settings[key] for key in keys}, "size": size, "start": settings.get("start")}


def run_card(settings, data: Data, run: Run) -> dict[str, Any]:
    """What the card says of a run whatever was fitted: its labels, and where its weights are."""
    seen = {
        part: {
            name: int((data.class_numbers(run.parts[part]) == k).sum())
            for k, name in enumerate(classes_of(settings))
        }
        for part in ("train", "val")
    }
    scale = {} if data.scale is None else {"target_scale": data.scale.card()}
    return {
        "budget": run.budget,
        "fold": run.fold,
        "prefix": run.prefix,
        "labels_seen": seen,
        "tuned_with": max(run.budget, settings.get("tuned_with") or 0),
        **scale,
    }


def all_rows(run: Run) -> np.ndarray:
    """Image rows of every part of a run, one part after the other."""
    return np.concatenate(list(run.parts.values()))


def predictions_table(data: Data, run: Run, found: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """The prediction table of a run from probabilities `(n, class)` of `all_rows`.

    In a task with targets `found` are its predictions `(n, target)` in physical units; the table
    then has for each column t_COLUMN, as catalogued and NaN where missing, and y_COLUMN, predicted.
    """
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
    for k, name in enumerate(data.columns):
        table[f"t_{name}"], table[f"y_{name}"] = data.values[rows, k], found[:, k]
    return table
