"""The raw room: every file of a shard in the store, verified, and the list that says so.

A file `https://HOST/PATH` lies in the store at `HOST/PATH`, the layout that `wget -x` makes. It is
looked for in the store, then in the mirror, then at the archive.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.files import published, sha256
from fewsky.lock import held
from fewsky.raw.checksums import add_checksums, demand, load_checksums
from fewsky.raw.payload import Payload
from fewsky.raw.transfer import USER_AGENT, Manners, download, publish
from fewsky.surveys import reader

COLUMNS = ["kind", "field", "band", "url", "path", "bytes", "sha256"]
PATIENCE_S = 6 * 3600.0  # longest wait for another job that fetches the same file


@dataclass(frozen=True)
class Places:
    """Where files may lie, and what is known of them."""

    store: Path
    mirror: Path | None
    offline: bool
    manners: Manners
    listed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def fetch_all(
    entries: Iterable[Mapping[str, str]],
    store: str | Path,
    *,
    mirror: str | Path | None = None,
    offline: bool = False,
    checksums: str | Path | None = None,
    rate_per_s: float = 2.0,
    timeout_s: float = 60.0,
    tries: int = 6,
    pause_s: float = 1.0,
    user_agent: str = USER_AGENT,
) -> pd.DataFrame:
    """The list of a shard's files: kind, field, band, url, path in the store, bytes, sha256.

    `entries` have kind, field, band and url, and may have `published`, an ALGORITHM:HEX digest. A
    url without a scheme is a local file. Without a published digest, `checksums` (a CSV) is
    followed where it lists a file and grows where it does not. The frame's attrs["simulated"] is
    True if any file says so in its header. Raises FewskyError, one line, at the first failure.
    """
    manners = Manners(rate_per_s, timeout_s, tries, pause_s, user_agent=user_agent)
    listed = load_checksums(checksums) if checksums else {}
    places = Places(Path(store), _folder(mirror), offline, manners, listed)
    rows, fresh, simulated = [], [], False
    try:
        for entry in entries:
            path, found, source = fetch(entry["url"], places, entry.get("published"))
            simulated |= found.simulated
            rows.append({**entry, "path": path, "bytes": found.bytes, "sha256": found.sha256})
            known = path in listed or "published" in entry or source == "local"
            if not known and not found.simulated:
                fresh.append(_checksum_row(path, found, source))
    finally:
        if checksums:
            add_checksums(checksums, fresh)
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs["simulated"] = simulated
    return table


def _checksum_row(path: str, found: Payload, source: str) -> dict[str, Any]:
    return {"path": path, "sha256": found.sha256, "bytes": found.bytes, "source": source}


def fetch(url: str, places: Places, published: str | None = None) -> tuple[str, Payload, str]:
    """Path in the store, content, and source (store, mirror, archive or local) of one file."""
    if "://" not in url:
        return _keep_local(url, places.store)
    path = locate(url)
    target, listed = places.store / path, places.listed.get(path)
    if target.is_file():
        return path, demand(target, str(target), published, listed), "store"
    with held(target.with_name(f"{target.name}.lock"), PATIENCE_S):
        if target.is_file():  # another job was faster
            return path, demand(target, str(target), published, listed), "store"
        found, source = _bring(url, path, target, published, places)
    say(f"{target.name}: {found.bytes:,} bytes from the {source}")
    return path, found, source


def locate(url: str) -> str:
    """HOST/PATH of a URL: where a file lies in the store and in a mirror.

    Raises FewskyError for addresses without a file, with a password, or that would leave the store.
    """
    parts = urlsplit(url)
    names = [unquote(name) for name in parts.path.split("/")[1:]]
    if parts.query:
        names[-1:] = [f"{names[-1] if names else ''}?{parts.query.replace('/', '%2F')}"]
    unsafe = any(name in ("", ".", "..") or "/" in name or "\0" in name for name in names)
    if parts.scheme not in ("http", "https") or not names or unsafe or "@" in parts.netloc:
        raise FewskyError(
            f"{parts.scheme}://{parts.hostname or ''}{parts.path}: wanted https://HOST/PATH of a "
            "file, without a password; found something else. Correct the survey's urls."
        )
    return str(PurePosixPath(parts.netloc, *names))


def known_urls(surveys: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Addresses of all files of all surveys that are known beforehand, each once, in order."""
    found: dict[str, None] = {}
    for survey in surveys.values():
        module = reader(survey["reader"])
        for shard in module.shards(survey).values():
            found.update((row["url"], None) for row in module.files(shard) if "://" in row["url"])
    return list(found)


def _folder(mirror: str | Path | None) -> Path | None:
    if mirror is None:
        return None
    folder = Path(str(mirror).removeprefix("file://")).expanduser()
    if not folder.is_dir():
        raise FewskyError(
            f"mirror {mirror}: wanted a folder laid out as HOST/PATH; found none. "
            "Correct mirror in the config, or set it to null."
        )
    return folder


def _bring(
    url: str, path: str, target: Path, digest: str | None, places: Places
) -> tuple[Payload, str]:
    """Put a missing file into the store, verified; returns what it holds and where it was."""
    listed = places.listed.get(path)
    if places.mirror is not None and (places.mirror / path).is_file():
        return _link(places.mirror / path, target, digest, listed), "mirror"
    if places.offline:
        looked = f"the store nor in {places.mirror}" if places.mirror else "the store"
        raise FewskyError(
            f"{target.name}: wanted {url} without the network; found it neither in {looked}. "
            "Fill a mirror with make -s urls | wget -x -c -P DIR -i -"
        )
    part, paces = target.with_name(target.name + ".part"), places.store / ".pace"
    found = download(
        url, part, lambda got: demand(got, target.name, digest, listed), places.manners, paces
    )
    publish(part, target)
    return found, "archive"


def _link(source: Path, target: Path, digest: str | None, listed: Mapping | None) -> Payload:
    """Publish a mirror's file in the store: a hard link where the disk allows it, else a copy."""
    with published(target) as temporary:
        temporary.unlink(missing_ok=True)  # of a killed job; it may be a link to the mirror's file
        try:
            os.link(source.resolve(), temporary)
        except OSError:
            shutil.copyfile(source, temporary)
        return demand(temporary, str(source), digest, listed)


def _keep_local(path: str, store: Path) -> tuple[str, Payload, str]:
    """Copy a person's own file into the store under its digest, so that a list names its bytes."""
    source = Path(path).expanduser()
    if not source.is_file():
        raise FewskyError(f"{path}: wanted a catalogue file; found none. Correct its path.")
    digest = sha256(source)
    kept = PurePosixPath("local", digest[:16], source.name)
    if not (store / kept).is_file():
        with published(store / kept) as temporary:
            shutil.copyfile(source, temporary)
    return str(kept), Payload((store / kept).stat().st_size, digest, False), "local"
