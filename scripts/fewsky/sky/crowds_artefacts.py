"""What stands in a picture beside galaxies: stars, and what telescope and camera leave there.

All of it adds light (3, y, x), in units of the mean brightness of a galaxy, in place; each colour
was exposed at another time, so that what moves or is broken is mostly seen in one of them.
"""

from collections.abc import Callable

import numpy as np

from fewsky.sky.galaxies_paint import STARS

PEAKS = (0.5, 40.0)  # of stars' images, even in the logarithm
BRIGHT_PEAKS = (80.0, 500.0)  # of those with diffraction spikes
ALL_COLOURS = 0.2  # share of trails and columns that are white


def star_field(side: int, mean: float, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Points of light (3, y, x), on average `mean` of them, for a seeing of `sigma` px."""
    light = np.zeros((3, side, side), np.float32)
    for _ in range(rng.poisson(mean)):
        low, high = np.log(PEAKS)
        add_star(light, rng.uniform(0, side, 2), np.exp(rng.uniform(low, high)), sigma, rng)
    return light


def add_star(
    light: np.ndarray, place: np.ndarray, peak: float, sigma: float, rng: np.random.Generator
) -> None:
    """A point of light at x, y whose image has a peak of `peak`."""
    x, y = np.minimum(place.astype(int), light.shape[-1] - 1)
    light[:, y, x] += STARS[rng.integers(len(STARS))] * peak * 2 * np.pi * sigma**2


def artefacts(side: int, mean: float, sigma: float, rng: np.random.Generator) -> list[str]:
    """Names of what a picture has, on average `mean` of them, none twice."""
    number = min(rng.poisson(mean), len(KINDS))
    return [str(name) for name in rng.permutation(list(KINDS))[:number]]


def trail(light: np.ndarray, sigma: float, rng: np.random.Generator) -> None:
    """A satellite's straight trail, from edge to edge or ending within the picture."""
    along, across = _line(light.shape[-1], rng.uniform(0, np.pi), rng)
    width = sigma * rng.uniform(0.9, 1.5)
    profile = np.exp(-0.5 * (across / width) ** 2) * rng.uniform(0.4, 2.5)
    if rng.uniform() < 0.3:
        profile = profile * (along > 0)
    light += _tint(rng)[:, None, None] * profile


def spikes(light: np.ndarray, sigma: float, rng: np.random.Generator) -> None:
    """A bright star with its halo and four diffraction spikes, of the mirror's support."""
    side = light.shape[-1]
    place, turn = rng.uniform(0.05, 0.95, 2) * side, rng.uniform(0, np.pi / 2)
    peak, colour = np.exp(rng.uniform(*np.log(BRIGHT_PEAKS))), STARS[rng.integers(len(STARS))]
    y, x = np.indices((side, side)) + 0.5
    dx, dy = x - place[0], y - place[1]
    far = np.hypot(dx, dy) / sigma
    shape = np.exp(-0.5 * far**2) + 2e-3 / (1 + (far / 6) ** 2) ** 1.5
    length = 0.04 * side * (peak / 100) ** 0.5
    for angle in (turn, turn + np.pi / 2):
        beside = np.sin(angle) * dx - np.cos(angle) * dy
        onward = np.abs(np.cos(angle) * dx + np.sin(angle) * dy)
        shape += 0.02 * np.exp(-0.5 * (beside / (0.7 * sigma)) ** 2 - onward / length)
    light += colour[:, None, None] * peak * shape


def hot_column(light: np.ndarray, sigma: float, rng: np.random.Generator) -> None:
    """A column of the camera that shines in one colour, from some row to the edge."""
    side = light.shape[-1]
    wide = max(1, round(sigma / 1.4))  # a pixel of the camera, in pixels of the picture
    column, row = rng.integers(side), int(rng.uniform(0, 0.7) * side)
    rows = slice(row, None) if rng.uniform() < 0.5 else slice(None, side - row)
    bright = _tint(rng) * rng.uniform(0.3, 1.5)
    light[:, rows, column : column + wide] += bright[:, None, None]


def glow(light: np.ndarray, sigma: float, rng: np.random.Generator) -> None:
    """Scattered light of a star outside of the picture, fading inwards from one side."""
    along, _ = _line(light.shape[-1], rng.uniform(0, 2 * np.pi), rng)
    fade = np.exp((along - along.max()) / (rng.uniform(0.15, 0.5) * light.shape[-1]))
    light += _tint(rng)[:, None, None] * fade * rng.uniform(0.1, 0.4)


KINDS: dict[str, Callable[[np.ndarray, float, np.random.Generator], None]] = {
    "trail": trail, "spikes": spikes, "hot-column": hot_column, "glow": glow
}  # fmt: skip


def _line(side: int, angle: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (y, x) along and across a line through a random point, in pixels."""
    y, x = np.indices((side, side), dtype=np.float32)
    x0, y0 = rng.uniform(0.1, 0.9, 2) * side
    cos, sin = np.cos(angle), np.sin(angle)
    return cos * (x - x0) + sin * (y - y0), cos * (y - y0) - sin * (x - x0)


def _tint(rng: np.random.Generator) -> np.ndarray:
    """One of the three colours, or all of them."""
    colour = np.zeros(3, np.float32)
    colour[rng.integers(3)] = 1.0
    return np.ones(3, np.float32) if rng.uniform() < ALL_COLOURS else colour
