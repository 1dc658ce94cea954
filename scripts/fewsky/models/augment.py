"""Augmentation on the device, in batches: quarter turns, reflections, brightness, blur.

A setting is a list of members; a member says how one view of an object is made. Ruhmer's full set
is a product of 4 x 3 x 2 x 2 = 48 members, of which 32 are distinct: his diagonal reflection turns
over both axes, which is a turn by 180 degrees.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from fewsky.console import FewskyError

SETTINGS = ("none", "rotation", "reflection", "brightness", "blur", "combined", "d4", "affine")


class Member(NamedTuple):
    """One view: quarter turns, then a reflection ("", "both" axes or "x"), an offset, a blur."""

    turns: int = 0
    reflection: str = ""
    brightness: bool = False
    blur: bool = False

    @property
    def element(self) -> int:
        """Which of the eight symmetries of the square: 0 to 3 turns, 4 to 7 turns then x."""
        if self.reflection == "x":
            return 4 + self.turns
        return (self.turns + 2 * (self.reflection == "both")) % 4


def members(setting: str) -> list[Member]:
    """The views that a setting makes of each object, repeats included.

    The first is the object as it is. `affine` has no other here: `affine.moved` moves it.
    """
    wanted = set(SETTINGS[1:5]) if setting == "combined" else {setting}
    if setting not in SETTINGS:
        raise FewskyError(f"recipe.augment: wanted one of {', '.join(SETTINGS)}; found {setting}.")
    turns = range(4) if wanted & {"rotation", "d4"} else (0,)
    reflections = ("", "both", "x") if "reflection" in wanted else ("", "x")[: 1 + ("d4" in wanted)]
    offsets = (False, True)[: 1 + ("brightness" in wanted)]
    blurs = (False, True)[: 1 + ("blur" in wanted)]
    return [Member(*item) for item in product(turns, reflections, offsets, blurs)]


def pixel_tables(height: int, width: int, views: list[Member]) -> torch.Tensor:
    """For each member, the source pixel of every pixel: int64 `(member, height * width)`.

    Raises FewskyError where a quarter turn would change the shape of a patch.
    """
    if height != width and any(view.turns % 2 for view in views):
        raise FewskyError(
            f"recipe.augment: wanted square patches for quarter turns; found {height} x {width}. "
            "Use none, reflection, brightness or blur."
        )
    source = np.arange(height * width).reshape(height, width)
    tables = [turned(source, view.element).reshape(-1) for view in views]
    return torch.from_numpy(np.stack(tables))


def turned(patch: np.ndarray, element: int) -> np.ndarray:
    """A `(y, x)` patch under one of the eight symmetries of the square."""
    turns = np.rot90(patch, element % 4)
    return np.flip(turns, axis=1) if element >= 4 else turns


def blurred(pixels: torch.Tensor, height: int, width: int, sigma_px: float) -> torch.Tensor:
    """Pixels `(n, height * width, channel)` after a Gaussian blur that reflects at the edges."""
    grid = pixels.reshape(len(pixels), height, width, -1)
    rows, columns = (_kernel(side, sigma_px).to(pixels) for side in (height, width))
    return torch.einsum("ij,njkc,lk->nilc", rows, grid, columns).reshape(pixels.shape)


def _kernel(side: int, sigma_px: float) -> torch.Tensor:
    """Matrix of a one-dimensional blur; the edge repeats mirrored, as scipy's default has it."""
    return torch.from_numpy(gaussian_filter1d(np.eye(side), sigma_px, axis=0, mode="reflect"))


def gather(pixels: torch.Tensor, rows: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
    """Chosen rows of `(n, pixel, channel)` with their pixels in the order that `tables` gives.

    `rows` is `(k,)` and `tables` `(k, pixel)`; returns `(k, pixel, channel)`. One gather does both
    the choice and the symmetry, and its result is in channels-last order.
    """
    n_pixels, n_channels = pixels.shape[1:]
    index = (rows[:, None] * n_pixels + tables).reshape(-1)
    flat = pixels.reshape(-1, n_channels)
    return flat.index_select(0, index).view(len(rows), n_pixels, n_channels)


def as_images(pixels: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """View `(n, pixel, channel)` as images `(n, channel, y, x)` without a copy."""
    return pixels.view(len(pixels), height, width, pixels.shape[2]).permute(0, 3, 1, 2)
