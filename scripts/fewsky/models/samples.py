"""Which objects a run trains on, validates on and predicts, by budget and fold.

Hidden labels end here: of an unlabelled object nothing but `printed_labels`, and that only for the
fold in which it is tested, says what its label is.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.splits.draws import labels_of, ranking
from fewsky.splits.folds import ranked_outside, run_members
from fewsky.splits.labels import OBJECT

LABELLED = ("pool", "val", "test")
HIDDEN = "unlabelled"


class Run(NamedTuple):
    """One training: its number of labels, its fold (-1 for none), and rows of the image tensor.

    Parts are train, val, test, unused (labels beyond the budget) and unlabelled (outside the fold;
    empty in a task without).
    """

    budget: int
    fold: int
    parts: dict[str, np.ndarray]

    @property
    def prefix(self) -> str:
        """What the names of this run's tensors start with."""
        return f"budget-{self.budget}/fold-{self.fold}/"


def classes_of(settings: dict[str, Any]) -> list[str]:
    """Labels of a task's objects: its classes, or the one label of a task with targets."""
    return settings["classes"] or [OBJECT]


def labelled(catalog: pd.DataFrame, manifest: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The manifest's objects with their image row and target, indexed by object_id.

    `row` counts images, `target` counts classes. Labels are the manifest's and are joined by key;
    unlabelled objects have label "" and target -1, whatever the manifest says of them. Raises
    FewskyError where a column or a key is missing, a key is repeated, or a label is not one of the
    classes.
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
    table = table[table["part"].isin([*LABELLED, HIDDEN])]
    hidden = table["part"] == HIDDEN
    table["label"] = table["label"].mask(hidden, "")
    table["row"] = pd.Index(catalog["object_id"]).get_indexer(table.index)
    if (table["row"] < 0).any():
        raise FewskyError(
            f"manifest: wanted objects of the catalogue; found {(table['row'] < 0).sum()} others, "
            f"first {table.index[table['row'] < 0][0]}. Make the split again."
        )
    table["target"] = pd.Index(classes).get_indexer(table["label"])
    lost = (table["target"] < 0) & ~hidden
    if lost.any():
        wrong = sorted(set(table["label"][lost].astype(str)))
        raise FewskyError(
            f"manifest: wanted labels {', '.join(classes)}; found {', '.join(wrong)}. "
            "Name them in the task's classes or make the split again."
        )
    return table


def printed_labels(table: pd.DataFrame, manifest: pd.DataFrame, run: Run) -> np.ndarray:
    """The label to print beside each of a run's predictions, its parts one after the other.

    It is what `labelled` gives, "" for unlabelled objects; those of the tested fold are tested, and
    have the manifest's. Nothing may learn from this array.
    """
    of_row = table.reset_index().set_index("row")
    truth = manifest.set_index("object_id")["label"]
    found = [
        truth[of_row.loc[rows, "object_id"]] if part == "test" else of_row.loc[rows, "label"]
        for part, rows in run.parts.items()
    ]
    return np.concatenate([labels.to_numpy(dtype=object) for labels in found])


def runs(
    settings: dict[str, Any], table: pd.DataFrame, draws: pd.DataFrame, draw: int
) -> list[Run]:
    """Every run of a draw: one a fold and budget, budgets rising.

    A budget takes the lowest ranks, validation included. Under folds the fold held out is the
    test part, labelled and unlabelled objects of it, and ranks count the objects that are left.
    """
    ids = ranking(draws, draw)["object_id"]
    if lost := int((~ids.isin(table.index)).sum()):
        raise FewskyError(
            f"draws: wanted objects of the manifest's pool; found {lost} others. "
            "Make the split again."
        )
    folds = range(settings["folds"]) if settings["folds"] else [-1]
    return [run for fold in folds for run in _of_fold(settings, table, draws, draw, fold)]


def _of_fold(settings, table, draws, draw, fold) -> list[Run]:
    manifest = table.reset_index()
    ranked = ranked_outside(manifest, draws, draw, fold)
    left, where = ranked["object_id"].to_numpy(), f"{settings['experiment']}, draw {draw}"
    sizes = {labels_of(ranked, budget, where): budget for budget in settings["budgets"]}
    if max(sizes) > len(left):
        raise FewskyError(
            f"{settings['experiment']}: wanted budgets of at most {len(left)} labels, all that "
            f"draw {draw} has; found {max(sizes)}. Lower it or write all."
        )
    hidden = table.index[(table["part"] == HIDDEN) & ((table["fold"] != fold) | (fold < 0))]
    found = []
    for size in sorted(sizes):
        ids = run_members(manifest, draws, draw, sizes[size], fold)
        parts = dict(zip(("train", "val", "test"), ids, strict=True))
        parts["unused"] = left[~np.isin(left, np.concatenate(ids[:2]))]
        found.append(_run(settings, table, parts | {HIDDEN: hidden}, size, fold))
    return found


def _run(settings, table, parts, size, fold) -> Run:
    seen = set(table["target"][parts["train"]])
    lacking = [name for k, name in enumerate(classes_of(settings)) if k not in seen]
    if lacking:
        raise FewskyError(
            f"{settings['experiment']}: wanted training objects of every class; found none of "
            f"{', '.join(lacking)} among {size} labels. Raise the budget or balance it by class."
        )
    rows = {name: table["row"][ids].to_numpy(dtype=np.int64) for name, ids in parts.items()}
    return Run(size, fold, rows)
