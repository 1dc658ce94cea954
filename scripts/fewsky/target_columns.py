"""What a target column says: a column, or the difference or ratio of two; nothing heavy."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

SIGNS = (" - ", " / ")


class Target(NamedTuple):
    """A column, and where `sign` is `-` or `/` what is taken from it or what it is divided by."""

    column: str
    sign: str = ""
    other: str = ""

    def columns(self) -> list[str]:
        """The columns of the catalogue that it needs."""
        return [self.column, self.other] if self.sign else [self.column]


def parsed(name: str) -> Target:
    """`modelmag_u - modelmag_g` or `petror90_r / petror50_r` in its parts; else a column."""
    for sign in SIGNS:
        column, found, other = name.partition(sign)
        if found:
            return Target(column.strip(), sign.strip(), other.strip())
    return Target(name)


def needed(names: list[str]) -> list[str]:
    """The columns that some targets are made of."""
    return [column for name in names for column in parsed(name).columns()]


def are_measured(task: Mapping[str, Any], kinds: Sequence[str]) -> bool:
    """Whether some column that a task with targets reads is measured on its images.

    `kinds` are what the names of measured columns begin with.
    """
    targets = task.get("targets") or {"columns": [], "errors": []}
    named = [*needed(targets["columns"]), *targets["errors"]]
    named += task["keep"] if named else []
    return any(name.startswith(tuple(kinds)) for name in named)
