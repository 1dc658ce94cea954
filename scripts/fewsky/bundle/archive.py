"""The archive of a bundle: a zip whose bytes follow from its files, read back file by file.

Nothing of a bundle is believed before it is checked: a name that leaves the folder, a link, a file
that the manifest does not name or that is longer than it says, and a digest that differs each end
the reading with one line, before anything is taken over.
"""

import csv
import hashlib
import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from fewsky.bundle.contents import Item
from fewsky.console import FewskyError
from fewsky.files import CHUNK, published

MANIFEST = "manifest.csv"
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say
LARGEST_MANIFEST = 1 << 28  # bytes; some 2 million files
# Formats that are compressed already, or that floats do not let shrink.
STORED = (".fits", ".h5", ".parquet", ".pdf", ".png", ".safetensors")


def manifest_of(items: Iterable[Item]) -> bytes:
    """The manifest: path, bytes and sha256 of every file, sorted by path."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(Item._fields)
    table.writerows(sorted(items))
    return stream.getvalue().encode()


def write_archive(path: Path, folder: Path, names: Iterable[str]) -> None:
    """Write files of a folder as a zip, sorted, without dates, owners or anything that varies."""
    with published(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(names):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            plain = name.endswith(STORED)
            entry.compress_type = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
            entry.file_size = (folder / name).stat().st_size
            with open(folder / name, "rb") as source, archive.open(entry, "w") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)


@contextmanager
def opened(bundle: Path) -> Iterator["Reader"]:
    """A reader of a bundle: the zip, or the folder it is made of."""
    if bundle.is_dir():
        yield FolderReader(bundle)
        return
    if not zipfile.is_zipfile(bundle):
        found = "another file" if bundle.is_file() else "no such file"
        raise FewskyError(f"{bundle}: wanted a bundle, a zip; found {found}. Name another BUNDLE.")
    with zipfile.ZipFile(bundle) as archive:
        yield ZipReader(archive)


class Reader:
    """Files of a bundle by name: `sizes` in bytes as far as they are told, and their streams."""

    sizes: Mapping[str, int]

    def stream(self, name: str) -> IO[bytes]:
        raise NotImplementedError


class ZipReader(Reader):
    """Of a zip; its own list is checked for names and links when it is read."""

    def __init__(self, archive: zipfile.ZipFile):
        self.archive = archive
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        for entry in entries:
            check_name(entry.filename)
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise refused(entry.filename, "a plain file", "a link or device")
        self.sizes = {entry.filename: entry.file_size for entry in entries}
        if len(self.sizes) < len(entries):
            raise refused("the bundle", "each name once", "a name twice")

    def stream(self, name: str) -> IO[bytes]:
        return self.archive.open(name)


class FolderReader(Reader):
    """Of a folder, links refused."""

    def __init__(self, folder: Path):
        self.folder = folder
        paths = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
        for path in paths:
            if path.is_symlink() or not path.is_file():
                raise refused(str(path.relative_to(folder)), "a plain file", "a link or device")
        self.sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths}

    def stream(self, name: str) -> IO[bytes]:
        return open(self.folder / name, "rb")


def check_name(name: str) -> None:
    """Raise FewskyError for a name that could lead out of the folder it is read into."""
    path = PurePosixPath(name)
    odd = "\\" in name or ":" in name or "\0" in name or str(path) != name
    if odd or path.is_absolute() or ".." in path.parts:
        raise refused(repr(name), "a name inside of the bundle", "one that leads elsewhere")


def refused(name: str, wanted: str, found: str) -> FewskyError:
    """The line that ends the reading of a bundle."""
    return FewskyError(f"{name}: wanted {wanted}; found {found}. Get the bundle again.")


def read_manifest(reader: Reader) -> dict[str, Item]:
    """Items of a bundle by path; FewskyError where the bundle does not hold just these."""
    size = reader.sizes.get(MANIFEST)
    if size is None or size > LARGEST_MANIFEST:
        raise refused(MANIFEST, "the list of files", "none" if size is None else f"{size} bytes")
    with reader.stream(MANIFEST) as stream:
        text = stream.read(LARGEST_MANIFEST).decode("utf-8", "replace")
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
        items = {row["path"]: Item(row["path"], int(row["bytes"]), row["sha256"]) for row in rows}
    except (KeyError, TypeError, ValueError):
        raise refused(MANIFEST, f"columns {', '.join(Item._fields)}", "others") from None
    for name in items:
        check_name(name)
    for name in sorted(items.keys() ^ (reader.sizes.keys() - {MANIFEST})):
        found = "it in the manifest only" if name in items else "it in no line of the manifest"
        raise refused(name, "the files of the manifest", found)
    for name, item in items.items():
        if reader.sizes[name] != item.bytes:
            raise refused(name, f"{item.bytes} bytes", f"{reader.sizes[name]}")
    return items


def checked(reader: Reader, item: Item, target: IO[bytes] | None = None) -> None:
    """Read a file to its end, into `target` if there is one; FewskyError if it is another.

    No more is read than the manifest says, whatever a compressed file grows to.
    """
    digest, left = hashlib.sha256(), item.bytes
    try:
        with reader.stream(item.path) as stream:
            while chunk := stream.read(min(CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    raise refused(item.path, f"{item.bytes} bytes", "more")
                digest.update(chunk)
                if target is not None:
                    target.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise refused(item.path, "a whole file", "a damaged one") from None
    if digest.hexdigest() != item.sha256:
        found = f"{digest.hexdigest()[:12]}…"
        raise refused(item.path, f"sha256 {item.sha256[:12]}… of the manifest", found)
