"""Reads SDSS frames: calibrated, sky-subtracted images of one field in one band."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from fewsky.console import FewskyError
from fewsky.raw.payload import MARK, open_fits
from fewsky.surveys.sdss import Field
from fewsky.surveys.sdss_astrometry import Astrometry, read_astrometry

PIXEL_ARCSEC = 0.396
UNITS = ("nanomaggy", "nanomaggies")
HDUS = ("image", "calibration", "sky", "astrometry")
SMALLEST_PX = 32
NAME = re.compile(r"frame-([ugriz])-(\d{6})-([1-6])-(\d{4})\.fits(\.bz2|\.gz)?")
# Only these describe the projection. Frames also say RADECSYS and dates of 1998 in a form that
# astropy warns of.
PROJECTION = ("CTYPE", "CRPIX", "CRVAL", "CUNIT", "CD1_", "CD2_", "PC1_", "PC2_", "CDELT")


class Frame(NamedTuple):
    """One field in one band: `image` float32 (y, x) in nanomaggies, and where it lies."""

    image: np.ndarray
    wcs: WCS
    header: fits.Header
    field: Field
    band: str
    simulated: bool
    astrometry: Astrometry | None = None  # the frame's own table, better than its WCS by 0.4 px


def read_frame(path: str | Path) -> Frame:
    """A frame's pixels (nanomaggies) and sky coordinates; field and band are its name's.

    The header's FRAME equals the field in r only. Raises FewskyError, one line, for a file that is
    not a whole frame, for another unit, for pixels that are not finite, for a header that
    contradicts the name, and for coordinates that cannot be SDSS's.
    """
    path = Path(path)
    field, band = frame_name(path.name)
    with open_fits(path) as hdus:
        if len(hdus) < len(HDUS):
            found = f"{len(hdus)} HDU{'s' if len(hdus) > 1 else ''}"
            raise _error(path, f"{len(HDUS)} HDUs ({', '.join(HDUS)})", found)
        header = hdus[0].header.copy()
        image = _pixels(path, hdus[0].data, header)
        astrometry = read_astrometry(hdus[3].data, band)
    _check_header(path, header, field, band)
    simulated = MARK.decode() in repr(header)
    return Frame(image, read_wcs(header, path), header, field, band, simulated, astrometry)


def frame_name(name: str) -> tuple[Field, str]:
    """Field and band by a frame's file name, such as frame-r-008162-6-0080.fits.bz2."""
    found = NAME.fullmatch(name)
    if found is None:
        raise FewskyError(
            f"{name}: wanted the name frame-BAND-RUN-CAMCOL-FIELD.fits.bz2, such as "
            "frame-r-008162-6-0080.fits.bz2. Give the file its archive name."
        )
    band, run, camcol, field, _ = found.groups()
    return Field(int(run), int(camcol), int(field)), band


def read_wcs(header: fits.Header, path: str | Path) -> WCS:
    """The celestial coordinates of a frame's header, found sane.

    Raises FewskyError unless they are finite, invertible, on the sky, and within a factor of two of
    SDSS's 0.396 arcsec a pixel in both directions.
    """
    path = Path(path)
    kept = fits.Header([card for card in header.cards if card.keyword.startswith(PROJECTION)])
    try:
        wcs = WCS(kept, naxis=2)
    except Exception as error:  # wcslib raises many kinds, all about the header
        reason = [line for line in str(error).splitlines() if not line.startswith("ERROR")]
        found = f"one that cannot be used: {reason[0] if reason else error}"
        raise _error(path, "a WCS", found.rstrip(".")) from None
    if not wcs.has_celestial:
        raise _error(path, "a WCS with RA and Dec", f"CTYPE {', '.join(wcs.wcs.ctype)}")
    scales = _scales(wcs)
    if not np.all(np.isfinite(scales)) or not np.all(np.isfinite(wcs.wcs.crval)):
        raise _error(path, "a WCS of finite numbers", "NaN or infinity in it")
    if scales.min() < PIXEL_ARCSEC / 2 or scales.max() > PIXEL_ARCSEC * 2:
        found = " by ".join(f"{scale:.3g}" for scale in scales)
        raise _error(path, f"a WCS of about {PIXEL_ARCSEC} arcsec a pixel", f"{found} arcsec")
    ra, dec = wcs.wcs.crval[wcs.wcs.lng], wcs.wcs.crval[wcs.wcs.lat]
    if not (-360 <= ra <= 360 and -90 <= dec <= 90):
        raise _error(path, "a WCS with its centre on the sky", f"CRVAL {ra:g}, {dec:g}")
    return wcs


def _scales(wcs: WCS) -> np.ndarray:
    """Largest and smallest arcsec a pixel: singular values of the map, so 0 if not invertible."""
    matrix = wcs.pixel_scale_matrix
    if not np.all(np.isfinite(matrix)):
        return np.array([np.nan, np.nan])
    return np.linalg.svd(matrix, compute_uv=False) * 3600


def _pixels(path: Path, data: np.ndarray | None, header: fits.Header) -> np.ndarray:
    if data is None or data.ndim != 2 or min(data.shape) < SMALLEST_PX:
        found = "none" if data is None else " x ".join(map(str, data.shape))
        raise _error(path, "an image of 1489 x 2048 pixels in the first HDU", found)
    unit = str(header.get("BUNIT", "")).strip()
    if unit.lower() not in UNITS:
        raise _error(path, "BUNIT nanomaggy", f"'{unit}'" if unit else "none")
    image = np.ascontiguousarray(data, dtype=np.float32)
    bad = image.size - int(np.count_nonzero(np.isfinite(image)))
    if bad:
        raise _error(path, "finite pixels", f"{bad:,} of {image.size:,} that are NaN or infinite")
    if image.min() == image.max():
        raise _error(path, "an image of the sky", f"{image.flat[0]:g} in every pixel")
    return image


def _check_header(path: Path, header: fits.Header, field: Field, band: str) -> None:
    wanted = {"RUN": str(field.run), "CAMCOL": str(field.camcol), "FILTER": band}
    for key, value in wanted.items():
        found = str(header.get(key, "none")).strip()
        if found != value:
            raise _error(path, f"{key} {value} as in the name", f"{key} {found} in the header")


def _error(path: Path, wanted: str, found: str) -> FewskyError:
    return FewskyError(f"{path}: wanted {wanted}; found {found}. Delete it and download it again.")
