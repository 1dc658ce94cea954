"""Helpers of the Galaxy10 chapter's figures: classes in words, ROC curves, confusions, a front."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.figures.planetary_nebulae import images_of, load_objects
from fewsky.figures.runs import draw_of
from fewsky.files import load_json, load_table
from fewsky.metrics.printed import class_weights

CLASSES = {
    "face-on-disk": "face-on disk",
    "in-between-smooth": "in-between smooth",
    "edge-on-rounded-bulge": "edge-on, rounded bulge",
    "edge-on-boxy-bulge": "edge-on, boxy bulge",
    "edge-on-no-bulge": "edge-on, no bulge",
    "edge-on-with-bulge": "edge-on, with bulge",
}
# Experiments by their part in the chapter, as figures and tables name them.
PARTS = {
    "simple": "simple network",
    "scratch": "best from nothing",
    "vgg": "VGG16, tuned",
    "ensemble": "ensemble",
    "search": "searched network",
}
GRID = np.concatenate([[0.0], np.geomspace(1e-3, 1, 181)])  # false-positive rates of mean curves


def class_words(label: str) -> str:
    """A class of Galaxy10 in words, `edge-on, no bulge`; of other data its name, spaces in it."""
    return CLASSES.get(label, label.replace("-", " "))


def sheet(
    catalogs: Sequence[str | Path], images: Sequence[str | Path], classes: Sequence[str], n: int
) -> dict[str, tuple[int, list[np.ndarray]]]:
    """Number of objects of each class, and pictures `(y, x, colour)` of `n` of them.

    They are those at equal steps through the class in the order of object_id, the same each time.
    """
    objects = load_objects(catalogs).sort_values("object_id", kind="stable")
    parts = {name: objects[objects["label"] == name] for name in classes}
    chosen = {name: part.iloc[_steps(len(part), n)] for name, part in parts.items()}
    found = images_of(pd.concat(chosen.values()), list(images))
    return {
        name: (len(parts[name]), [colours(found[one]) for one in part["object_id"]])
        for name, part in chosen.items()
    }


def _steps(size: int, n: int) -> np.ndarray:
    """Places of `n` things at equal steps among `size`; all of them where there are fewer."""
    return np.arange(min(n, size)) * size // max(min(n, size), 1)


def colours(image: np.ndarray) -> np.ndarray:
    """A picture `(y, x, 3)` of 0 to 1 of an image `(band, y, x)`: three bands, or the first."""
    bands = image if len(image) == 3 else np.repeat(image[:1], 3, axis=0)
    return np.nan_to_num(bands).clip(0, 1).transpose(1, 2, 0)


def balances(cards: Sequence[str | Path]) -> pd.DataFrame:
    """What each training was shown: experiment, label, objects, views an epoch, weight of the loss.

    Means over draws at the largest number of labels, folds left out; weight 1 where there is none.
    """
    rows = []
    for path in cards:
        card = load_json(path)
        run = max(card["runs"], key=lambda one: (one["fold"] == -1, one["budget"]))
        views, seen = run["trained_on"], run["labels_seen"]["train"]
        balanced = card["recipe"]["class_weights"] == "balanced"
        weights = class_weights(views) if balanced else dict.fromkeys(views, 1.0)
        told = {"experiment": card["experiment"], "draw": card["draw"]}
        rows += [
            {**told, "label": c, "objects": seen[c], "views": n, "weight": weights.get(c, np.nan)}
            for c, n in views.items()
        ]
    table = pd.DataFrame(rows)
    return table.groupby(["experiment", "label"], as_index=False, sort=False).mean()


def tested(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Predictions of the test part at the largest number of labels, with experiment and draw."""
    tables = []
    for path in map(Path, paths):
        table = load_table(path)
        if "draw" not in table:
            table = table.assign(draw=draw_of(path))
        table = table[(table["part"] == "test") & (table["fold"] == -1)]
        largest = table.groupby("draw")["budget"].transform("max")
        tables.append(table[table["budget"] == largest].assign(experiment=path.parts[-3]))
    found = pd.concat(tables, ignore_index=True)
    if found.empty:
        raise FewskyError(
            f"{paths[0]}: wanted predictions of a test part; found none. Take a task whose split "
            "has one, or leave paper.galaxy10.reports empty."
        )
    return found


def roc(score: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates, from 0 to 1, by falling score; ties are one step."""
    order = np.argsort(-score, kind="stable")
    hits = positive[order].astype(float)
    last = np.append(np.diff(score[order]) != 0, True)
    true, false = np.cumsum(hits)[last], np.cumsum(1 - hits)[last]
    rates = [np.append(0.0, part / max(part[-1], 1)) for part in (false, true)]
    return rates[0], rates[1]


def mean_roc(table: pd.DataFrame, label: str) -> dict[str, Any] | None:
    """The curve of one class against the rest, the mean over draws at the rates of GRID.

    Keys `true` (rates on GRID), `area`, and `point`, the mean (false, true) rate of what is decided
    by the largest probability; None where no draw has objects inside and outside the class.
    """
    names = [column for column in table if column.startswith("p_")]
    curves, areas, points = [], [], []
    for _, one in table.groupby("draw"):
        positive = (one["label"] == label).to_numpy()
        if positive.all() or not positive.any():
            continue
        false, true = roc(one[f"p_{label}"].to_numpy(float), positive)
        curves.append(_at(GRID, false, true))
        areas.append(np.trapezoid(true, false))
        decided = np.asarray(names)[one[names].to_numpy().argmax(1)] == f"p_{label}"
        points.append((decided[~positive].mean(), decided[positive].mean()))
    if not curves:
        return None
    told = (np.mean(curves, axis=0), float(np.mean(areas)), tuple(np.mean(points, axis=0)))
    return dict(zip(("true", "area", "point"), told, strict=True))


def _at(rates: np.ndarray, false: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Highest true-positive rate at or below each false-positive rate: a curve of steps."""
    return true[np.searchsorted(false, rates, side="right") - 1]


def confusion(rows: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Counts `(true, decided)` of metrics rows, the mean over those that there are."""
    means = rows.groupby("metric")["value"].mean()
    names = [[f"confusion_{true}_{decided}" for decided in classes] for true in classes]
    return np.array([[means.get(name, 0.0) for name in line] for line in names])


def front(cost: Sequence[float], value: Sequence[float]) -> np.ndarray:
    """Which points are on the Pareto front: no other is worth as much at the same cost or less.

    Of points alike in both the first is taken.
    """
    cost, value = np.asarray(cost, float), np.asarray(value, float)
    found, best = np.zeros(len(cost), bool), -np.inf
    for k in np.lexsort((-value, cost)):
        if value[k] > best:
            found[k], best = True, value[k]
    return found


def named(parts: Mapping[str, str | None]) -> dict[str, str]:
    """Experiments of a mapping by their part in it, those that are null left out."""
    return {part: name for part, name in (parts or {}).items() if name}
