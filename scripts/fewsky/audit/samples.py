"""What a number of objects or of folds can tell."""

import numpy as np
from scipy.stats import norm

from fewsky.metrics.stats import LEVEL, wilcoxon_exact


def accuracy_on(value: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a share measured on n objects, after Wilson (1927, JASA 22, 209)."""
    z = norm.ppf((1 + level) / 2)
    middle = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(value * (1 - value) / n + z**2 / (4 * n**2))
    return float(middle - half), float(middle + half)


def least_p(folds: int) -> float:
    """The smallest two-sided p that the exact signed-rank test of so many folds can have."""
    return wilcoxon_exact(np.arange(1, folds + 1), primary=False)[1]
