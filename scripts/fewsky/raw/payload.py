"""What the bytes of an archive file must look like, whichever way they arrived."""

import bz2
import gzip
import hashlib
import io
import math
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fewsky.console import FewskyError

CHUNK = 1 << 20
BLOCK = 2880  # FITS comes in blocks of this many bytes
LARGEST = 1 << 32  # bytes after decompression; the largest survey file used is 2.5 GB
IN_MEMORY = 1 << 30  # the same for files that are read whole
MOST_AXES = 999  # that FITS knows
MAGIC = {
    ".fits": (b"SIMPLE  =", "FITS"),
    ".bz2": (b"BZh", "bzip2"),
    ".gz": (b"\x1f\x8b", "gzip"),
    ".tgz": (b"\x1f\x8b", "gzip"),
    ".h5": (b"\x89HDF\r\n\x1a\n", "HDF5"),
    ".png": (b"\x89PNG\r\n\x1a\n", "PNG"),
    ".jpg": (b"\xff\xd8\xff", "JPEG"),
    ".jpeg": (b"\xff\xd8\xff", "JPEG"),
    ".zip": (b"PK", "ZIP"),
}
# In the first header of every file of the demo sky: a card of FITS, an attribute of HDF5, a comment
# of JPEG, the first line of a table, the name of the first file in an archive.
MARK = b"SIMULATE"


class BadBytes(FewskyError):
    """A file whose bytes are not what its name or its digest promises; `reason` says both."""

    def __init__(
        self, name: str, wanted: str, found: str, advice: str = "Delete it and run again."
    ) -> None:
        super().__init__(f"{name}: wanted {wanted}; found {found}. {advice}")
        self.reason = f"{found} instead of {wanted}"


class Payload(NamedTuple):
    """What a sound file holds: its size and digest, and whether it says that it is simulated."""

    bytes: int
    sha256: str
    simulated: bool


def examine(path: str | Path, name: str | None = None) -> Payload:
    """Size and digest of a file, read once, whose bytes are sound for a file called `name`.

    The suffixes of `name` say what is checked: magic bytes, every compressed byte with its check
    sum, and the length that FITS headers promise. Raises BadBytes where one fails.
    """
    path, name = Path(path), name or Path(path).name
    with open(path, "rb") as stream:
        tap = _Tap(stream, hashlib.sha256())
        inner = _unpacking(tap, name)
        with _naming(name):
            head = inner.read(4 * BLOCK)
            if _inner_suffix(name) == ".fits":
                _check_magic(head, ".fits", name)
            total = len(head) + _drain(inner)
        _drain(tap)
        if name.endswith(".fits"):
            check_fits(stream, name)
        elif _inner_suffix(name) == ".fits" and total % BLOCK:
            raise BadBytes(name, f"FITS in blocks of {BLOCK} bytes", f"{total:,} bytes unpacked")
    return Payload(tap.count, tap.digest.hexdigest(), _is_marked(head))


def read_unpacked(path: str | Path, limit: int = IN_MEMORY) -> bytes:
    """A file's bytes, decompressed if they are bzip2 or gzip by their first bytes.

    Raises BadBytes on a broken stream and on one that unpacks to more than `limit` bytes.
    """
    path = Path(path)
    with open(path, "rb") as stream, _naming(path.name):
        head = stream.read(3)
        stream.seek(0)
        opener = {b"BZh": bz2.open, b"\x1f\x8b\x08": gzip.open}.get(head)
        source = stream if opener is None else opener(stream)
        content = source.read(limit + 1)
    if len(content) > limit:
        raise BadBytes(path.name, f"at most {limit:,} bytes unpacked", "more")
    return content


@contextmanager
def open_fits(path: str | Path) -> Iterator:
    """Yield a FITS file's HDUs (astropy), read into memory, sound to the last byte.

    Header cards that cannot be understood are as if they were not there.
    """
    from astropy.io import fits

    name = Path(path).name
    try:
        content = read_unpacked(path)
    except FileNotFoundError:
        raise FewskyError(f"{path}: wanted a FITS file; found none. Download it again.") from None
    check_fits(io.BytesIO(content), name)
    try:
        hdus = fits.open(io.BytesIO(content), memmap=False, lazy_load_hdus=False)
        for hdu in hdus:
            _drop_unreadable(hdu.header)
            hdu.data  # noqa: B018 - read now, so that what is wrong with it is told here
    except Exception as error:  # astropy raises many kinds, all about the file
        raise BadBytes(name, "FITS that astropy can read", _told(error)) from None
    try:
        yield hdus
    except (fits.VerifyError, UnicodeError) as error:  # texts are decoded when they are asked for
        raise BadBytes(name, "FITS of readable texts", _told(error)) from None


def _drop_unreadable(header) -> None:
    for card in list(header.cards):
        try:
            card.value, card.comment  # noqa: B018 - parsed when they are asked for
        except Exception:  # as astropy's, of many kinds
            del header[card.keyword]


def _told(error: Exception) -> str:
    words = " ".join(str(error).split())[:160]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def check_fits(stream: BinaryIO, name: str) -> None:
    """Raise BadBytes unless a plain FITS stream is as long as its headers say."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    head = stream.read(BLOCK)
    _check_magic(head, ".fits", name)
    end = 0
    while end < size:
        stream.seek(end)
        end = stream.tell() + _extent(stream, name)
    if end != size:
        raise BadBytes(name, f"FITS of {end:,} bytes by its headers", f"{size:,} bytes")


def _extent(stream: BinaryIO, name: str) -> int:
    """Bytes of the HDU that starts here, header and data, by its header."""
    cards: dict[bytes, bytes] = {}
    length = 0
    while b"END" not in cards:
        block = stream.read(BLOCK)
        length += len(block)
        if len(block) < BLOCK or length > 1000 * BLOCK:
            raise BadBytes(name, "FITS headers that end with END", f"none in {length:,} bytes")
        for start in range(0, BLOCK, 80):
            cards.setdefault(block[start : start + 8].rstrip(), block[start + 9 : start + 80])
    try:
        values = {key: _whole(cards.get(key), default) for key, default in _SIZES.items()}
        axes, image, tile = (_axes(cards, word) for word in (b"NAXIS", b"ZNAXIS", b"ZTILE"))
    except ValueError:
        raise BadBytes(name, "whole numbers for BITPIX and NAXIS", "others") from None
    if max(math.prod(image), math.prod(tile)) * 8 > IN_MEMORY:  # values of at most 8 bytes
        raise BadBytes(name, f"an image of at most {IN_MEMORY:,} bytes unpacked", "a larger one")
    if values[b"PCOUNT"] < 0 or values[b"GCOUNT"] < 0:
        raise BadBytes(name, "PCOUNT and GCOUNT of 0 or more", "less")
    if not axes:
        return length
    elements = values[b"GCOUNT"] * (values[b"PCOUNT"] + math.prod(axes))
    return length + math.ceil(abs(values[b"BITPIX"]) // 8 * elements / BLOCK) * BLOCK


_SIZES = {b"BITPIX": 8, b"NAXIS": 0, b"PCOUNT": 0, b"GCOUNT": 1}


def _axes(cards: dict[bytes, bytes], word: bytes) -> list[int]:
    """The axes that cards such as NAXIS1 give, of an image or of one that is packed in a table."""
    number = _whole(cards.get(b"NAXIS" if word == b"NAXIS" else b"ZNAXIS"), 0)
    if not 0 <= number <= MOST_AXES:
        raise ValueError
    axes = [_whole(cards.get(b"%s%d" % (word, k + 1)), 0) for k in range(number)]
    if min(axes, default=0) < 0:
        raise ValueError
    return axes


def _whole(value: bytes | None, default: int) -> int:
    number = default if value is None else int(value.split(b"/")[0])
    if not -64 <= number <= LARGEST:  # -64 is BITPIX of doubles
        raise ValueError
    return number


class _Tap:
    """A stream that counts and digests what is read through it."""

    def __init__(self, stream: BinaryIO, digest) -> None:
        self.stream, self.digest, self.count = stream, digest, 0

    def read(self, size: int = CHUNK) -> bytes:
        content = self.stream.read(size)
        self.digest.update(content)
        self.count += len(content)
        return content


def _is_marked(head: bytes) -> bool:
    """Whether the first header says that the file comes from the demo sky."""
    if head.startswith(MAGIC[".h5"][0]):
        return MARK in head
    if head.startswith(MAGIC[".jpg"][0]):
        return MARK in head[:1024]
    if head.startswith(b"#"):
        return MARK in head.partition(b"\n")[0]
    if head[257:262] == b"ustar":
        return head.startswith(MARK)
    cards = (head[start : start + 80] for start in range(0, len(head), 80))
    header = takewhile(lambda card: not card.startswith(b"END     "), cards)
    return any(MARK in card for card in header)


def _unpacking(tap: _Tap, name: str):
    """A stream of the decompressed bytes, after a look at the first raw ones."""
    suffix = Path(name).suffix.lower()
    _check_magic(_peek(tap.stream), suffix, name)
    if suffix == ".bz2":
        return bz2.open(tap)
    if suffix in (".gz", ".tgz"):
        return gzip.open(tap)
    return tap


def _peek(stream: BinaryIO) -> bytes:
    head = stream.read(4096)
    stream.seek(0)
    return head


def _drain(stream) -> int:
    total = 0
    while chunk := stream.read(CHUNK):
        total += len(chunk)
        if total > LARGEST:
            raise OSError(f"more than {LARGEST:,} bytes unpacked")
    return total


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Turn what the decompressors raise into BadBytes for a file called `name`."""
    try:
        yield
    except EOFError:
        raise BadBytes(name, "a whole compressed file", "one cut off before its end") from None
    except (zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise BadBytes(name, "a sound compressed file", str(error)) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise BadBytes(name, "a sound compressed file", str(error)) from None


def _inner_suffix(name: str) -> str:
    path = Path(name.lower())
    return Path(path.stem).suffix if path.suffix in (".bz2", ".gz") else path.suffix


def _check_magic(head: bytes, suffix: str, name: str) -> None:
    magic, kind = MAGIC.get(suffix, (b"", "bytes"))
    if not head or not head.startswith(magic) or (not magic and _is_html(head, suffix)):
        raise BadBytes(name, kind, describe(head))


def describe(head: bytes) -> str:
    """A few words on what a file's first bytes are, for an error line."""
    if not head:
        return "an empty file"
    if _is_html(head, ""):
        title = re.search(rb"<title>\s*(.*?)\s*</title>", head, re.IGNORECASE | re.DOTALL)
        text = title.group(1).decode("ascii", "replace") if title else ""
        words = " ".join(re.sub(r"[^ -~]", " ", text).split())[:60]
        return f"an HTML page ({words})" if words else "an HTML page"
    for magic, kind in MAGIC.values():
        if head.startswith(magic):
            return kind
    return f"bytes that begin with {head[:8].hex(' ')}"


def _is_html(head: bytes, suffix: str) -> bool:
    start = head[:512].lstrip().lower()
    return suffix not in (".html", ".htm") and start.startswith((b"<!doctype html", b"<html"))
