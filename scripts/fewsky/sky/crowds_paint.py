"""Pictures with several galaxies, and the box of each.

A box is that of the galaxy's own isophote, as it is seen through the air and before noise: where
its mean over the three colours exceeds ISOPHOTE times the noise of that mean, or FAINTEST where
there is hardly any noise.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from fewsky.sky.crowds_artefacts import KINDS, artefacts, star_field
from fewsky.sky.crowds_population import CROWDS
from fewsky.sky.galaxies_forms import FORMS
from fewsky.sky.galaxies_paint import compose, picture, through_air
from fewsky.sky.galaxies_profiles import make_grid

SKY, NIGHT = 1, 2  # what the random numbers of an image are for
ISOPHOTE, FAINTEST = 1.5, 0.04  # in noise; in the mean brightness of a galaxy
REACH = 1.5  # radii within which all of a galaxy's light lies, tails and all
CAMERA_FWHM = 3.3  # pixels of SDSS's camera to a seeing of 1.3 arcsec: pictures are resampled
HIDDEN = 0.5  # share of its isophote, outside of the image or outshone, that makes it difficult
BOX = ["image", "x0", "y0", "x1", "y1", "label", "source", "difficult", "brightness"]


class Stamp(NamedTuple):
    """Light (3, y, x) of one galaxy, and the image's column and row of its first pixel."""

    light: np.ndarray
    column: int
    row: int


def draw(
    settings: Mapping, galaxies: pd.DataFrame, seed: int, number: int
) -> tuple[np.ndarray, pd.DataFrame, list[str]]:
    """A picture (y, x, 3) uint8 of some galaxies, their boxes, and names of its artefacts.

    The boxes have columns BOX, then true_class and place; a galaxy without an isophote has none.
    What lies in the sky follows from the seed, the number and SKY, the night from NIGHT.
    """
    made, seen = (np.random.default_rng([seed, CROWDS, kind, number]) for kind in (SKY, NIGHT))
    side = settings["side_px"]
    fwhm = side * _between(settings["seeing"], seen)
    noise, sigma = _between(settings["noise"], seen), fwhm / 2.355
    stamps = [stamp(item, side, sigma, made) for item in galaxies.itertuples()]
    own = np.zeros((3, side, side), np.float32)
    for one in stamps:
        _add(own, one)
    light = own + through_air(star_field(side, settings["stars"], sigma, made), sigma, 1)
    names = artefacts(side, settings["artefacts"], sigma, seen)
    for name in names:
        KINDS[name](light, sigma, seen)
    boxes = _boxes(galaxies, stamps, own, isophote(noise), settings["smallest"] * side)
    return picture(light + grain(side, noise, fwhm, seen)), boxes, names


def isophote(noise: float) -> float:
    """The brightness, mean of three colours, at which a galaxy ends in noise of each of them."""
    return max(ISOPHOTE * noise / np.sqrt(3), FAINTEST)


def stamp(item, side: int, sigma: float, rng: np.random.Generator) -> Stamp:
    """A galaxy of the population as it is seen in an image of `side` px."""
    radius = item.radius * side
    half = int(np.ceil(REACH * radius + 6 * sigma))
    x, y = item.x * side, item.y * side  # edges of pixels are whole numbers
    column, row = int(np.floor(x)) - half, int(np.floor(y)) - half
    shift = x - 0.5 - (column + half), y - 0.5 - (row + half)
    grid = make_grid(2 * half + 1, radius, rng.uniform(0, 2 * np.pi), shift)
    light = compose(FORMS["sdss"][item.true_class](grid, rng))
    return Stamp(through_air(light * np.pi * radius**2 * item.bright, sigma, 1), column, row)


def box_of(one: Stamp, level: float) -> tuple[float, float, float, float] | None:
    """The box of a stamp's isophote in the image's pixels, uncut; None where there is none."""
    inside = one.light.mean(axis=0) > level
    if not inside.any():
        return None
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    x0, y0 = one.column + columns[0], one.row + rows[0]
    return float(x0), float(y0), float(one.column + columns[-1] + 1), float(
        one.row + rows[-1] + 1
    )  # fmt: skip


def grain(side: int, noise: float, fwhm: float, rng: np.random.Generator) -> np.ndarray:
    """Noise (3, y, x) of a standard deviation, smooth over what was one pixel of the camera."""
    width = 0.4 * fwhm / CAMERA_FWHM
    white = rng.normal(0, 1, (3, side, side)).astype(np.float32)
    if width < 0.4:
        return noise * white
    smooth = gaussian_filter(white, (0, width, width), mode="wrap")
    return noise * smooth / smooth.std()


def _boxes(
    galaxies: pd.DataFrame, stamps: list[Stamp], own: np.ndarray, level: float, smallest: float
) -> pd.DataFrame:
    rows, side = [], own.shape[-1]
    for item, one in zip(galaxies.itertuples(), stamps, strict=True):
        whole = box_of(one, level)
        cut = None if whole is None else tuple(np.clip(whole, 0, side).tolist())
        if cut is None or cut[2] <= cut[0] or cut[3] <= cut[1]:
            continue
        short = min(cut[2] - cut[0], cut[3] - cut[1])
        rows.append({
            "image": item.image, **dict(zip(("x0", "y0", "x1", "y1"), cut, strict=True)),
            "label": "galaxy", "source": "true",
            "difficult": bool(short < smallest or _seen(one, own, level) < 1 - HIDDEN),
            "brightness": item.magnitude, "true_class": item.true_class, "place": item.place,
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=[*BOX, "true_class", "place"])
    numbers = dict.fromkeys(("x0", "y0", "x1", "y1", "brightness"), np.float32)
    return table.astype({**numbers, "difficult": bool, "place": int})


def _seen(one: Stamp, own: np.ndarray, level: float) -> float:
    """Share of a galaxy's isophote that lies in the image and that no other galaxy outshines."""
    mine = one.light.mean(axis=0)
    inside = mine > level
    here, there = _overlap(one, own.shape[-1])
    others = own[:, *there].mean(axis=0) - mine[here]
    return float((inside[here] & (mine[here] >= others)).sum() / inside.sum())


def _add(own: np.ndarray, one: Stamp) -> None:
    here, there = _overlap(one, own.shape[-1])
    own[:, *there] += one.light[:, *here]


def _overlap(one: Stamp, side: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Rows and columns of a stamp that lie in the image, and where."""
    here, there = [], []
    for first, length in zip((one.row, one.column), one.light.shape[1:], strict=True):
        low, high = max(first, 0), min(first + length, side)
        there.append(slice(low, max(low, high)))
        here.append(slice(low - first, max(low, high) - first))
    return tuple(here), tuple(there)


def _between(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """A number between two, even in the logarithm."""
    low, high = np.log(limits)
    return float(np.exp(rng.uniform(low, high)))
