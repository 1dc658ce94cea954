"""Tasks without classes: catalogue columns or boxes instead, and their objects as one class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.target_columns import parsed

OBJECT = "object"  # the label of every object of a task without classes


def target_values(catalog: pd.DataFrame, targets: Mapping[str, Any]) -> np.ndarray:
    """A task's targets in the catalogue's units, float64 `(n, target)`, NaN where missing.

    A target is a column or the difference or ratio of two (target_columns). What is not finite, or
    lies outside `low` to `high` in a column, is missing. Raises FewskyError where a column is not
    there or holds no numbers.
    """
    limits = (targets.get("low"), targets.get("high"))
    columns = [_values(catalog, name, *limits) for name in targets["columns"]]
    return np.stack(columns, axis=1) if columns else np.zeros((len(catalog), 0))


def _values(catalog: pd.DataFrame, name: str, low: float | None, high: float | None) -> np.ndarray:
    """One target `(n,)`, NaN where a column that it needs is missing."""
    target = parsed(name)
    first, *rest = (_real(_numbers(catalog, column), low, high) for column in target.columns())
    if not rest:
        return first
    with np.errstate(divide="ignore", invalid="ignore"):
        values = first - rest[0] if target.sign == "-" else first / rest[0]
    return np.where(np.isfinite(values), values, np.nan)


def _real(values: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
    outside = ~np.isfinite(values)
    outside |= False if low is None else values < low
    outside |= False if high is None else values > high
    return np.where(outside, np.nan, values)


def _numbers(catalog: pd.DataFrame, name: str) -> np.ndarray:
    if name not in catalog:
        raise FewskyError(
            f"targets: wanted the column {name} in the catalogue or among what is measured on the "
            "images; found none of that name. Mend targets.columns or errors."
        )
    try:
        return catalog[name].to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise FewskyError(
            f"targets: wanted numbers in the column {name}; found {catalog[name].iloc[0]!r}. "
            "Name another column."
        ) from None


def check_known(values: np.ndarray, columns: Sequence[str], where: str) -> None:
    """Raise FewskyError where a column of `(n, target)` is all NaN or constant: nothing to learn.

    `where` says in the error which objects they are.
    """
    for name, column in zip(columns, values.T, strict=True):
        known = column[np.isfinite(column)]
        if len(known) and known.min() < known.max():
            continue
        found = f"{known[0]:g} in all {len(known)} that are known" if len(known) else "none known"
        raise FewskyError(
            f"{where}: wanted values of the target {name} that differ; found {found}, of "
            f"{len(values)} objects. Name another column, mend targets.low and high, or give more "
            "objects."
        )


def as_one_class(
    catalog: pd.DataFrame, task: Mapping[str, Any]
) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    """The catalogue and a task as the split sees them: without classes, objects of the one class.

    Objects lacking all targets (missing: mask) or one of them (drop) have no label, so they are
    left out. A task with classes stays as it is. Raises FewskyError as `target_values` does, and
    where a column is all NaN or constant.
    """
    targets, one_class = task.get("targets"), {**task, "label": "label", "classes": [OBJECT]}
    if "boxes" in task:
        return catalog.assign(label=OBJECT), one_class
    if targets is None:
        return catalog, task
    values = target_values(catalog, targets)
    check_known(values, targets["columns"], "targets")
    known = np.isfinite(values)
    wanted = known.all(axis=1) if targets["missing"] == "drop" else known.any(axis=1)
    wanted |= not targets["columns"]
    label = np.where(wanted, OBJECT, "")
    return catalog.assign(label=label), one_class
