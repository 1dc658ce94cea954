"""Files of the sky of properties, each marked SIMULATED, the same bytes for the same content."""

import gzip
import io
import tarfile
from collections.abc import Mapping

import numpy as np
import pandas as pd
from astropy.visualization import make_lupton_rgb
from PIL import Image, PngImagePlugin

from fewsky.raw.payload import BLOCK

TELLING = "SIMULATED: simulated by fewsky, not observed"
QUALITY = 92  # of JPEG; SkyServer's pictures are compressed, too
# Lupton et al. 2004, PASP 116, 133: factors on i, r, g that make a usual galaxy white.
FACTORS, STRETCH, SOFTENING = (0.85, 1.1, 1.75), 0.45, 8.0


def colours(image: np.ndarray, order: tuple[int, int, int]) -> np.ndarray:
    """Pixels `(y, x, 3)` uint8 of an image `(band, y, x)` in nanomaggies; `order` is i, r, g."""
    planes = [image[k].astype(float) * factor for k, factor in zip(order, FACTORS, strict=True)]
    return make_lupton_rgb(*planes, minimum=-0.03, stretch=STRETCH, Q=SOFTENING)


def jpeg_bytes(pixels: np.ndarray) -> bytes:
    """A JPEG with a comment that says what it is."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY, comment=TELLING.encode())
    return stream.getvalue()


def png_bytes(pixels: np.ndarray) -> bytes:
    """A PNG with a text that says what it is."""
    stream, text = io.BytesIO(), PngImagePlugin.PngInfo()
    text.add_text("Comment", TELLING)
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=text)
    return stream.getvalue()


def fits_bytes(plane: np.ndarray, cards: Mapping[str, object]) -> bytes:
    """A FITS image `(y, x)` float32 with header cards.

    Written card by card, since astropy takes ten times as long and there are thousands.
    """
    high, wide = plane.shape
    first = {"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": wide, "NAXIS2": high}
    told = {**first, "SIMULATE": True, **cards, "COMMENT": TELLING}
    header = "".join(_card(key, value) for key, value in told.items()) + f"{'END':<80}"
    pixels = plane.astype(">f4").tobytes()
    head = header.ljust(-(-len(header) // BLOCK) * BLOCK).encode("ascii")
    return head + pixels.ljust(-(-len(pixels) // BLOCK) * BLOCK, b"\0")


def place_cards(ra: float, dec: float, side: int, pixel_arcsec: float) -> dict[str, object]:
    """The WCS of an image with north up and its centre at a place, degrees."""
    middle, step = (side + 1) / 2, pixel_arcsec / 3600
    return {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": middle, "CRPIX2": middle,
        "CRVAL1": ra, "CRVAL2": dec, "CDELT1": -step, "CDELT2": step,
    }  # fmt: skip


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A CSV whose first line is a comment, as those of SkyServer, and says what it is."""
    return f"#{TELLING}\n{table.to_csv(index=False, lineterminator=chr(10))}".encode()


def tgz_bytes(files: Mapping[str, bytes]) -> bytes:
    """A .tgz of files by their names; the first one, SIMULATED.txt, says what they are."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in {"SIMULATED.txt": f"{TELLING}\n".encode(), **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), compresslevel=6, mtime=0)


def _card(key: str, value: object) -> str:
    if key == "COMMENT":
        return f"COMMENT {value}".ljust(80)
    if isinstance(value, bool):
        text = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        text = f"'{value:<8}'"
    else:
        text = f"{value:>20.12G}" if isinstance(value, float) else f"{value:>20}"
    return f"{key:<8}= {text}".ljust(80)
