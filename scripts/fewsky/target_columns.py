"""What a target column says: a column, or the difference or ratio of two; nothing heavy."""

from typing import NamedTuple

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
