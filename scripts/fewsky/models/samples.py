"""Which objects a run trains on, validates on and predicts, by budget and fold."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError


class Run(NamedTuple):
    """One training: its number of labels, its fold (-1 for none), and rows of the image tensor."""

    budget: int
    fold: int
    parts: dict[str, np.ndarray]

    @property
    def prefix(self) -> str:
        """What the names of this run's tensors start with."""
        return f"budget-{self.budget}/fold-{self.fold}/"


def labelled(catalog: pd.DataFrame, manifest: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The manifest's objects with their image row and target, indexed by object_id.

    `row` counts images, `target` counts classes. Labels are the manifest's and are joined by key.
    Raises FewskyError where a column or a key is missing, a key is repeated, or a label is not one
    of the classes.
    """
    needed = ["object_id", "label", "part", "fold"]
    if lost := [name for name in needed if name not in manifest]:
        raise FewskyError(
            f"manifest: wanted the columns {', '.join(needed)}; found no {', '.join(lost)}. "
            "Delete it and run again."
        )
    for name, table in (("catalog", catalog), ("manifest", manifest)):
        repeated = table["object_id"].duplicated()
        if repeated.any():
            raise FewskyError(
                f"{name}: wanted each object_id once; found {table['object_id'][repeated].iloc[0]} "
                "twice. Make the cutouts and the split again."
            )
    table = manifest.set_index("object_id")[["label", "part", "fold"]]
    table = table[table["part"].isin(["pool", "val", "test"])]
    table["row"] = pd.Index(catalog["object_id"]).get_indexer(table.index)
    if (table["row"] < 0).any():
        raise FewskyError(
            f"manifest: wanted objects of the catalogue; found {(table['row'] < 0).sum()} others, "
            f"first {table.index[table['row'] < 0][0]}. Make the split again."
        )
    table["target"] = pd.Index(classes).get_indexer(table["label"])
    if (table["target"] < 0).any():
        wrong = sorted(set(table["label"][table["target"] < 0].astype(str)))
        raise FewskyError(
            f"manifest: wanted labels {', '.join(classes)}; found {', '.join(wrong)}. "
            "Name them in the task's classes or make the split again."
        )
    return table


def runs(
    settings: dict[str, Any], table: pd.DataFrame, draws: pd.DataFrame, draw: int
) -> list[Run]:
    """Every run of a draw: one a fold and budget, budgets rising.

    A budget takes the lowest ranks, validation included. Under folds the fold held out is the
    test part, and ranks count the objects that are left.
    """
    ranking = draws[draws["draw"] == draw].sort_values("rank", kind="stable")
    if ranking.empty:
        raise FewskyError(f"draws: wanted draw {draw}; found none of it. Make the split again.")
    ranked = table.join(ranking.set_index("object_id")[["rank", "role"]], how="right")
    if ranked["row"].isna().any():
        raise FewskyError(
            f"draws: wanted objects of the manifest's pool; found {ranked['row'].isna().sum()} "
            "others. Make the split again."
        )
    folds = range(settings["folds"]) if settings["folds"] else [-1]
    return [run for fold in folds for run in _of_fold(settings, table, ranked, draw, fold)]


def _of_fold(settings, table, ranked, draw, fold) -> list[Run]:
    held_out = table["part"] == "test" if fold < 0 else table["fold"] == fold
    left = ranked if fold < 0 else ranked[ranked["fold"] != fold]
    sizes = {len(left) if budget == "all" else budget for budget in settings["budgets"]}
    if max(sizes) > len(left):
        raise FewskyError(
            f"{settings['experiment']}: wanted budgets of at most {len(left)} labels, all that "
            f"draw {draw} has; found {max(sizes)}. Lower it or write all."
        )
    return [_run(settings, table[held_out], left, size, fold) for size in sorted(sizes)]


def _run(settings, held_out, left, size, fold) -> Run:
    seen, unused = left.iloc[:size], left.iloc[size:]
    parts = {
        "train": seen[seen["role"] == "train"],
        "val": seen[seen["role"] == "val"],
        "test": held_out,
        "unused": unused,
    }
    found = set(parts["train"]["target"])
    lacking = [name for k, name in enumerate(settings["classes"]) if k not in found]
    if lacking:
        raise FewskyError(
            f"{settings['experiment']}: wanted training objects of every class; found none of "
            f"{', '.join(lacking)} among {size} labels. Raise the budget or balance it by class."
        )
    rows = {name: part["row"].to_numpy(dtype=np.int64) for name, part in parts.items()}
    return Run(size, fold, rows)
