"""Scores of a printed confusion matrix, with true classes in rows, and the two readings of it."""

from collections.abc import Sequence

import numpy as np

from fewsky.metrics.measures import class_measures, matthews

Matrix = Sequence[Sequence[int]]


def accuracy(counts: Matrix) -> float:
    """Share of right decisions."""
    found = np.asarray(counts, float)
    return float(np.trace(found) / found.sum())


def mcc(counts: Matrix) -> float:
    """The Matthews correlation coefficient."""
    return float(matthews(np.asarray(counts, float)))


def scores(counts: Matrix) -> list[float]:
    """Accuracy and Matthews correlation."""
    return [accuracy(counts), mcc(counts)]


def exchanged(counts: Matrix) -> list[list[int]]:
    """The matrix with the names of its two classes exchanged."""
    return np.asarray(counts)[::-1, ::-1].tolist()


def recall(counts: Matrix, of: int) -> float:
    """Share of the objects of a class that were found, the class by its row."""
    return float(class_measures(np.asarray(counts, float))[0][of])


def majority(counts: Matrix) -> float:
    """Accuracy of always answering the commonest class."""
    found = np.asarray(counts, float)
    return float(found.sum(1).max() / found.sum())


def harder(counts: Matrix) -> int:
    """The row of the class of which the smaller share is found."""
    return int(np.argmin(class_measures(np.asarray(counts, float))[0]))
