"""Take over a bundle: check all of it first, then put its results where their run had them."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fewsky.bundle.archive import Reader, check_name, checked, opened, read_manifest, refused
from fewsky.bundle.contents import Item
from fewsky.bundle.make import ABOUT, CRATE, DEPOSIT, FORMAT, RECORDS
from fewsky.bundle.records import VERSION, write_records
from fewsky.console import FewskyError
from fewsky.files import sha256

# Results get a time before every source file. Where a source is newer, which then all are,
# Snakemake compares its bytes with those of the record, and so sees a change and only a change.
MADE = 946684800  # 2000-01-01, seconds since 1970


def unbundle(bundle: Path, folder: Path) -> dict[str, Any]:
    """Check a bundle and take its results over into a clone; what it says of itself comes back.

    Sources of the bundle are checked but not taken; `differing` names those that the clone has
    otherwise. Nothing appears in the clone unless every file of the bundle is as listed.
    """
    with (
        opened(bundle) as reader,
        tempfile.TemporaryDirectory(dir=folder, prefix=".bundle-") as new,
    ):
        items = read_manifest(reader)
        about, records = _told(reader, items)
        check_free(folder, about["results"], items)
        results = {name for name in items if name.startswith(f"{about['results']}/")}
        for name, item in items.items():
            _read(reader, item, Path(new) / name if name in results else None)
        write_records(records, folder)
        _move(Path(new) / about["results"], folder / about["results"])
    return {**about, "differing": differing(folder, items, results), "files": len(results)}


def _told(reader: Reader, items: Mapping[str, Item]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a bundle says of itself, and its records; FewskyError for another version's."""
    for name in (ABOUT, RECORDS):
        if name not in items:
            raise refused(name, "it among the files", "none")
        checked(reader, items[name])
    about, records = (
        json.loads(reader.stream(name).read(items[name].bytes)) for name in (ABOUT, RECORDS)
    )
    check_about(about)
    for name, record in records.items():
        below = name.startswith(f"{about['results']}/")
        if not below or record.get("record_format_version") != VERSION:
            raise refused(RECORDS, f"Snakemake's records of {about['results']}", repr(name))
    return about, records


def check_about(about: Mapping[str, Any]) -> None:
    """Raise FewskyError for another version's bundle, or one whose results have no place here."""
    if about.get("format") != FORMAT:
        raise FewskyError(
            f"{ABOUT}: wanted format {FORMAT}; found {about.get('format')}. Use the version of "
            "fewsky that made the bundle."
        )
    results = str(about.get("results"))
    check_name(results)
    if results.startswith("."):
        raise refused(ABOUT, "a folder of results", repr(results))


def check_free(folder: Path, results: str, items: Mapping[str, Item]) -> None:
    """Raise FewskyError where results lie already, or the disk is too small."""
    if (folder / results).exists() and any((folder / results).iterdir()):
        raise FewskyError(
            f"{results}: wanted no results there; found some. Move them away, or unbundle in "
            "another clone."
        )
    needed, free = sum(item.bytes for item in items.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise FewskyError(
            f"{folder}: wanted {needed / 1e9:.1f} GB for the bundle; found {free / 1e9:.1f} GB "
            "free. Make room and run again."
        )


def _read(reader: Reader, item: Item, path: Path | None) -> None:
    """Check a file, and write it where a path is given."""
    if path is None:
        checked(reader, item)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as target:
        checked(reader, item, target)
    os.utime(path, (MADE, MADE))


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rmdir()  # empty, as was checked
    os.replace(source, target)


def differing(folder: Path, items: Mapping[str, Item], results: set[str]) -> list[str]:
    """Source files of a bundle that a clone has otherwise, or has not; sorted."""
    own = {ABOUT, CRATE, DEPOSIT, RECORDS}
    return sorted(
        name
        for name in items.keys() - results - own
        if not (folder / name).is_file() or sha256(folder / name) != items[name].sha256
    )
