"""Broken frames, catalogues, plates and cut-outs in FITS."""

import bz2
import gzip
import io
from collections.abc import Callable

import numpy as np
from astropy.io import fits

from fewsky.surveys.sdss_catalogues import read_calibobj
from fewsky.surveys.sdss_frames import read_frame
from tests.faults.broken import Case, Maker, cut, empty, flipped, page, replaced
from tests.faults.sound import FRAME, SWEEP

PACKERS = {b"BZh": (bz2.decompress, bz2.compress), b"\x1f\x8b": (gzip.decompress, gzip.compress)}


def _packers(content: bytes):
    own = (both for head, both in PACKERS.items() if content.startswith(head))
    return next(own, (bytes, bytes))


def edited(change: Callable[[fits.HDUList, np.random.Generator], fits.HDUList | None]) -> Maker:
    """A file whose HDUs are changed in place, or replaced by those that come back."""

    def make(content: bytes, rng: np.random.Generator) -> bytes:
        unpack, pack = _packers(content)
        hdus = fits.open(io.BytesIO(unpack(content)), memmap=False, lazy_load_hdus=False)
        stream = io.BytesIO()
        (change(hdus, rng) or hdus).writeto(stream, output_verify="ignore")
        return pack(stream.getvalue())

    return make


def inside(maker: Maker) -> Maker:
    """A compressed file that is broken within."""

    def make(content: bytes, rng: np.random.Generator) -> bytes:
        unpack, pack = _packers(content)
        return pack(maker(unpack(content), rng))

    return make


def card(key: str, value: object) -> Maker:
    return edited(lambda hdus, rng: hdus[0].header.set(key, value) and None)


def image(change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Maker:
    def make(hdus, rng):
        hdus[0].data = change(hdus[0].data, rng)

    return edited(make)


def table(change: Callable[[dict[str, np.ndarray]], object]) -> Maker:
    """A catalogue whose columns, by their names, are changed in place."""

    def make(hdus, rng):
        columns = {name: np.array(hdus[1].data[name]) for name in hdus[1].data.names}
        change(columns)
        first = len(next(iter(columns.values())))
        kinds = [(name, values.dtype.str, values.shape[1:]) for name, values in columns.items()]
        made = np.zeros(first, kinds)
        for name, values in columns.items():
            made[name] = values
        return fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(made)])

    return edited(make)


def column(name: str, value: object) -> Maker:
    """A catalogue with one value in all rows of a column, or without the column (None)."""

    def change(columns):
        length = len(columns[name])
        if value is None:
            del columns[name]
        else:
            columns[name] = np.broadcast_to(value, (length, *np.shape(value))).copy()

    return table(change)


def _with_nan(pixels, rng):
    pixels[tuple(rng.integers(pixels.shape))] = np.nan
    return pixels


def _swapped(folder):
    return read_calibobj(None, folder / SWEEP)


def _bomb(hdus, rng):
    """A packed image that says it has a hundred thousand pixels a side."""
    packed = fits.CompImageHDU(hdus[0].data, compression_type="GZIP_1")
    stream = io.BytesIO()
    packed.writeto(stream)
    raw = fits.open(io.BytesIO(stream.getvalue()), disable_image_compression=True)
    for key in ("ZNAXIS1", "ZNAXIS2", "ZTILE1", "ZTILE2"):
        raw[1].header[key] = 100_000
    return raw


END = b"END" + b" " * 77
CASES = [
    Case("frame", "empty", empty, (FRAME, "found an empty file")),
    Case("frame", "a page", page, (FRAME, "an HTML page (503 Service Unavailable)")),
    Case("frame", "cut off", cut, (FRAME, "cut off before its end")),
    Case("frame", "a flipped bit", flipped, (FRAME, "a sound compressed file")),
    Case("frame", "cut off within", inside(cut), (FRAME, "by its headers")),
    Case("frame", "bytes too many", inside(lambda c, rng: c + bytes(2880)), (FRAME, "END")),
    Case("frame", "no END", inside(lambda c, rng: c.replace(END, b"FIN" + END[3:])), ("END",)),
    Case("frame", "an absurd axis", inside(replaced(b"NAXIS1  =                   96",
                                                    b"NAXIS1  =         999999999999")),
         ("whole numbers for BITPIX and NAXIS",)),
    Case("frame", "a negative axis", inside(replaced(b"NAXIS1  =                   96",
                                                     b"NAXIS1  =                  -96")),
         (FRAME, "wanted")),
    Case("frame", "one HDU", edited(lambda hdus, rng: hdus[:1]), ("4 HDUs", "found 1 HDU")),
    Case("frame", "another run", card("RUN", 94), ("RUN 8162 as in the name", "RUN 94")),
    Case("frame", "another band", card("FILTER", "g"), ("FILTER r as in the name", "FILTER g")),
    Case("frame", "counts", card("BUNIT", "counts"), ("BUNIT nanomaggy", "'counts'")),
    Case("frame", "a hole", image(_with_nan), ("finite pixels", "found 1 of")),
    Case("frame", "one value", image(lambda p, rng: np.ones_like(p)), ("1 in every pixel",)),
    Case("frame", "a cube", image(lambda p, rng: np.stack([p, p])), ("an image of", "2 x 96 x 96")),
    Case("frame", "a stamp", image(lambda p, rng: p[:9, :9].copy()), ("found 9 x 9",)),
    Case("frame", "no coordinates", card("CTYPE1", "PIXEL"), ("a WCS",)),
    Case("frame", "another scale", card("CD1_2", 1.0), ("arcsec a pixel",)),
    Case("frame", "a flat WCS", card("CD1_2", 0.0), ("arcsec a pixel",)),
    Case("frame", "off the sky", card("CRVAL2", 95.0), ("wanted a WCS",)),
    Case("frame", "another name", lambda c, rng: {"frame-r-1.fits": c}, ("wanted the name",),
         lambda folder: read_frame(folder / "frame-r-1.fits")),
    Case("frame", "none", lambda c, rng: {FRAME: None}, (FRAME, "found none"),
         lambda folder: read_frame(folder / FRAME)),
    Case("photoobj", "a page", page, ("an HTML page",)),
    Case("photoobj", "cut off", cut, ("by its headers",)),
    Case("photoobj", "no table", edited(lambda hdus, rng: hdus[:1]), ("a table of objects",)),
    Case("photoobj", "no rows", table(lambda c: c.update({k: v[:0] for k, v in c.items()})),
         ("a table with rows", "an empty one")),
    Case("photoobj", "no MODE", column("MODE", None), ("found no MODE among",)),
    Case("photoobj", "four bands", column("PSFFLUX", np.ones(4, np.float32)),
         ("PSFFLUX with 5 values a row", "(4,)")),
    Case("photoobj", "off the sky", column("DEC", 400.0), ("ra and dec in degrees",)),
    Case("photoobj", "no places", column("RA", np.nan), ("not on the sky",)),
    Case("photoobj", "words for places", column("RA", np.array("east")), ("numbers in RA",)),
    Case("photoobj", "words for a class", column("OBJC_TYPE", np.array("star")),
         ("numbers in OBJC_TYPE",)),
    Case("photoobj", "fluxes of text", column("PSFFLUX", np.array(["1"] * 5)),
         ("numbers in PSFFLUX",)),
    Case("photoobj", "a class that is no number", column("OBJC_TYPE", np.nan), ("OBJC_TYPE",)),
    Case("photoobj", "another field", column("FIELD", 13), ("FIELD 80 as in the name", "13")),
    Case("fits", "a packed bomb", edited(_bomb), ("a.fits", "bytes unpacked")),
    Case("calibobj", "cut off", cut, ("cut off before its end",)),
    Case("calibobj", "a wrong check sum", lambda c, rng: c[:-8] + b"abcd" + c[-4:],
         ("a sound compressed file", "CRC")),
    Case("calibobj", "stars for galaxies", lambda c, rng: c, ("only OBJC_TYPE 3", "swapped"),
         _swapped),
    Case("calibobj", "no RERUN", column("RERUN", None), ("found no RERUN",)),
    Case("calibobj", "a rerun in words", column("RERUN", np.array("dr8")), ("numbers in RERUN",)),
    Case("plate", "a page", page, ("p.fits", "an HTML page")),
    Case("plate", "no image", image(lambda p, rng: None), ("an image of two axes",)),
    Case("plate", "no sky", card("CTYPE1", "PIXEL"), ("wanted", "p.fits")),
    Case("splus", "a cube", image(lambda p, rng: np.stack([p, p])), ("an image of two axes",)),
    Case("splus", "no zero point", card("MAGZP", "dim"), ("a zero point",)),
    Case("splus", "not square", image(lambda p, rng: p[:20].copy()), ("square images",)),
]  # fmt: skip
