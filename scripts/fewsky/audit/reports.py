"""What a report by class tells of numbers beside it."""

import math
from collections.abc import Sequence

from fewsky.metrics.printed import hard_label_range

HALF = 0.005  # of two printed decimals


def mean_range(values: Sequence[float], half: float = HALF) -> tuple[float, float]:
    """Smallest and largest mean of values printed to `half`."""
    mean = sum(values) / len(values)
    return mean - half, mean + half


def hard_labels(
    accuracy: float, recall: float, support: Sequence[int], f1: Sequence[float] | None = None
) -> tuple[float, float]:
    """Smallest and largest area under a ROC curve of hard labels that a printed row leaves open."""
    return hard_label_range(accuracy, recall, support, f1)


def of_hard_labels(
    rows: Sequence[Sequence[float]], support: Sequence[int], half: float = HALF
) -> int:
    """How many rows (accuracy, macro recall, printed area) print an area that hard labels have."""
    found = 0
    for accuracy, recall, area in rows:
        low, high = hard_label_range(accuracy, recall, support)
        found += low - half <= area <= high + half
    return found


def possible(accuracy: float, recall: float, support: Sequence[int], f1: Sequence[float]) -> int:
    """1 where some decisions agree with accuracy, macro recall and all F1 as printed, else 0."""
    return int(not math.isnan(hard_label_range(accuracy, recall, support, f1)[0]))


def weighted_recall(accuracy: float) -> float:
    """Recall weighted by the objects of each class, which is the accuracy."""
    return accuracy
