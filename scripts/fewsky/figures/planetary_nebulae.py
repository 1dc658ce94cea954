"""Helpers of the planetary-nebula chapter's figures and tables: objects, kinds, pseudo-labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from fewsky.console import FewskyError
from fewsky.figures import style
from fewsky.figures.runs import looks
from fewsky.files import load_arrays, load_table
from fewsky.paper.tables import scored

CHANGE = 2.5  # deg of declination; SuperCOSMOS scans UKST plates south of it, POSS plates north
PLATES = {"ukst": "UKST", "poss": "POSS"}
CLASSES = {"true-pn": "True PN", "not-pn": "Not PN"}
STUDIES = {"AI20": "Awang Iskandar et al. 2020", "S0": "course project"}


def load_objects(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Catalogue of all shards, with the columns shard and row where each image lies.

    Raises FewskyError where no shard holds an object.
    """
    tables = [
        load_table(path).assign(shard=k, row=lambda table: range(len(table)))
        for k, path in enumerate(paths)
    ]
    filled = [table for table in tables if len(table)]
    if not filled:
        raise FewskyError(
            f"{Path(paths[0]).parents[1]}: wanted objects in at least one shard; found none. "
            "Check the survey's catalogue and the images that were served."
        )
    return pd.concat(filled, ignore_index=True)


def images_of(objects: pd.DataFrame, paths: Sequence[str | Path]) -> dict[str, np.ndarray]:
    """Images `(band, y, x)` in 0 to 1 by object_id, one shard in memory at a time."""
    found = {}
    for shard, part in objects.groupby("shard"):
        images = load_arrays(paths[shard])["images"]
        found |= {item.object_id: images[item.row].copy() for item in part.itertuples()}
    return found


def shown_objects(
    objects: pd.DataFrame, sample: int | Sequence[str], classes: Sequence[str]
) -> pd.DataFrame:
    """The objects of the sample table: those named, in that order, or so many, half of each class.

    A number is shared out among the classes, the last first, and within a class among its kinds in
    turn, the commonest first; the same objects each time. Raises FewskyError where one is missing.
    """
    if isinstance(sample, int):
        each = [(sample + k) // len(classes) for k in range(len(classes))]
        parts = [
            _in_turn(objects[objects["complete"] & (objects["label"] == name)], n)
            for name, n in zip(classes[::-1], each[::-1], strict=True)
        ]
        return pd.concat(parts, ignore_index=True)
    missing = sorted(set(sample) - set(objects["object_id"]))
    if missing:
        raise FewskyError(
            f"planetary-nebulae: wanted the objects {', '.join(missing)} in the dataset; found no "
            "such object_id. Correct paper.planetary-nebulae.sample."
        )
    return objects.set_index("object_id").loc[list(sample)].reset_index()


def _in_turn(objects: pd.DataFrame, n: int) -> pd.DataFrame:
    rows = objects.assign(common=objects.groupby("kind")["kind"].transform("size"))
    rows = rows.sort_values("object_id").assign(turn=rows.groupby("kind").cumcount())
    order = rows.sort_values(["turn", "common", "kind"], ascending=[True, False, True])
    return order.head(n).sort_values(["common", "kind", "turn"], ascending=[False, True, True])


def class_words(label: str) -> str:
    """A class in words, `True PN`; any other than the two of HASH as it is named."""
    return CLASSES.get(label, label)


def kind_words(kind: str) -> str:
    """What an object is in words, `not known` where the catalogue does not tell."""
    return kind or "not known"


def class_colours(classes: Sequence[str]) -> dict[str, str]:
    """Colour of each class: the last, which is looked for, in blue."""
    return dict(zip(classes[::-1], (style.BLUE, style.VERMILLION, *style.CYCLE[2:]), strict=False))


def separation(values: pd.Series, label: pd.Series, positive: str) -> float:
    """AUROC of one quantity on its own, either way round, 0.5 to 1; NaN where a class has none.

    It tells how much of the label a shortcut along this quantity could give away.
    """
    known = np.isfinite(values)
    inside, outside = values[known & (label == positive)], values[known & (label != positive)]
    if not len(inside) or not len(outside):
        return float("nan")
    area = mannwhitneyu(inside, outside).statistic / (len(inside) * len(outside))
    return float(max(area, 1 - area))


def pseudo_words(pseudo: Mapping[str, Any]) -> str:
    """A student's pseudo-labels in words: `hard, p ≥ 0.90`, `own, every step`, `true labels`."""
    if pseudo["labels"] == "truth":
        return "true labels"
    parts = ["own, every step" if pseudo["labels"] == "self" else pseudo["labels"]]
    if pseudo.get("threshold"):
        parts.append(f"p ≥ {pseudo['threshold']:.2f}")
    if pseudo.get("top_share") is not None:
        parts.append(f"top {100 * pseudo['top_share']:.0f} %")
    return ", ".join(parts)


def ramps(students: Mapping[str, Mapping[str, Any]]) -> dict[tuple, list[str]]:
    """The students of each distinct schedule (unit, t1, t2, alpha); those without one left out."""
    found: dict[tuple, list[str]] = {}
    for name, pseudo in students.items():
        told = tuple(pseudo.get(key) for key in ("unit", "t1", "t2", "alpha"))
        if None not in told:
            found.setdefault(told, []).append(name)
    return found


def kinds_of(metrics: pd.DataFrame, experiments: Sequence[str], start: str) -> pd.DataFrame:
    """The share rightly decided in each subset `<start> NAME`, over folds where there are any.

    Columns experiment, name, label, value, lower, upper, n; one row a class that the subset holds.
    """
    own = metrics[metrics["experiment"].isin(list(experiments))]
    part = "folds" if (own["part"] == "folds").any() else "test"
    rows = scored(metrics, experiments, part=part)
    rows = rows[rows["subset"].str.startswith(f"{start} ") & rows["metric"].str.match("recall_")]
    rows = rows.dropna(subset=["value"])
    label = rows["metric"].str.removeprefix("recall_")
    counts = scored(metrics, ["sample"], part=part)
    sizes = counts.groupby(["subset", "metric"])["value"].max()
    told = [sizes.get(key, np.nan) for key in zip(rows["subset"], "count_" + label, strict=True)]
    return rows.assign(
        name=rows["subset"].str.removeprefix(f"{start} "),
        label=label,
        n=pd.Series(told, rows.index, dtype=float).fillna(rows["n"]),
    )[["experiment", "name", "label", "value", "lower", "upper", "n"]]


def dots(ax, table: pd.DataFrame, experiments: Sequence[str], places: Sequence[Any]) -> None:
    """Draw values with bars along x, a line a place from the top down, experiments side by side.

    `table` has the columns experiment, place, value, lower, upper.
    """
    line = {place: k for k, place in enumerate(places)}
    step = min(0.16, 0.7 / max(len(experiments), 1))
    for k, name in enumerate(experiments):
        own = table[table["experiment"] == name]
        y = own["place"].map(line).astype(float) + step * (k - (len(experiments) - 1) / 2)
        value = own["value"].to_numpy(float)
        below = np.nan_to_num(value - own["lower"].to_numpy(float)).clip(0)
        above = np.nan_to_num(own["upper"].to_numpy(float) - value).clip(0)
        ax.errorbar(value, y, xerr=[below, above], ls="none", ms=3.5, capsize=1.5, elinewidth=0.8,
                    label=name, **looks(experiments)[name])  # fmt: skip
    for k in range(1, len(places)):
        ax.axhline(k - 0.5, color="#DDDDDD", lw=0.5, zorder=0)
    ax.set(ylim=(max(len(places), 1) - 0.5, -0.5), yticks=range(len(places)))
    ax.tick_params(axis="y", length=0)
