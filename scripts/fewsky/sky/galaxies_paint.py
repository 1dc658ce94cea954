"""A galaxy as it is seen in a night: through the air, with stars, noise and a picture's colours."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from fewsky.sky.galaxies_profiles import Part, make_grid

FINE_PX = 120  # images with fewer pixels a side are painted on twice as many
SEEING = (0.030, 0.042)  # full width at half maximum, in shares of the side
WINGS = (0.2, 2.4)  # share of the light in the wings of a star, and their width
OFF_CENTRE = 0.015  # of the side
SOFTEN, BRIGHTEST = 0.5, 30.0  # in units of the mean brightness within a galaxy's radius
GROUND = 0.045  # of the picture's range
STARS = np.array([[1.3, 1.0, 0.7], [1.0, 1.0, 1.0], [0.75, 0.95, 1.3]], np.float32)


def paint(
    form: Callable,
    settings: dict,
    radius: float,
    made: np.random.Generator,
    seen: np.random.Generator,
) -> np.ndarray:
    """A picture (y, x, 3) uint8 of a galaxy whose radius is a share of the side.

    `form` gives its parts. All that lies in the sky follows from `made`, all that the night adds
    (seeing, place on the image, noise, depth) from `seen`.
    """
    side = settings["side_px"]
    fine = 2 if side < FINE_PX else 1
    shift = seen.normal(0, OFF_CENTRE * side * fine, 2)
    angle, radius_px = made.uniform(0, 2 * np.pi), radius * side * fine
    grid = make_grid(side * fine, radius_px, angle, tuple(shift))
    light = compose(form(grid, made))
    light *= np.pi * radius_px**2 * np.exp(made.normal(0, 0.2))
    light += field_stars(side * fine, settings["stars"], radius_px, shift, made)
    light = through_air(light, seen.uniform(*SEEING) * side * fine / 2.355, fine)
    low, high = settings["noise"]
    sigma = low * (high / low) ** seen.uniform()
    light += seen.normal(0, sigma, light.shape)
    return picture(light)


def compose(parts: list[Part]) -> np.ndarray:
    """Light (3, y, x) of some parts; each colour's mean sums to about 1 over the image."""
    total = np.zeros((3, *parts[0].light.shape), np.float32)
    whole = sum(part.share for part in parts)
    for part in parts:
        light = part.light * (part.share / whole / max(float(part.light.sum()), 1e-12))
        total += np.array(part.colour, np.float32)[:, None, None] * light.astype(np.float32)
    return total


def field_stars(
    side: int, mean: float, radius_px: float, shift: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Points of light (3, y, x), on average `mean` of them, outside of the galaxy's inner half."""
    light = np.zeros((3, side, side), np.float32)
    for _ in range(rng.poisson(mean)):
        place, colour = rng.uniform(0, side, 2), STARS[rng.integers(len(STARS))]
        bright = radius_px**2 * 0.05 * np.exp(rng.normal(0, 0.9))
        x, y = np.clip(np.rint(place + shift).astype(int), 0, side - 1)
        if np.hypot(*(place - side / 2)) > 0.6 * radius_px:
            light[:, y, x] += colour * bright
    return light


def through_air(light: np.ndarray, sigma: float, fine: int) -> np.ndarray:
    """Light (3, y, x) through a point-spread function, in pixels of `fine` by `fine` of its own.

    It is a Gaussian of `sigma` px, and its wings, for which the larger pixels will do.
    """
    share, width = WINGS
    core = binned(gaussian_filter(light, (0, sigma, sigma), mode="constant", truncate=3), fine)
    wide = width * sigma / fine
    wings = gaussian_filter(binned(light, fine), (0, wide, wide), mode="constant", truncate=3)
    return (1 - share) * core + share * wings


def binned(light: np.ndarray, fine: int) -> np.ndarray:
    """Means of blocks of `fine` by `fine` pixels of light (3, y, x)."""
    side = light.shape[-1] // fine
    return light.reshape(3, side, fine, side, fine).mean(axis=(2, 4))


def picture(light: np.ndarray) -> np.ndarray:
    """Pixels (y, x, 3) uint8 of light (3, y, x): asinh of the mean, and each pixel's own colour.

    After Lupton et al. 2004, PASP 116, 133: a pixel too bright for one colour keeps its hue.
    """
    mean = light.mean(axis=0)
    scale = np.arcsinh(mean / SOFTEN) / np.arcsinh(BRIGHTEST / SOFTEN)
    # Where there is next to no light, noise would give any colour.
    share = scale / np.where(np.abs(mean) > 1e-6, mean, 1e-6)
    colours = light * share
    colours /= np.maximum(colours.max(axis=0), 1.0)
    levels = np.clip(GROUND + (1 - GROUND) * colours, 0, 1) * 255
    return np.rint(np.moveaxis(levels, 0, 2)).astype(np.uint8)
