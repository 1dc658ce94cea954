"""Temperature scaling: one number that makes a classifier's probabilities as sure as it is right.

Guo, Pleiss, Sun & Weinberger (2017, arXiv:1706.04599), section 4.2. No decision changes.
"""

import numpy as np
from scipy.optimize import minimize_scalar

SMALLEST = 1e-12  # of a probability whose logarithm is taken
LIMITS = (0.05, 20.0)  # beyond these the validation objects tell nothing: all right, or chance
FEWEST = 5  # objects


def fit_temperature(probability: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the smallest mean negative log-likelihood, between LIMITS.

    `probability` is `(n, class)`, `truth` `(n,)` class numbers; objects of no class (-1) do not
    count. Above 1 the classifier was too sure. 1 where there are fewer than FEWEST objects or one
    class only, which tell nothing.
    """
    known = np.asarray(truth) >= 0
    stated, truth = np.asarray(probability, float)[known], np.asarray(truth)[known]
    if len(truth) < FEWEST or len(np.unique(truth)) < 2:
        return 1.0

    def loss(logarithm: float) -> float:
        right = scaled_logarithms(stated, np.exp(logarithm))[np.arange(len(truth)), truth]
        return -float(right.mean())

    found = minimize_scalar(loss, bounds=np.log(LIMITS), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def apply_temperature(probability: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities `(n, class)` at a temperature; 1 leaves them as they are."""
    return np.exp(scaled_logarithms(np.asarray(probability, float), temperature))


def scaled_logarithms(probability: np.ndarray, temperature: float) -> np.ndarray:
    """Logarithms of the probabilities `(n, class)` at a temperature."""
    logits = np.log(np.clip(probability, SMALLEST, None)) / temperature
    top = logits.max(axis=1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
