"""Broken HDF5, ZIP and TGZ, and archives that would write or read elsewhere."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable

import h5py
import numpy as np

from fewsky.sky.properties_files import jpeg_bytes, png_bytes, tgz_bytes
from fewsky.surveys import efigi_file
from tests.faults.broken import Case, Maker, cut, empty, flipped, noise, page
from tests.faults.sound import GALAXIES, pixels


def hdf5(change: Callable[[h5py.File], object]) -> Maker:
    """An HDF5 file changed in place."""

    def make(content: bytes, rng: np.random.Generator) -> bytes:
        stream = io.BytesIO(content)
        with h5py.File(stream, "r+") as file:
            change(file)
        return stream.getvalue()

    return make


def dataset(key: str, values: object, **options: object) -> Maker:
    """An HDF5 file with another dataset of a name."""

    def change(file):
        del file[key]
        file.create_dataset(key, data=values, **options)

    return hdf5(change)


def _endless(file):
    del file["images"]
    shape = (10, 100_000, 100_000, 3)
    file.create_dataset("images", shape, np.uint8, chunks=(1, 64, 64, 3), compression="gzip")


def _elsewhere(file):
    del file["images"]
    file["images"] = h5py.ExternalLink("/etc/hostname.h5", "/images")


def _outside(file):
    del file["images"]
    file.create_dataset("images", (10, 8, 8, 3), np.uint8, external=[("/etc/passwd", 0, 1920)])


def _virtual(file):
    del file["images"]
    layout = h5py.VirtualLayout((10, 8, 8, 3), np.uint8)
    layout[:] = h5py.VirtualSource("/etc/other.h5", "images", (10, 8, 8, 3))
    file.create_virtual_dataset("images", layout)


def _group(file):
    del file["images"]
    file.create_group("images")


def zipped(change: Callable[[dict[str, bytes]], object], how: int = zipfile.ZIP_STORED) -> Maker:
    """An archive whose files, by their names, are changed in place."""

    def make(content: bytes, rng: np.random.Generator) -> bytes:
        files = {f"images/{k}.jpg": jpeg_bytes(pixels(16, k)) for k in GALAXIES["asset_id"]}
        change(files)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", how) as out:
            for name, data in files.items():
                out.writestr(name, data)
        return stream.getvalue()

    return make


def _locked(content: bytes, rng: np.random.Generator) -> bytes:
    """An archive whose pictures say that they need a password."""
    data = bytearray(content)
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


def tables(**texts: bytes) -> Maker:
    files = {efigi_file.ATTRIBUTES: b"PGC0000001 1 0 2\nPGC0000002 3 2 4\n", **texts}
    return lambda content, rng: tgz_bytes(files)


def linked(content: bytes, rng: np.random.Generator) -> bytes:
    """Pictures that are links to files of this machine."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        for k in (1, 2):
            member = tarfile.TarInfo(f"png/PGC000000{k}.png")
            member.type, member.linkname = (tarfile.SYMTYPE, tarfile.LNKTYPE)[k - 1], "/etc/passwd"
            out.addfile(member)
    return gzip.compress(stream.getvalue())


CASES = [
    Case("galaxy10", "empty", empty, ("g.h5", "an empty file")),
    Case("galaxy10", "a page", page, ("g.h5", "an HTML page")),
    Case("galaxy10", "cut off", cut, ("g.h5", "a whole HDF5 file")),
    Case("galaxy10", "no images", hdf5(lambda f: f.__delitem__("images")),
         ("a dataset 'images'", "found ans")),
    Case("galaxy10", "a group for images", hdf5(_group), ("a dataset 'images'",)),
    Case("galaxy10", "images of floats", dataset("images", np.zeros((10, 8, 8, 3))),
         ("type uint8", "float64")),
    Case("galaxy10", "one plane", dataset("images", np.zeros((10, 8, 8), np.uint8)),
         ("images (n, s, s, 3)",)),
    Case("galaxy10", "a class of eleven", dataset("ans", np.arange(1, 11, dtype=np.uint8)),
         ("classes 0 to 9", "10 in row 9")),
    Case("galaxy10", "classes of floats", dataset("ans", np.arange(10.0)), ("whole numbers",)),
    Case("galaxy10", "too few classes", dataset("ans", np.arange(9, dtype=np.uint8)),
         ("one 'ans' for each", "9 rows")),
    Case("galaxy10", "other counts", dataset("ans", np.zeros(10, np.uint8)),
         ("the survey's counts", "found 10")),
    Case("galaxy10", "a bomb", hdf5(_endless), ("g.h5", "pixels a side")),
    Case("galaxy10", "images of another file", hdf5(_elsewhere), ("g.h5", "a dataset 'images'")),
    Case("galaxy10", "bytes of another file", hdf5(_outside), ("g.h5", "in the file itself")),
    Case("galaxy10", "a view of another file", hdf5(_virtual), ("g.h5", "in the file itself")),
    Case("zip", "empty", empty, ("i.zip", "a whole .zip")),
    Case("zip", "a page", page, ("i.zip", "a whole .zip")),
    Case("zip", "noise", noise, ("i.zip", "a whole .zip")),
    Case("zip", "cut off", cut, ("i.zip", "a whole .zip")),
    Case("zip", "a flipped bit", flipped, ("i.zip",)),
    Case("zip", "a way out", zipped(lambda f: f.update({"../images/9.jpg": b"x"})),
         ("names within the archive", "'../images/9.jpg'")),
    Case("zip", "a way to the root", zipped(lambda f: f.update({"/images/9.jpg": b"x"})),
         ("names within the archive",)),
    Case("zip", "a bomb", zipped(lambda f: f.update({"images/3.jpg": bytes(20_000_000)}),
                                 zipfile.ZIP_DEFLATED), ("pictures of at most", "images/3.jpg")),
    Case("zip", "a password", _locked, ("i.zip", "encrypted")),
    Case("zip", "a picture lacks", zipped(lambda f: f.pop("images/3.jpg")), ("found 2",)),
    Case("zip", "a text for a picture", zipped(lambda f: f.update({"images/3.jpg": b"hello"})),
         ("i.zip, images/3.jpg", "an image")),
    Case("efigi", "empty", empty, ("png.tgz", "a whole .tgz")),
    Case("efigi", "a page", page, ("png.tgz", "a whole .tgz")),
    Case("efigi", "cut off", cut, ("png.tgz", "a whole .tgz")),
    Case("efigi", "a flipped bit", lambda c, rng: c[:-6] + bytes([c[-6] ^ 1]) + c[-5:],
         ("png.tgz", "a whole .tgz")),
    Case("efigi", "links", linked, ("png.tgz", "a PNG named after each galaxy")),
    Case("efigi", "a text for a picture", lambda c, rng: tgz_bytes(
        {"png/PGC0000001.png": b"hello", "png/PGC0000002.png": png_bytes(pixels())}),
         ("png.tgz, PGC0000001.png", "an image")),
    Case("efigi", "a bomb", lambda c, rng: tgz_bytes({"png/PGC0000001.png": bytes(70_000_000)}),
         ("files of at most",)),
    Case("efigi-tables", "no attributes", lambda c, rng: tgz_bytes({"a.txt": b""}),
         (efigi_file.ATTRIBUTES,)),
    Case("efigi-tables", "a type of twelve",
         tables(**{efigi_file.ATTRIBUTES: b"PGC0000001 12 0 2\n"}), ("whole types", "12")),
    Case("efigi-tables", "a galaxy twice",
         tables(**{efigi_file.ATTRIBUTES: b"PGC0000001 1\nPGC0000001 2\n"}), ("twice",)),
    Case("efigi-tables", "off the sky", tables(**{efigi_file.PLACES: b"PGC0000001 10 100\n"}),
         ("dec in degrees",)),
]  # fmt: skip
