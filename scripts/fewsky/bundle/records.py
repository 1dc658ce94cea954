"""What Snakemake remembers of each file that it made, read and written as it does itself (9.27).

Without these records results that were copied are never made again, whatever changes: the settings
and the code they were made with are unknown. So they travel with the results.
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

METADATA = Path(".snakemake") / "metadata"
INCOMPLETE = Path(".snakemake") / "incomplete"
LONGEST = 254  # characters of a file's name; a longer one is cut, its parts are folders
VERSION = 6  # of Snakemake's own format

Record = dict[str, Any]


class Job(NamedTuple):
    """One job that ran: its rule, what it read and made, each output's record being alike."""

    rule: str
    log: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    checksums: Mapping[str, str]
    start: float
    end: float


def read_records(folder: Path, under: str, of: Path = METADATA) -> dict[str, Record]:
    """Records of a working folder by path, sorted, of the files below `under`."""
    found = {}
    for path in (folder / of).rglob("*"):
        name = _path_of(path.relative_to(folder / of)) if path.is_file() else None
        if name is not None and name.startswith(f"{under}/"):
            found[name] = json.loads(path.read_text(encoding="utf-8"))
    return dict(sorted(found.items()))


def write_records(records: Mapping[str, Record], folder: Path) -> None:
    """Write records where Snakemake looks for them in a working folder."""
    for name, record in records.items():
        path = folder / METADATA / _key_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record), encoding="utf-8")
    (folder / INCOMPLETE).mkdir(parents=True, exist_ok=True)


def _key_of(name: str) -> str:
    code = urlsafe_b64encode(name.encode()).decode()
    parts = [code[k : k + LONGEST] for k in range(0, len(code), LONGEST)]
    return os.path.join(*("@" + part for part in parts[:-1]), parts[-1])


def _path_of(key: Path) -> str | None:
    """The path that a record is about; None for a file that is no record."""
    try:
        return urlsafe_b64decode("".join(part.removeprefix("@") for part in key.parts)).decode()
    except ValueError:
        return None


def jobs_of(records: Mapping[str, Record]) -> list[Job]:
    """The jobs behind records, in the order of their first outputs; a rule's log names its job."""
    groups: dict[tuple, list[str]] = {}
    for name, record in records.items():
        groups.setdefault((record["rule"], *(record["log"] or [name])), []).append(name)
    return [_job(records, names) for names in groups.values()]


def _job(records: Mapping[str, Record], names: Iterable[str]) -> Job:
    outputs = tuple(names)
    first = records[outputs[0]]
    return Job(
        rule=first["rule"],
        log=tuple(first["log"] or ()),
        inputs=tuple(first["input"] or ()),
        outputs=outputs,
        checksums={
            name: value.removeprefix("sha256:")
            for name, value in (first["input_checksums"] or {}).items()
        },
        start=min(records[name]["starttime"] for name in outputs),
        end=max(records[name]["endtime"] for name in outputs),
    )
