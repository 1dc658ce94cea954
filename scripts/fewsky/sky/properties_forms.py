"""Shapes of the galaxies in the sky of properties: by Hubble type, single, and merging pairs."""

from collections.abc import Callable

import numpy as np

from fewsky.sky.galaxies_forms import (
    BLUE,
    FORMS,
    RED,
    WARM,
    WHITE,
    YELLOW,
    bare_disk,
    edge_on,
    merging,
    smooth,
    spiral,
)
from fewsky.sky.galaxies_profiles import Grid, Part, along, edge, oval, patchy, sersic

# Single galaxies and how common each is.
SINGLE: dict[str, tuple[Callable, float]] = {
    "round": (smooth(0.85, 1.0, (2.4, 3.6)), 0.2),
    "oval": (smooth(0.5, 0.75, (2.0, 3.2)), 0.2),
    "disk": (bare_disk, 0.1),
    "tight": (FORMS["decals"]["tight-spiral"], 0.2),
    "loose": (FORMS["decals"]["loose-spiral"], 0.2),
    "edge-on": (edge_on("round"), 0.1),
}
TAILED = 0.5  # share of the mergers with tails and a bridge
# By Hubble type 0 to 9: share of the bulge, and pitch angle of the arms in degrees (after Kennicutt
# 1981, AJ 86, 1847, figure 7: from 7 degrees in Sa to 35 in Sd).
BULGES = (0.52, 0.44, 0.36, 0.27, 0.2, 0.14, 0.09, 0.05, 0.025, 0.01)
PITCHES = (6, 8, 11, 14, 18, 22, 27, 32, 37, 42)


def single(name: str) -> Callable:
    """The form of a single galaxy by its name in SINGLE."""
    return SINGLE[name][0]


def pair(grid: Grid, rng: np.random.Generator) -> list[Part]:
    """Two galaxies that overlap, or one that two have made, with two nuclei and tails."""
    if rng.uniform() < TAILED:
        return merging(grid, rng)
    apart, parts = rng.uniform(0.42, 0.62), []
    share = rng.uniform(0.4, 0.6)
    for sign, weight in ((1, share), (-1, 1 - share)):
        form = single(rng.choice(["round", "oval", "tight", "loose"]))
        size, turn = rng.uniform(0.5, 0.68), rng.uniform(0, np.pi)
        own = _moved(grid, sign * apart, size, turn)
        made = form(own, rng)
        whole = sum(part.share for part in made)
        parts += [part._replace(share=weight * part.share / whole) for part in made]
    # One broad plume of what the two have torn out of each other.
    step, curl = np.linspace(0, 1, 120), rng.choice([-1, 1]) * rng.uniform(1.2, 2.2)
    angle, reach = curl * step, apart + 0.5 * step
    plume = along(grid, reach * np.cos(angle), reach * np.sin(angle), 0.1, 1.2 - step)
    return [*parts, Part(plume, rng.uniform(0.05, 0.15), BLUE)]


def hubble(number: int) -> Callable:
    """The form of a Hubble type, -6 (compact elliptical) to 11 (dwarf elliptical).

    From 0 to 9 the bulge shrinks, the arms open and their clumps grow.
    """
    if number <= -4:
        return {-6: _compact, -5: smooth(0.5, 1.0, (3.0, 4.5)), -4: _giant}[number]
    if number < 0:
        return _lenticular(number)
    return {10: _irregular, 11: _dwarf}.get(number) or _armed(number)


def _armed(number: int) -> Callable:
    bulge, pitch = BULGES[number], PITCHES[number]

    def form(grid: Grid, rng: np.random.Generator) -> list[Part]:
        arms, disk, core = spiral(0.92 * pitch, 1.08 * pitch)(grid, rng)
        strong = 0.25 + 0.05 * min(number, 8)
        clumpy = arms.light * patchy(grid, rng, 0.07 * number, 11)
        size = 0.09 + 0.3 * bulge
        r = oval(grid, 0.95)
        return [
            Part(clumpy, (1 - bulge) * strong, _tinted(number)),
            Part(disk.light, (1 - bulge) * (1 - strong), WARM if number < 4 else WHITE),
            Part(sersic(r, size, 1.5), bulge, core.colour),
        ]

    return form


def _lenticular(number: int) -> Callable:
    """S0-, S0 and S0+: a bulge in a disk without arms that grows from one to the next."""

    def form(grid: Grid, rng: np.random.Generator) -> list[Part]:
        disk_share = 0.35 + 0.15 * (number + 3)
        q = rng.uniform(0.35, 0.7)
        r = oval(grid, q)
        disk = np.exp(-1.2 * r) * edge(r, 0.06)
        bulge = sersic(oval(grid, 0.5 + 0.5 * q), 0.18, 2.0)
        return [Part(disk, disk_share, YELLOW), Part(bulge, 1 - disk_share, RED)]

    return form


def _compact(grid: Grid, rng: np.random.Generator) -> list[Part]:
    r = oval(grid, rng.uniform(0.85, 1.0))
    return [Part(sersic(r / 0.45, 0.3, 2.0), 1, RED)]


def _giant(grid: Grid, rng: np.random.Generator) -> list[Part]:
    r = oval(grid, rng.uniform(0.6, 0.9))
    halo = np.exp(-1.6 * r) * edge(r / 1.3, 0.1)
    return [Part(sersic(r, 0.4, 3.5), 0.55, RED), Part(halo, 0.45, YELLOW)]


def _irregular(grid: Grid, rng: np.random.Generator) -> list[Part]:
    """No centre and no arms: a patchy body with blue clumps."""
    r = oval(grid, rng.uniform(0.45, 0.75))
    body = np.exp(-1.2 * r) * patchy(grid, rng, 0.8, 6) * edge(r, 0.12)
    number = rng.integers(5, 11)
    far, angle = rng.uniform(0.1, 0.8, number), rng.uniform(0, 2 * np.pi, number)
    light = rng.uniform(0.3, 1, number)
    clumps = along(grid, far * np.cos(angle), 0.6 * far * np.sin(angle), 0.06, light)
    return [Part(body, 0.7, WHITE), Part(clumps, 0.3, BLUE)]


def _dwarf(grid: Grid, rng: np.random.Generator) -> list[Part]:
    """A smooth body that is faint and hardly brighter in its middle."""
    r = oval(grid, rng.uniform(0.6, 0.95))
    return [Part(np.exp(-((r / 0.55) ** 2)), 1, WARM)]


def _tinted(number: int) -> tuple[float, float, float]:
    """The colour of the arms: bluer from type to type."""
    share = min(number / 8, 1.0)
    return tuple((1 - share) * a + share * b for a, b in zip(WARM, BLUE, strict=True))


def _moved(grid: Grid, shift: float, size: float, turn: float) -> Grid:
    """The axes of a smaller galaxy, moved along x and turned."""
    x, y = (grid.x - shift) / size, grid.y / size
    cos, sin = np.cos(turn), np.sin(turn)
    return Grid(cos * x + sin * y, cos * y - sin * x, grid.radius_px * size)
