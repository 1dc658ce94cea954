"""Tasks that put several labels of a catalogue into one class, for example Hubble types."""

from collections.abc import Mapping
from typing import Any

import pandas as pd


def grouped(table: pd.DataFrame, task: Mapping[str, Any], column: str) -> pd.DataFrame:
    """The table with the group of each label in `column`, "" for labels of no group.

    A task without groups, and a table without the column, leave it as it is.
    """
    if not task.get("groups") or column not in table:
        return table
    group = {label: name for name, labels in task["groups"].items() for label in labels}
    return table.assign(**{column: table[column].map(group).fillna("")})
