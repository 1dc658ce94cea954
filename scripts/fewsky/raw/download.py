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

from fewsky.addresses import check_secrets
from fewsky.console import FewskyError, say
from fewsky.files import load_table, published, sha256
from fewsky.lock import held
from fewsky.raw.answers import USER_AGENT, Manners
from fewsky.raw.checksums import add_checksums, demand, load_checksums
from fewsky.raw.payload import Payload
from fewsky.raw.transfer import download, publish
from fewsky.surveys import reader

COLUMNS = ["kind", "field", "band", "url", "path", "bytes", "sha256"]
CHECKSUMS = "checksums.csv"  # beside the Snakefile, committed
PATIENCE_S = 6 * 3600.0  # longest wait for another job that fetches the same file


@dataclass(frozen=True)
class Places:
    """Where files may lie, and what is known of them."""

    store: Path
    mirror: Path | None
    offline: bool
    manners: Manners
    listed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def as_told(resources: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of `fetch_all` from a job's resources, which Snakemake keeps as text."""
    return {
        "store": resources["store"],
        "mirror": resources["mirror"] or None,
        "offline": resources["offline"] == "True",
        "checksums": CHECKSUMS,
        "rate_per_s": float(resources["rate_per_s"]),
        "timeout_s": float(resources["timeout_s"]),
        "tries": int(resources["tries"]),
    }


def fetch_all(
    entries: Iterable[Mapping[str, Any]],
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
    url without a scheme is a local file. An entry with `form` is asked for by that form, and its
    url is the name of the answer. Without a published digest, `checksums` (a CSV) is
    followed where it lists a file and grows where it does not. The frame's attrs["simulated"] is
    True if any file says so in its header. Raises FewskyError, one line, at the first failure.
    """
    manners = Manners(rate_per_s, timeout_s, tries, pause_s, user_agent=user_agent)
    listed = load_checksums(checksums) if checksums else {}
    places = Places(Path(store), _folder(mirror), offline, manners, listed)
    rows, fresh, simulated = [], [], False
    try:
        for entry in entries:
            path, found, source = fetch(
                entry["url"], places, entry.get("published"), entry.get("form")
            )
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


def with_published(
    entries: Iterable[Mapping[str, Any]], made: Iterable[pd.DataFrame]
) -> list[dict[str, Any]]:
    """The entries, with the digests of those files that the lists of a demo sky name."""
    known = {row.path: row.sha256 for table in made for row in table.itertuples()}
    digests = [known.get(locate(e["url"])) if "://" in e["url"] else None for e in entries]
    return [
        {**entry, "published": f"sha256:{digest}"} if digest else dict(entry)
        for entry, digest in zip(entries, digests, strict=True)
    ]


def fetch(
    url: str, places: Places, published: str | None = None, form: Mapping | None = None
) -> tuple[str, Payload, str]:
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
        found, source = _bring(url, path, target, published, places, form)
    say(f"{target.name}: {found.bytes:,} bytes from the {source}")
    return path, found, source


def locate(url: str) -> str:
    """HOST/PATH of a URL: where a file lies in the store and in a mirror.

    Raises FewskyError for addresses without a file, with a password, or that would leave the store.
    """
    check_secrets(url, "address")
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


def known_urls(
    surveys: Mapping[str, Mapping[str, Any]], results: str | Path | None = None
) -> list[str]:
    """Addresses of all files of all surveys that are known beforehand, each once, in order.

    Images that a catalogue names are known once `results` holds the survey's objects.csv.
    """
    found: dict[str, None] = {}
    for name, survey in surveys.items():
        rows = _known_files(survey, Path(results) / "raw" / name if results else None)
        found.update((row["url"], None) for row in rows if "://" in row["url"])
    return list(found)


def _known_files(survey: Mapping[str, Any], room: Path | None) -> list[dict[str, Any]]:
    module = reader(survey["reader"])
    shards = module.shards(survey).values()
    if module.KIND == "fields":
        return [row for shard in shards for row in module.files(shard)]
    rows = module.catalogue_files(module.catalogue(survey))
    if room is None or not (room / "objects.csv").is_file():
        return rows
    table = load_table(room / "objects.csv", dtype=str, keep_default_na=False)
    objects = table.to_dict("records")
    return rows + [row for shard in shards for row in module.files(shard, objects)]


def _folder(mirror: str | Path | None) -> Path | None:
    if mirror is None:
        return None
    check_secrets(str(mirror), "mirror")
    folder = Path(str(mirror).removeprefix("file://")).expanduser()
    if not folder.is_dir():
        raise FewskyError(
            f"mirror {mirror}: wanted a folder laid out as HOST/PATH; found none. "
            "Correct mirror in the config, or set it to null."
        )
    return folder


def _bring(
    url: str,
    path: str,
    target: Path,
    digest: str | None,
    places: Places,
    form: Mapping | None = None,
) -> tuple[Payload, str]:
    """Put a missing file into the store, verified; returns what it holds and where it was."""
    listed = places.listed.get(path)
    if places.mirror is not None and (places.mirror / path).is_file():
        return _link(places.mirror / path, target, digest, listed), "mirror"
    if places.offline:
        looked = f"the store nor in {places.mirror}" if places.mirror else "the store"
        way = "make fetch" if form else "make -s urls | wget -x -c -P DIR -i -"
        raise FewskyError(
            f"{target.name}: wanted {url} without the network; found it neither in {looked}. "
            f"Fill a mirror with {way}"
        )
    part, paces = target.with_name(target.name + ".part"), places.store / ".pace"
    found = download(
        url,
        part,
        lambda got: demand(got, target.name, digest, listed),
        places.manners,
        paces,
        form,
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
        raise FewskyError(f"{path}: wanted a file of your own; found none. Correct its path.")
    digest = sha256(source)
    kept = PurePosixPath("local", digest[:16], source.name)
    if not (store / kept).is_file():
        with published(store / kept) as temporary:
            shutil.copyfile(source, temporary)
    return str(kept), Payload((store / kept).stat().st_size, digest, False), "local"
