"""What a printed report tells of numbers that it does not print.

A report has precision, recall and objects of each class, or only some of these rounded. The area
under a ROC curve of hard labels (0 or 1 in place of probabilities) is the mean over classes of
(recall + specificity) / 2, and the rows hold both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linprog


def hard_label_auroc(precision, recall, support) -> float:
    """The area of hard labels, 0 to 1, from the rows of a report, (class,) each.

    A class of n objects has recall * n right ones, and recall * n / precision were decided to be
    it; where precision is 0 it is told by no row how many were, and none is assumed.
    """
    precision, recall, support = (np.asarray(a, float) for a in (precision, recall, support))
    right = recall * support
    decided = np.divide(right, precision, out=np.zeros_like(right), where=precision > 0)
    specificity = 1 - (decided - right) / (support.sum() - support)
    return float(((recall + specificity) / 2).mean())


def hard_label_range(
    accuracy: float,
    macro_recall: float,
    support: Sequence[float],
    f1: Sequence[float] | None = None,
    half_digit: float = 0.005,
) -> tuple[float, float]:
    """Smallest and largest area of hard labels that printed numbers leave open.

    All decisions that agree with accuracy, macro recall and, where they are given, F1 of every
    class, each to `half_digit`, are searched by linear programming in the right and the wrong
    decisions for each class, as shares of a real number of objects. NaN where none agrees.
    """
    n = np.asarray(support, float)
    total, classes = n.sum(), len(n)
    # Unknown: right decisions r, then wrong ones w, a class each.
    area = np.concatenate([1 / n, -1 / (total - n)]) / (2 * classes)
    above = [np.concatenate([np.ones(classes), np.zeros(classes)]) / total]
    above += [np.concatenate([1 / n, np.zeros(classes)]) / classes]
    lower = [value - half_digit for value in (accuracy, macro_recall)]
    upper = [value + half_digit for value in (accuracy, macro_recall)]
    rows, limits = [*above, *(-a for a in above)], [*upper, *(-value for value in lower)]
    for k, value in enumerate(() if f1 is None else f1):
        # F1 = 2 r / (n + r + w), so that 2 r - F (n + r + w) has the sign of F1 - F.
        for sign, edge in ((1, value + half_digit), (-1, value - half_digit)):
            row = np.zeros(2 * classes)
            row[k], row[classes + k] = sign * (2 - edge), -sign * edge
            rows.append(row)
            limits.append(sign * edge * n[k])
    bounds = [(0, m) for m in n] + [(0, total - m) for m in n]
    told: dict[str, Any] = {
        "A_ub": np.array(rows), "b_ub": np.array(limits), "bounds": bounds,
        "A_eq": np.ones((1, 2 * classes)), "b_eq": [total],
    }  # fmt: skip
    found = [linprog(sign * area, **told) for sign in (1, -1)]
    if not all(one.success for one in found):
        return float("nan"), float("nan")
    return 0.5 + float(found[0].fun), 0.5 - float(found[1].fun)


def class_weights(counts: Mapping[str, int]) -> dict[str, float]:
    """Weight of each class in a balanced loss, N / (C n_c), from its number of objects."""
    total = sum(counts.values())
    return {name: total / (len(counts) * n) for name, n in counts.items() if n}
