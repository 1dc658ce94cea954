"""How many of the images that an augmentation lists are different images."""

from collections.abc import Sequence

import numpy as np

ASYMMETRIC = np.arange(9).reshape(3, 3)  # no turn or flip gives it back
FLIPS = {
    "none": lambda image: image,
    "both axes": lambda image: image[::-1, ::-1],
    "one axis": lambda image: image[::-1],
    "diagonal": lambda image: image.T,
}


def views(turns: Sequence[int], flips: Sequence[str]) -> list[bytes]:
    """The images that some quarter turns of some flips of an image without symmetry list."""
    return [np.rot90(FLIPS[flip](ASYMMETRIC), turn).tobytes() for turn in turns for flip in flips]


def distinct(turns: Sequence[int], flips: Sequence[str], times: int = 1) -> int:
    """Different images among those, times what other changes multiply them by."""
    return len(set(views(turns, flips))) * times


def is_turn(flip: str) -> int:
    """1 where a flip is only a turn, and so no reflection; else 0."""
    return int(FLIPS[flip](ASYMMETRIC).tobytes() in views([0, 1, 2, 3], ["none"]))
