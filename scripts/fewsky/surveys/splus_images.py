"""Cut-outs of S-PLUS, a FITS a band, as calibrated images: every band of an object on one grid."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fewsky.console import FewskyError
from fewsky.raw.payload import open_fits

# Header cards for the magnitude of one count, the best first.
ZERO_POINTS = ("MAGZP", "PHOTZP", "MAGZERO", "ZP")
GONE = "Delete it and run again."
NANOMAGGY = 22.5  # the AB magnitude of one


def read_cutout(
    paths: Mapping[str, Path], bands: list[str], zero_points: Mapping[str, float] | None = None
) -> np.ndarray:
    """One object's image `(band, y, x)` float32 in nanomaggies, from a FITS a band.

    The zero point is `zero_points` of the band (AB magnitude of one count), else the header's.
    Where a service rounds, and cut-outs differ by a row or a column, the last ones are left out.
    Raises FewskyError where a band or a zero point is missing, or shapes differ by more.
    """
    lacking = [band for band in bands if band not in paths]
    if lacking:
        found = ", ".join(paths) or "none"
        raise FewskyError(
            f"cut-out: wanted the bands {', '.join(bands)}; found {found}. Download them again."
        )
    given = zero_points or {}
    planes = [_plane(paths[band], given.get(band)) for band in bands]
    side = min(min(plane.shape) for plane in planes)
    if max(max(plane.shape) for plane in planes) > side + 1:
        found = ", ".join(sorted({f"{p.shape[1]} x {p.shape[0]}" for p in planes}))
        name = paths[bands[0]].name
        raise FewskyError(
            f"{name}: wanted square images of one size in all bands; found {found} pixels. Take "
            "the object out, by the survey's exclude."
        )
    return np.stack([plane[:side, :side] for plane in planes])


def _plane(path: Path, zero_point: float | None) -> np.ndarray:
    with open_fits(path) as hdus:
        held = next((hdu for hdu in hdus if getattr(hdu, "is_image", False)
                     and hdu.data is not None), None)  # fmt: skip
        if held is None or held.data.ndim != 2:
            raise _bad(path, "an image of two axes", "none")
        data, header = np.asarray(held.data, np.float64), held.header
        card = next((card for card in ZERO_POINTS if card in header), None)
        zero = header[card] if zero_point is None and card else zero_point
    if not isinstance(zero, int | float):
        cards = ", ".join(ZERO_POINTS)
        raise _bad(path, f"a zero point, a number in one of {cards}", "none",
                   "Name the survey's zero_points by band.")  # fmt: skip
    return (data * 10 ** (-0.4 * (zero - NANOMAGGY))).astype(np.float32)


def _bad(path: Path, wanted: str, found: str, advice: str = GONE) -> FewskyError:
    return FewskyError(f"{path}: wanted {wanted}; found {found}. {advice}")
