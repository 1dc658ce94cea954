"""Scanned photographic plates as SuperCOSMOS cuts them: photographic density with its WCS."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.wcs import WCS, FITSFixedWarning

from fewsky.console import FewskyError
from fewsky.raw.payload import MARK, open_fits

# Names that headers have for the plate, the best first; fields are numbered 1 to 894.
PLATE_CARDS = ("PLATENUM", "PLATEID", "PLATE", "FIELDNUM")


class Plate(NamedTuple):
    """One cut of a scanned plate: `(y, x)` float32 density in the scan's own steps."""

    image: np.ndarray
    wcs: WCS
    plate: str
    simulated: bool


def read_plate(path: str | Path) -> Plate:
    """A plate's image, astrometry and number; the tables that follow it are not read.

    Density is of integers 0 to 32767, not linear in light. Raises FewskyError on files without an
    image of two axes or without celestial coordinates.
    """
    name = Path(path).name
    with open_fits(path) as hdus:
        data, header = hdus[0].data, hdus[0].header.copy()
    if data is None or data.ndim != 2 or min(data.shape) < 2:
        raise _error(path, "an image of two axes", "none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        try:
            wcs = WCS(header, naxis=2)
        except (ValueError, MemoryError, KeyError) as error:
            raise _error(path, "a WCS", str(error).splitlines()[0]) from None
    if not wcs.has_celestial:
        raise _error(path, "celestial coordinates", f"none in the header of {name}")
    number = next((str(header[card]).strip() for card in PLATE_CARDS if header.get(card)), "")
    simulated = MARK.decode() in repr(header)
    return Plate(np.asarray(data, dtype=np.float32), wcs, number, simulated)


def _error(path: str | Path, wanted: str, found: str) -> FewskyError:
    return FewskyError(f"{path}: wanted {wanted}; found {found}. Delete it and run again.")
