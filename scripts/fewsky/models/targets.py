"""Targets brought to one scale for the network, and its outputs back to physical units."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fewsky.splits.labels import check_known

ROBUST = 1.4826  # times the median absolute deviation: the deviation of a normal distribution


class Scale(NamedTuple):
    """Centre and spread of each target, float64 `(target,)`, in its own units."""

    centre: np.ndarray
    spread: np.ndarray

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Physical values `(n, target)` as a network learns them, float32; NaN stays NaN."""
        return ((values - self.centre) / self.spread).astype(np.float32)

    def physical(self, outputs: np.ndarray) -> np.ndarray:
        """A network's outputs `(n, target)` in physical units, float32."""
        return (outputs * self.spread + self.centre).astype(np.float32)

    def card(self) -> dict[str, list[float]]:
        """What the card keeps of it."""
        return {"centre": self.centre.tolist(), "spread": self.spread.tolist()}

    @classmethod
    def of_card(cls, kept: Mapping[str, list[float]]) -> "Scale":
        """The scale that a card keeps."""
        return cls(*(np.array(kept[key], np.float64) for key in ("centre", "spread")))


def scale_of(values: np.ndarray, targets: Mapping[str, Any], where: str) -> Scale:
    """The scale of targets from the training objects' physical values `(n, target)`.

    `standard` takes the median, and 1.4826 times the median absolute deviation, or the standard
    deviation where more than half of the values are equal; `divide` takes 0 and `divide_by`.
    Raises FewskyError, beginning with `where`, for a target that is unknown or constant there.
    """
    n = len(targets["columns"])
    check_known(values, targets["columns"], where)
    if targets["scale"] == "divide" or not n:
        return Scale(np.zeros(n), np.full(n, float(targets["divide_by"])))
    centre = np.nanmedian(values, axis=0)
    spread = ROBUST * np.nanmedian(np.abs(values - centre), axis=0)
    return Scale(centre, np.where(spread > 0, spread, np.nanstd(values, axis=0)))
