"""Broken PNG, JPEG and FITS pictures, and what is sound but none that a survey can use."""

import io
import struct
import zlib

import numpy as np
from astropy.io import fits
from PIL import Image

from fewsky.sky.properties_files import fits_bytes
from tests.faults.broken import Case, Maker, cut, empty, flipped, noise, page, written
from tests.faults.sound import pixels


def picture(kind: str, change) -> Maker:
    """A picture of Pillow's as a file of a kind."""

    def make(content: bytes, rng: np.random.Generator) -> bytes:
        stream = io.BytesIO()
        change(Image.fromarray(pixels(16, int(rng.integers(1000))))).save(stream, kind)
        return stream.getvalue()

    return make


def _clear(image):
    whole = image.convert("RGBA")
    whole.putpixel((3, 3), (0, 0, 0, 0))
    return whole


def _bomb(content: bytes, rng: np.random.Generator) -> bytes:
    """A PNG of a few hundred bytes that says it has 40,000 pixels a side."""
    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + word + data + struct.pack(">I", zlib.crc32(word + data))
        for word, data in chunks
    )


def _tall(content: bytes, rng: np.random.Generator) -> bytes:
    """A JPEG whose header says 65,000 pixels a side."""
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", 65_000, 65_000) + content[at + 4 :]


def _table_only(content: bytes, rng: np.random.Generator) -> bytes:
    stream = io.BytesIO()
    table = fits.BinTableHDU(np.array([(1.0,)], dtype=[("mag", "f4")]))
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(stream)
    return stream.getvalue()


CASES = [
    Case("png", "empty", empty, ("a.png", "an empty file")),
    Case("png", "a page", page, ("a.png", "an HTML page")),
    Case("png", "noise", noise, ("a.png", "bytes that begin with")),
    Case("png", "cut off", cut, ("a.png", "a")),
    Case("png", "a flipped bit", flipped, ("a.png",)),
    Case("png", "a bomb", _bomb, ("a.png", "wanted", "pixels")),
    Case("png", "see-through", picture("PNG", _clear), ("an opaque image", "transparent")),
    Case("png", "grey", picture("PNG", lambda i: i.convert("L")), ("colour for the bands",)),
    Case("png", "a letter-box", picture("PNG", lambda i: i.crop((0, 0, 16, 9))),
         ("a square image", "16 x 9")),
    Case("jpeg", "cut off", cut, ("a.jpg", "a whole image")),
    Case("jpeg", "for print", picture("JPEG", lambda i: i.convert("CMYK")), ("mode CMYK",)),
    Case("jpeg", "a bomb", _tall, ("a.jpg", "wanted", "pixels")),
    Case("jpeg", "a text", written(b"\xff\xd8\xff not a picture"), ("a.jpg", "JPEG that cannot")),
    Case("fits", "cut off", cut, ("a.fits", "by its headers")),
    Case("fits", "a row", written(fits_bytes(np.ones((1, 32), np.float32), {})), ("a square",)),
    Case("fits", "a table", _table_only, ("an image of two axes",)),
    Case("fits", "bits of another kind",
         lambda c, rng: c.replace(b"BITPIX  =                  -32",
                                  b"BITPIX  =                  -31"), ("a.fits", "wanted")),
]  # fmt: skip
