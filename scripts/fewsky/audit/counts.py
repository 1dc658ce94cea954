"""Counts that must add up, and means of printed shares."""

from collections.abc import Sequence
from itertools import pairwise


def total(parts: Sequence[float]) -> float:
    """The sum of some counts."""
    return sum(parts)


def rest(whole: float, parts: Sequence[float]) -> float:
    """What some parts leave of a whole."""
    return whole - sum(parts)


def share(part: float, whole: float) -> float:
    """A count as a share of another, 0 to 1."""
    return part / whole


def cut(whole: int, parts: Sequence[int]) -> list[float]:
    """Objects of each part where a whole is cut as 8 : 1 : 1, say."""
    return [whole * part / sum(parts) for part in parts]


def growing(sizes: Sequence[float]) -> int:
    """How many sizes are smaller than the one before; 0 where sets may hold each other in turn."""
    return sum(after < before for before, after in pairwise(sizes))


def place_of_least(values: Sequence[float]) -> int:
    """The place of the smallest value, from 1."""
    return values.index(min(values)) + 1


def place_of_most(values: Sequence[float]) -> int:
    """The place of the largest value, from 1."""
    return values.index(max(values)) + 1
