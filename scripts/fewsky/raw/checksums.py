"""The committed list of digests of archive files: first seen, then demanded."""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fewsky.console import FewskyError
from fewsky.files import save_text
from fewsky.lock import held
from fewsky.raw.payload import BadBytes, Payload, examine

COLUMNS = ("path", "sha256", "bytes", "source")
PATIENCE_S = 600.0  # longest wait for other jobs that write the list


def load_checksums(path: str | Path) -> dict[str, dict[str, str]]:
    """The rows of checksums.csv by path (HOST/PATH); none where there is no such file."""
    if not Path(path).exists():
        return {}
    with open(path, newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise FewskyError(
                f"{path}: wanted columns {', '.join(COLUMNS)}; found "
                f"{', '.join(rows.fieldnames or ['none'])}. Restore it with git checkout."
            )
        return {row["path"]: row for row in rows}


def add_checksums(path: str | Path, new: Iterable[Mapping[str, Any]]) -> None:
    """Add rows for paths that are not listed yet, sorted by path; listed ones stay."""
    new = list(new)
    if not new:
        return
    with held(Path(path).with_name(f".{Path(path).name}.lock"), PATIENCE_S):
        rows = {row["path"]: row for row in new} | load_checksums(path)
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))
        save_text(text.getvalue(), path)


def demand(
    path: Path, name: str, published: str | None, listed: Mapping[str, str] | None
) -> Payload:
    """Examine a file and hold it against the digest its archive publishes, or the listed one.

    `published` is ALGORITHM:HEX, as archives write it. Raises BadBytes.
    """
    found = examine(path, name)
    if published:
        algorithm, wanted = published.split(":", 1)
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, algorithm).hexdigest()
        if digest != wanted.lower():
            raise BadBytes(name, f"the published {published}", f"{algorithm}:{digest}")
    elif listed and found.sha256 != listed["sha256"]:
        raise BadBytes(
            name,
            f"sha256 {listed['sha256']} and {listed['bytes']} bytes by checksums.csv",
            f"sha256 {found.sha256} and {found.bytes} bytes",
            "Delete the file and run again, or, if the archive has published it anew, delete its "
            "row of checksums.csv.",
        )
    return found
