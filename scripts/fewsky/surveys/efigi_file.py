"""EFIGI's two archives, read and checked: its objects with their types, and its pictures."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.surveys.efigi import SHARD, TYPES, label_of
from fewsky.surveys.folder_images import read_picture
from fewsky.surveys.object_table import finish, table_error

ATTRIBUTES = "EFIGI_attributes.txt"  # name, T, its lower and upper end, and further attributes
PLACES = "EFIGI_coord_redshift.txt"  # name, RA and dec in degrees, redshifts
CHUNK = 1 << 20
LARGEST_MEMBER = 64_000_000  # bytes of one file within an archive
GONE = "Delete it and run again."


def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """All galaxies that have a type and a picture, with the columns of objects.csv and hubble_t.

    Positions are in degrees where the tables have them. Raises FewskyError on archives without the
    table of attributes or pictures, on types that are none, and on names that repeat.
    """
    paths = {row.kind: Path(store) / row.path for row in files.itertuples()}
    name = paths["tables"].name
    lines = {PurePosixPath(m).name: text for m, text in _texts(paths["tables"])}
    if ATTRIBUTES not in lines:
        raise table_error(name, f"a file {ATTRIBUTES}", ", ".join(lines) or "none")
    types = _types(name, _rows(lines[ATTRIBUTES]))
    table = types.merge(_places(name, _rows(lines.get(PLACES, ""))), on="object_id", how="left")
    pictures = set(_members(paths["packed"], ".png"))
    seen = table["object_id"].isin(pictures) & ~table["object_id"].isin(settings["exclude"])
    if not seen.any():
        raise table_error(paths["packed"].name, "a PNG named after each galaxy", "none")
    say(f"{len(table):,} galaxies with a type, {int(seen.sum()):,} of them with a picture")
    objects = table[seen].sort_values("object_id", ignore_index=True)
    return finish(objects.assign(shard=SHARD), ("hubble_t",))


def read_images(path: Path, names: Iterable[str], bands: list[str]) -> Iterator:
    """Yield the pictures of some galaxies, each `(3, y, x)` float32 in 0..255, in their order.

    Raises FewskyError where the archive lacks one, or where one is no square colour picture.
    """
    names = list(names)
    wanted, held = set(names), {}
    with _opened(path) as archive:
        for member in archive:
            stem = PurePosixPath(member.name).stem
            if member.isfile() and member.name.endswith(".png") and stem in wanted:
                held[stem] = _content(archive, member, path)
    for name in names:
        if name not in held:
            raise FewskyError(f"{Path(path).name}: wanted {name}.png; found none. {GONE}")
        yield read_picture(io.BytesIO(held[name]), f"{Path(path).name}, {name}.png", bands)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Yield an open archive; what tarfile raises on it becomes one line."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            yield archive
            while archive.fileobj.read(CHUNK):  # to the check sum, which stands at the end
                pass
    except FileNotFoundError:
        raise FewskyError(f"{path}: wanted an archive; found none. Download it again.") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        found = " ".join(str(error).split())
        raise FewskyError(
            f"{Path(path).name}: wanted a whole .tgz; found {found}. {GONE}"
        ) from None


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bytes:
    if member.size > LARGEST_MEMBER:
        raise FewskyError(
            f"{Path(path).name}: wanted files of at most {LARGEST_MEMBER:,} bytes; found "
            f"{member.name} of {member.size:,}. {GONE}"
        )
    return archive.extractfile(member).read()


def _members(path: Path, suffix: str) -> list[str]:
    with _opened(path) as archive:
        names = [PurePosixPath(m.name) for m in archive if m.isfile()]
    return [name.stem for name in names if name.suffix == suffix]


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    with _opened(path) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".txt"):
                yield member.name, _content(archive, member, path).decode("utf-8", "replace")


def _rows(text: str) -> list[list[str]]:
    """Words of the lines that are about a galaxy; lines of the header are not."""
    words = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return [row for row in words if row and row[0].startswith("PGC")]


def _types(name: str, rows: list[list[str]]) -> pd.DataFrame:
    found, seen = [], set()
    for row in rows:
        value = pd.to_numeric(row[1] if len(row) > 1 else "", errors="coerce")
        if value not in TYPES:
            text = " ".join(row[:2])
            raise table_error(name, f"whole types {TYPES[0]} to {TYPES[-1]}", f"'{text}'")
        if row[0] in seen:
            raise table_error(name, "each galaxy once", f"{row[0]} twice")
        seen.add(row[0])
        found.append({"object_id": row[0], "label": label_of(int(value)), "hubble_t": float(value)})
    if not found:
        raise table_error(name, f"rows of galaxies in {ATTRIBUTES}", "none")
    return pd.DataFrame(found)


def _places(name: str, rows: list[list[str]]) -> pd.DataFrame:
    table = pd.DataFrame([row[:3] for row in rows], columns=["object_id", "ra", "dec"])
    for axis, (low, high) in {"ra": (0, 360), "dec": (-90, 90)}.items():
        table[axis] = pd.to_numeric(table[axis], errors="coerce")
        off = ~table[axis].between(low, high)
        if off.any():
            first = table["object_id"][off].iloc[0]
            raise table_error(name, f"{axis} in degrees in {PLACES}", f"another for {first}")
    return table.drop_duplicates("object_id")
