"""Boxes proposed by segmentation: what stands out of a picture and is wider than a star.

sep (Barbary 2016, JOSS 1, 58; after Bertin & Arnouts 1996, A&AS 117, 393) finds and parts the
sources. Lengths in PARAMETERS are shares of the picture's side, so that one set fits every size.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import sep
from scipy.ndimage import gaussian_filter

from fewsky.console import FewskyError

COLUMNS = ["x0", "y0", "x1", "y1", "label", "source", "difficult", "brightness"]
PARAMETERS: Mapping[str, Any] = MappingProxyType({
    "mesh": 0.25,        # a cell of the background's map
    "smooth": 0.004,     # standard deviation of the Gaussian that the picture is smoothed with
    "threshold": 3.0,    # isophote of a source, in noise of the smoothed picture
    "floor": 0.06,       # least isophote, in the picture's range: 15 of JPEG's 255 levels
    "contrast": 0.02,    # of a part to its whole, in the picture's values: a source of its own
    "smallest": 0.03,    # shorter side of a box; smaller ones are left out
    "doubtful": 0.04,    # shorter side below which a box is marked difficult
    "cut": 0.005,        # nearer than this to an edge, a box may be cut off: difficult
    "star": 1.45,        # widths below this, in those of a star, are stars
    "round": 1.5,        # longer to shorter axis that no star exceeds
    "widest_star": 0.04, # full width at half maximum that no star exceeds
    "softening": 7.5,    # k in light = sinh(k value): stars of real pictures then are of one width
})  # fmt: skip
FEW_STARS = 4  # sources that a guess at the width of stars needs
SHARPEST = 20.0  # percentile of widths that is taken for that of a star
MOFFAT = 3.0  # exponent of a star's profile, wings and all
PARTS = 4000  # parts of one segment that sep may find


class Sources(NamedTuple):
    """Sources of a picture: sep's table, segments (y, x), isophote, and width of each in pixels."""

    table: np.ndarray
    segments: np.ndarray
    level: float
    width: np.ndarray


def propose(image: np.ndarray, settings: Mapping[str, Any] = PARAMETERS) -> pd.DataFrame:
    """Boxes of the galaxies in a picture `(band, y, x)` of 0..1: COLUMNS, one row a galaxy.

    Boxes are edges in pixels; `brightness` is an instrumental magnitude of the picture's light,
    smaller for brighter; `difficult` marks what an edge may have cut off
    and what is small. What is as narrow as the
    picture's sharpest sources is a star and left out. Raises FewskyError on other than (band, y, x)
    and on unknown parameters.
    """
    settings = _checked(image, settings)
    found = sources(image, settings)
    return _boxes(image, found, ~stars(found, settings, min(image.shape[1:])), settings)


def central(image: np.ndarray, settings: Mapping[str, Any] = PARAMETERS) -> pd.DataFrame:
    """The one box on what stands in the picture's middle, star or galaxy; no row where nothing."""
    settings = _checked(image, settings)
    found = sources(image, settings)
    chosen = np.zeros(len(found.table), bool)
    high, wide = found.segments.shape
    inside = found.segments[high // 2 - 1 : high // 2 + 2, wide // 2 - 1 : wide // 2 + 2]
    held = inside[inside > 0]
    if len(held):
        chosen[np.bincount(held).argmax() - 1] = True
    return _boxes(image, found, chosen, {**settings, "smallest": 0.0})


def sources(image: np.ndarray, settings: Mapping[str, Any]) -> Sources:
    """All sources of a picture, stars among them."""
    side = min(image.shape[1:])
    grey = np.ascontiguousarray(np.nan_to_num(image).mean(axis=0), dtype=np.float64)
    cell = max(8, round(settings["mesh"] * side))
    grey -= sep.Background(grey, bw=cell, bh=cell, fw=3, fh=3).back()
    grey = gaussian_filter(grey, settings["smooth"] * side)
    level = max(settings["threshold"] * _noise(grey), settings["floor"])
    least = max(4, round(np.pi / 4 * (0.5 * settings["smallest"] * side) ** 2))
    table, segments = _extracted(grey, level, least, settings["contrast"])
    return Sources(table, segments, level, _widths(table, level, settings["softening"]))


def _extracted(
    grey: np.ndarray, level: float, least: int, contrast: float
) -> tuple[np.ndarray, np.ndarray]:
    """sep's sources of at least so many pixels above a level, and their segments."""
    sep.set_sub_object_limit(PARTS)
    sep.set_extract_pixstack(max(300_000, grey.size))
    try:
        return sep.extract(
            grey, level, minarea=least, filter_kernel=None, deblend_nthresh=32,
            deblend_cont=contrast, clean=True, segmentation_map=True,
        )  # fmt: skip
    except Exception as error:  # sep has no class of its own for what it cannot part
        found = " ".join(str(error).split())
        raise FewskyError(
            f"image: wanted one that sep can part into sources; found {found}. Raise threshold."
        ) from None


def stars(found: Sources, settings: Mapping[str, Any], side: int) -> np.ndarray:
    """Which sources are as narrow as a star, (n,); none where there are too few to tell."""
    if len(found.table) < FEW_STARS:
        return np.zeros(len(found.table), bool)
    sharpest = np.percentile(found.width, SHARPEST)
    narrow = found.width < settings["star"] * min(sharpest, settings["widest_star"] * side)
    return narrow & (found.table["a"] < settings["round"] * found.table["b"])


def _widths(table: np.ndarray, level: float, softening: float) -> np.ndarray:
    """Full width at half maximum, pixels, of the stars that would have each source's isophote.

    A Moffat profile's light is peak / (1 + (r / scale)^2)^MOFFAT.
    """
    peak, edge = np.sinh(softening * table["peak"]), np.sinh(softening * level)
    radius = np.sqrt(table["npix"] / np.pi)
    scale = radius / np.sqrt(np.maximum(peak / edge, 1.05) ** (1 / MOFFAT) - 1)
    return 2 * scale * np.sqrt(2 ** (1 / MOFFAT) - 1)


def _noise(grey: np.ndarray) -> float:
    """Standard deviation of the sky, from what lies below its median: no source does."""
    middle = np.median(grey)
    below = grey[grey <= middle] - middle
    return float(1.4826 * np.median(np.abs(below)))


def _boxes(
    image: np.ndarray, found: Sources, chosen: np.ndarray, settings: Mapping[str, Any]
) -> pd.DataFrame:
    high, wide = image.shape[1:]
    side, rows = min(high, wide), []
    light = np.sinh(settings["softening"] * np.nan_to_num(image).mean(axis=0))
    for k in np.flatnonzero(chosen):
        item = found.table[k]
        x0, y0, x1, y1 = item["xmin"], item["ymin"], item["xmax"] + 1, item["ymax"] + 1
        short = min(x1 - x0, y1 - y0)
        if short < settings["smallest"] * side:
            continue
        near = min(x0, y0, wide - x1, high - y1) < settings["cut"] * side
        difficult = near or short < settings["doubtful"] * side
        flux = light[found.segments == k + 1].sum()
        rows.append(
            (x0, y0, x1, y1, "galaxy", "proposed", difficult, -2.5 * np.log10(max(flux, 1e-6)))
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    numbers = dict.fromkeys(("x0", "y0", "x1", "y1", "brightness"), np.float32)
    return table.astype({**numbers, "difficult": bool})


def _checked(image: np.ndarray, settings: Mapping[str, Any]) -> dict[str, Any]:
    if image.ndim != 3 or min(image.shape[1:]) < 16:
        raise FewskyError(
            f"image: wanted (band, y, x) of at least 16 pixels a side; found {image.shape}. Give "
            "one picture."
        )
    if np.nanmax(image, initial=0) > 1.001:
        raise FewskyError(
            f"image: wanted values of 0 to 1; found {np.nanmax(image):g}. Divide it by its range."
        )
    strange = sorted(set(settings) - set(PARAMETERS))
    if strange:
        raise FewskyError(
            f"{strange[0]}: wanted one of {', '.join(PARAMETERS)}; found another. Correct it."
        )
    return {**PARAMETERS, **settings}
