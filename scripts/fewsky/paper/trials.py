"""Trials of a search and exported networks, as their files tell them: for figures and tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.console import FewskyError
from fewsky.files import load_json, load_table

MONITORED = {"val_accuracy": "Accuracy", "val_loss": "Log-loss", "macro_f1": "Macro F1"}
LOWER_IS_BETTER = ("val_loss",)
COMPLETE = "complete"
TOLD = ("trial", "value", "epochs", "parameters", "flops", "state", "chosen")
WORDS = {"filters": "filters", "kernels": "kernel", "dense": "dense units", "dropout": "dropout"}


def load_trials(path: str | Path, best: str | Path) -> pd.DataFrame:
    """The complete trials of a search in their order, with the column `chosen` (one is True).

    `best` is the best.json beside it. Raises FewskyError without any complete trial.
    """
    table = load_table(path)
    table = table[table["state"] == COMPLETE].reset_index(drop=True)
    if table.empty:
        raise FewskyError(
            f"{path}: wanted a complete trial; found none. Look into the log of search_settings."
        )
    return table.assign(chosen=table["trial"] == load_json(best)["trial"])


def parameters_of(table: pd.DataFrame) -> dict[str, str]:
    """Headings of the columns of a table of trials that were searched: `model.filters.0`."""
    return {name: parameter_words(name) for name in table if name not in TOLD}


def parameter_words(name: str) -> str:
    """A searched setting in words: `model.kernels.1` is `kernel 2`."""
    parts = name.split(".")
    number = f" {int(parts[-1]) + 1}" if parts[-1].isdigit() else ""
    key = parts[-2] if number else parts[-1]
    return WORDS.get(key, key.replace("_", " ")) + number


def load_exports(paths: Sequence[str | Path]) -> pd.DataFrame:
    """One row an exported experiment: its name and what its export.json holds, keys by dots.

    Without any there is no row, and the one column `experiment`.
    """
    rows: list[dict[str, Any]] = []
    for path in map(Path, paths):
        rows.append({"experiment": path.parts[-3], **_flat(load_json(path))})
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["experiment"])


def _flat(value: dict, room: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        inner = _flat(item, f"{room}{key}.") if isinstance(item, dict) else {room + key: item}
        found |= inner
    return found
