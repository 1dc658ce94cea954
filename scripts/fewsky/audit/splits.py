"""The counts of a split and the weights that were given to its classes."""

from collections.abc import Sequence


def weights_of(counts: Sequence[int], total: int) -> list[float]:
    """Weight N / (C n) of each of C classes, from its n objects and a number N of all objects."""
    return [total / (len(counts) * n) for n in counts]


def counts_of(weights: Sequence[float], total: int) -> list[int]:
    """Objects n of each class, N / (C w) rounded, from its weight w and the number N of all."""
    return [round(total / (len(weights) * weight)) for weight in weights]
