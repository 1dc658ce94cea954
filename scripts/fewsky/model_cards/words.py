"""How a card prints numbers, tables and lists."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def number(value: Any) -> str:
    """A number in at most four digits, and nothing for what is missing."""
    if value is None or value != value:
        return ""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:.4g}"


def interval(value: float, lower: float, upper: float) -> str:
    """A score with its interval, or alone where it has none."""
    if value != value:
        return "not defined"
    return f"{value:.3f}" + (f" [{lower:.3f}, {upper:.3f}]" if lower == lower else "")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; a bar inside of a cell is kept from ending it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return [
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    ]


def listed(items: Iterable[Any]) -> str:
    """Items one after the other."""
    return ", ".join(map(str, items)) or "none"


def settings(block: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Names and values of a block of settings, nested ones with a dot."""
    rows = []
    for name, value in sorted(block.items()):
        if isinstance(value, Mapping):
            rows += settings(value, f"{prefix}{name}.")
        else:
            told = listed(value) if isinstance(value, list) else "null" if value is None else value
            rows.append((f"`{prefix}{name}`", str(told)))
    return rows
