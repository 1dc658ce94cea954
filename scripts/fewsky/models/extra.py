"""Generated patches beside the real ones: in what a run trains on, and nowhere else."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_table
from fewsky.models.cards import Data
from fewsky.models.samples import Run


class Extra(NamedTuple):
    """Generated patches `(m, band, y, x)` and their table: budget, fold, label, conditions."""

    images: np.ndarray
    table: pd.DataFrame


def load_extra(paths: Sequence[str], take: Sequence[int]) -> Extra | None:
    """The generated patches of a draw from their two files, with some of their bands; None if
    there are no files.
    """
    if not paths:
        return None
    images, table = paths
    return Extra(load_arrays(images)["images"][:, list(take)], load_table(table))


def with_extra(data: Data, run: Run, extra: Extra | None, classes: list[str]) -> tuple[Data, Run]:
    """The data with a run's generated patches as rows after the real ones, and the run that
    trains on them, too; both as they are without such.

    Raises FewskyError where there are none for the run.
    """
    if extra is None:
        return data, run
    own = ((extra.table["budget"] == run.budget) & (extra.table["fold"] == run.fold)).to_numpy()
    if not own.any():
        raise FewskyError(
            f"generated: wanted patches for {run.budget} labels, fold {run.fold}; found none. "
            "Delete them and run again."
        )
    table = extra.table[own].reset_index(drop=True)
    rows = len(data.images) + np.arange(len(table))
    names = pd.Index([f"generated-{k}" for k in range(len(table))], name=data.table.index.name)
    told = pd.DataFrame(
        {
            "label": table["label"].to_numpy(),
            "part": "pool",
            "fold": -1,
            "row": rows,
            "target": pd.Index(classes).get_indexer(table["label"]),
        },
        index=names,
    )
    conditions = table.drop(columns=["budget", "fold", "label", "donor"]).assign(object_id=names)
    wider = data._replace(
        images=np.concatenate([data.images, extra.images[own]]),
        catalog=pd.concat([data.catalog, conditions], ignore_index=True),
        table=pd.concat([data.table, told]),
    )
    parts = run.parts | {"train": np.concatenate([run.parts["train"], rows])}
    return wider, run._replace(parts=parts)
