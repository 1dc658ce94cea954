"""Cutting patches at catalogue positions, against astropy's Cutout2D and a hand-written loop."""

from time import perf_counter

import numpy as np
from astropy.nddata import Cutout2D

from fewsky.cutouts.cut import gather

SHAPE, SIZE, COUNT, REPEATS = (5, 1489, 2048), 25, 400, 15


def rows() -> list[dict]:
    """Patches of 25 pixels in five bands a second, ours and each peer's, in turns."""
    rng = np.random.default_rng(0)
    cube = rng.normal(size=SHAPE).astype(np.float32)
    x, y = (rng.uniform(SIZE, n - SIZE, COUNT) for n in SHAPE[:0:-1])
    for function in (gather_ours, cutout2d, slice_loop):
        np.testing.assert_array_equal(
            function(cube, x[:50], y[:50]), slice_loop(cube, x[:50], y[:50])
        )
    times = {function: np.inf for function in (gather_ours, cutout2d, slice_loop)}
    for _ in range(REPEATS):
        for function in times:
            function(cube, x, y)  # the timed call then finds its memory mapped, whoever it is
            start = perf_counter()
            function(cube, x, y)
            times[function] = min(times[function], perf_counter() - start)
    rate = {function: COUNT / seconds for function, seconds in times.items()}
    return [
        row("cutouts-vs-cutout2d", rate[gather_ours], rate[cutout2d], "astropy.nddata.Cutout2D"),
        row("cutouts-vs-slice-loop", rate[gather_ours], rate[slice_loop], "slices into one array"),
    ]


def row(name: str, ours: float, peer: float, peer_name: str) -> dict:
    return {"name": name, "unit": "patches/s", "ours": ours, "peer": peer,
            "peer_name": peer_name, "ratio": ours / peer}  # fmt: skip


def gather_ours(cube, x, y):
    return gather(cube, x, y, SIZE)[0]


def cutout2d(cube, x, y):
    """One Cutout2D a band and position, copied, since every one of them is kept."""
    return np.array([
        [Cutout2D(band, (a, b), SIZE, mode="strict").data for band in cube]
        for a, b in zip(x, y, strict=True)
    ])  # fmt: skip


def slice_loop(cube, x, y):
    """What a careful person writes: no checks, one preallocated array."""
    half = SIZE // 2
    patches = np.empty((len(x), len(cube), SIZE, SIZE), np.float32)
    columns, lines = np.rint(x).astype(int), np.rint(y).astype(int)
    for k in range(len(x)):
        i, j = lines[k], columns[k]
        patches[k] = cube[:, i - half : i + half + 1, j - half : j + half + 1]
    return patches
