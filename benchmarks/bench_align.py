"""Bringing one band of real size to another band's grid, against reproject."""

from time import perf_counter

import numpy as np
from astropy.wcs import WCS
from reproject import reproject_exact, reproject_interp

from fewsky.aligned.warp import align_band

SHAPE = (1489, 2048)
HOW = {"method": "auto", "order": 5, "max_error_px": 0.01}
REPEATS = {"ours": 5, "bicubic": 4, "exact": 1}


def rows() -> list[dict]:
    """Seconds for one band of 1489 x 2048 pixels, geometry from the WCS included, in turns."""
    image = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    reference = tangent(0, 0, 0, 1)
    wcs = tangent(4.2, 13.6, 2e-4, 1.0004)  # as g lies to r in field 94-1-12
    jobs = {
        "ours": lambda: align_band(image, wcs, reference, SHAPE, HOW),
        "bicubic": lambda: reproject_interp(
            (image, wcs), reference, shape_out=SHAPE, order="bicubic"
        ),
        "exact": lambda: reproject_exact((image, wcs), reference, shape_out=SHAPE),
    }
    best = dict.fromkeys(jobs, np.inf)
    for turn in range(max(REPEATS.values())):
        for name, job in jobs.items():
            if turn < REPEATS[name]:
                start = perf_counter()
                job()
                best[name] = min(best[name], perf_counter() - start)
    return [
        row("align-vs-reproject-exact", best["ours"], best["exact"], "reproject_exact"),
        row("align-vs-reproject-interp-bicubic", best["ours"], best["bicubic"],
            "reproject_interp, order bicubic"),
    ]  # fmt: skip


def row(name: str, ours: float, peer: float, peer_name: str) -> dict:
    return {"name": name, "unit": "s/band", "ours": ours, "peer": peer,
            "peer_name": peer_name, "ratio": peer / ours}  # fmt: skip


def tangent(dx: float, dy: float, turn: float, stretch: float) -> WCS:
    """A TAN projection of 0.396 arcsec a pixel, shifted, turned and stretched."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix = [336.66, -0.93], [1025 + dx, 745 + dy]
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    wcs.wcs.cd = turned * stretch * 0.396 / 3600
    return wcs
