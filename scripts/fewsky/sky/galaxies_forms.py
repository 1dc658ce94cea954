"""How a galaxy of each class of Galaxy10 is made: parts of light, each with a share and a colour.

Lengths are shares of the galaxy's radius R, so 1 is its edge. A part's light is a map (y, x) of
any norm; colours are light in red, green and blue, with a mean of 1.
"""

from collections.abc import Callable

import numpy as np

from fewsky.sky.galaxies_profiles import Grid, Part, along, edge, oval, patchy, sersic

RED, YELLOW = (1.42, 1.0, 0.58), (1.25, 1.02, 0.73)
WARM, WHITE, BLUE = (1.10, 1.0, 0.90), (1.02, 1.0, 0.98), (0.72, 0.98, 1.30)
ARMS = 2
TAIL_POINTS = 160


# --- classes ------------------------------------------------------------------------------------
def smooth(low: float, high: float, n: tuple[float, float]) -> Callable:
    """A galaxy without features, of axis ratio low to high and Sersic index n."""

    def form(grid: Grid, rng: np.random.Generator) -> list[Part]:
        q, index = rng.uniform(low, high), rng.uniform(*n)
        return [Part(sersic(oval(grid, q), 0.42, index), 1, _between(rng, RED, WARM))]

    return form


def bare_disk(grid: Grid, rng: np.random.Generator) -> list[Part]:
    """A disk seen from above: flat to its edge, with a small red bulge and without arms."""
    r = oval(grid, rng.uniform(0.82, 1.0))
    light = np.exp(-0.7 * r) * edge(r, 0.05)
    return [Part(light, 0.82, _between(rng, YELLOW, BLUE)), _core(r, 0.11, 0.18, rng)]


def spiral(low: float, high: float) -> Callable:
    """A disk with two logarithmic arms of pitch angle low to high, degrees."""

    def form(grid: Grid, rng: np.random.Generator) -> list[Part]:
        q, pitch = rng.uniform(0.75, 1.0), np.deg2rad(rng.uniform(low, high))
        r = oval(grid, q)
        arms = _arms(grid, q, pitch, 0.2, rng)
        disk = np.exp(-1.5 * r) * edge(r, 0.10)
        return [
            Part(arms, 0.62, _between(rng, WHITE, BLUE, 0.5)),
            Part(disk, 0.22, WHITE),
            _core(r, 0.13, 0.16, rng),
        ]

    return form


def barred(grid: Grid, rng: np.random.Generator) -> list[Part]:
    """A disk with a straight bar, and arms that begin at its ends."""
    q, pitch = rng.uniform(0.8, 1.0), np.deg2rad(rng.uniform(13, 22))
    r, long = oval(grid, q), rng.uniform(0.46, 0.56)
    box = (np.abs(grid.x) / long) ** 4 + (np.abs(grid.y) / (0.24 * long)) ** 2
    arms = _arms(grid, q, pitch, long, rng, phase=0.0) * (r > 0.9 * long)
    disk = np.exp(-1.5 * r) * edge(r, 0.10)
    return [
        Part(np.exp(-box), 0.36, _between(rng, RED, YELLOW)),
        Part(arms, 0.42, _between(rng, WHITE, BLUE, 0.5)),
        Part(disk, 0.22, WHITE),
    ]


def edge_on(bulge: str | None) -> Callable:
    """A thin disk from the side, with a bulge that is `round`, `boxy` or none."""

    def form(grid: Grid, rng: np.random.Generator) -> list[Part]:
        thick, far = rng.uniform(0.045, 0.065), np.abs(grid.x)
        # Isothermal above the plane (van der Kruit & Searle 1981), and thinner towards its ends.
        height = np.abs(grid.y) / (thick * (1.05 - 0.5 * np.minimum(far, 1)))
        disk = np.exp(-2.0 * far) * edge(far, 0.10) / np.cosh(np.minimum(height, 30)) ** 2
        if bulge is None:
            return [Part(disk, 1, _between(rng, YELLOW, BLUE, 0.5))]
        light = _boxy(grid, rng) if bulge == "boxy" else _rounded(grid, rng)
        share = rng.uniform(0.5, 0.6)
        red = _between(rng, RED, YELLOW)
        return [Part(disk, 1 - share, _between(rng, WHITE, BLUE)), Part(light, share, red)]

    return form


def merging(grid: Grid, rng: np.random.Generator) -> list[Part]:
    """Two bodies with a nucleus each, a bridge between them, and a tail on either side."""
    apart, parts = rng.uniform(0.36, 0.48), []
    for sign, share in ((1, rng.uniform(0.34, 0.44)), (-1, 0.36)):
        spin, q = rng.uniform(0, np.pi), rng.uniform(0.5, 0.9)
        x, y = grid.x - sign * apart, grid.y
        along_, across = np.cos(spin) * x + np.sin(spin) * y, np.cos(spin) * y - np.sin(spin) * x
        r = np.hypot(along_, across / q)
        parts.append(Part(np.exp(-6.5 * r), share, _between(rng, RED, WHITE)))
    step, curl = np.linspace(0, 1, TAIL_POINTS), rng.uniform(0.8, 1.5)
    turn = rng.choice([-1, 1])
    for sign in (1, -1):
        angle = turn * (0.35 + curl * 1.6 * step)
        reach = apart + 0.75 * step * rng.uniform(0.8, 1.1)
        x, y = sign * reach * np.cos(angle), sign * reach * np.sin(angle)
        parts.append(Part(along(grid, x, y, 0.07, 1.2 - step), 0.12, BLUE))
    bridge = np.exp(-((grid.x / 0.4) ** 4)) * np.exp(-((grid.y / 0.12) ** 2))
    return [*parts, Part(bridge, 0.06, WHITE)]


def disturbed(grid: Grid, rng: np.random.Generator) -> list[Part]:
    """One nucleus off the centre of a lopsided body, one broad plume, and clumps on one side."""
    q, off = rng.uniform(0.6, 0.9), rng.uniform(0.22, 0.34)
    x, y = grid.x + off, grid.y
    body = np.exp(-2.6 * np.hypot(x - 0.5 * off * np.sign(x), y / q))
    lean = 1 + 0.85 * np.cos(np.arctan2(y, x) - rng.uniform(-0.6, 0.6))
    body = body * lean * patchy(grid, rng, 0.55, 9) * edge(np.hypot(grid.x, grid.y), 0.10)
    step, turn = np.linspace(0, 1, TAIL_POINTS), rng.choice([-1, 1])
    angle = turn * (0.5 + rng.uniform(1.3, 2.1) * step)
    reach = 0.25 + 0.72 * step
    plume = along(grid, reach * np.cos(angle), reach * np.sin(angle), 0.10, 1.3 - step)
    number = rng.integers(4, 8)
    far, where = rng.uniform(0.25, 0.85, number), rng.uniform(-0.9, 0.9, number)
    clumps = along(
        grid, far * np.cos(where), far * np.sin(where), 0.055, rng.uniform(0.4, 1, number)
    )
    return [
        Part(body, 0.5, _between(rng, WHITE, BLUE, 0.2)),
        Part(plume, 0.24, BLUE),
        Part(clumps, 0.14, BLUE),
        Part(np.exp(-9 * np.hypot(x, y)), 0.12, _between(rng, YELLOW, WHITE)),
    ]


FORMS: dict[str, dict[str, Callable]] = {
    "sdss": {
        "face-on-disk": bare_disk,
        "round-smooth": smooth(0.92, 1.0, (2.4, 3.6)),
        "in-between-smooth": smooth(0.54, 0.70, (2.0, 3.2)),
        "cigar-smooth": smooth(0.27, 0.36, (2.0, 3.0)),
        "edge-on-rounded-bulge": edge_on("round"),
        "edge-on-boxy-bulge": edge_on("boxy"),
        "edge-on-no-bulge": edge_on(None),
        "tight-spiral": spiral(7.5, 10.5),
        "medium-spiral": spiral(15.0, 20.0),
        "loose-spiral": spiral(31.0, 42.0),
    },
    "decals": {
        "disturbed": disturbed,
        "merging": merging,
        "round-smooth": smooth(0.92, 1.0, (2.4, 3.6)),
        "in-between-smooth": smooth(0.54, 0.70, (2.0, 3.2)),
        "cigar-smooth": smooth(0.27, 0.36, (2.0, 3.0)),
        "barred-spiral": barred,
        "tight-spiral": spiral(7.5, 12.0),
        "loose-spiral": spiral(25.0, 40.0),
        "edge-on-no-bulge": edge_on(None),
        "edge-on-with-bulge": edge_on("round"),
    },
}


# --- parts --------------------------------------------------------------------------------------
def _between(
    rng: np.random.Generator, one: tuple, other: tuple, least: float = 0.0
) -> tuple[float, float, float]:
    """A colour between two, at `least` so far towards the other."""
    share = rng.uniform(least, 1.0)
    return tuple((1 - share) * a + share * b for a, b in zip(one, other, strict=True))


def _core(r: np.ndarray, half: float, share: float, rng: np.random.Generator) -> Part:
    return Part(sersic(r, half, 1.3), share, _between(rng, RED, YELLOW))


def _arms(
    grid: Grid,
    q: float,
    pitch: float,
    start: float,
    rng: np.random.Generator,
    phase: float | None = None,
) -> np.ndarray:
    """Light of logarithmic arms r = start exp(tan(pitch) angle), brightest along their ridge."""
    r, sense = np.maximum(oval(grid, q), 0.02), rng.choice([-1, 1])
    first = rng.uniform(0, 2 * np.pi) if phase is None else phase
    angle = sense * np.arctan2(grid.y / q, grid.x) - first
    ridge = np.cos(ARMS * (angle - np.log(r / start) / np.tan(pitch)))
    inner = 1 / (1 + np.exp(-(r - start) / 0.04))
    return np.exp(3.2 * (ridge - 1) - 1.5 * r) * inner * edge(r, 0.08) * patchy(grid, rng, 0.22)


def _rounded(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    return sersic(oval(grid, rng.uniform(0.85, 1.0)), rng.uniform(0.20, 0.26), 1.2)


def _boxy(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """A box that is narrower in its middle, as of an X from the side."""
    long, high = rng.uniform(0.40, 0.46), rng.uniform(0.22, 0.26)
    far = np.abs(grid.x) / long
    waist = high * (0.75 + 0.55 * np.minimum(far, 1.0) ** 2)
    return np.exp(-(far**8)) * np.exp(-((np.abs(grid.y) / waist) ** 6))
