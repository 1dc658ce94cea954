"""Which files go into a bundle, and whether they may: complete, as recorded, and measured."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fewsky.bundle.records import Job, jobs_of
from fewsky.console import FewskyError
from fewsky.files import load_json, sha256
from fewsky.provenance import record_of

# Rooms that are given away whole; of all others, what these files are drawn or written from.
ROOMS = ("benchmarks", "cards", "figures", "metrics", "models", "predicted", "splits", "tables")
LAST = ("cards", "figures", "tables")
PAPER = ("paper.pdf", "paper.provenance.json", "report.html")

# The workflow: files at the root by pattern, and whole folders.
FILES = (".dockerignore", ".gitignore", "CITATION.cff", "Containerfile", "LICENSE", "Makefile",
         "README.md", "Snakefile", "checksums.csv", "pyproject.toml", "requirements.txt",
         "*.yaml")  # fmt: skip
TREES = (".ci", "benchmarks", "docs", "envs", "profiles", "report", "rules", "schemas", "scripts",
         "tests")  # fmt: skip


class Item(NamedTuple):
    """A file of a bundle: its path from the working folder, its size, its digest."""

    path: str
    bytes: int
    sha256: str


def chosen(folder: Path, results: str, records: Mapping[str, Any]) -> list[str]:
    """Paths of the results that go into a bundle, sorted.

    All of the rooms above that a job made; what figures, tables, cards and the paper read, so that
    they can be made again; the aligned fields that lists among these name; and all their records
    of provenance. Archive files, other fields and other cutouts stay behind.
    """
    made = {name for name in records if _room(name, results) in (*ROOMS, *PAPER)}
    made |= {f"{results}/{name}" for name in PAPER}
    made |= {name for job in drawn(jobs_of(records), results) for name in job.inputs}
    made |= {_short(path, folder) for path in (folder / results / "benchmarks").rglob("*.tsv")}
    there = {name for name in made if _below(name, results) and (folder / name).is_file()}
    there |= {name for listed in there for name in _fields_of(listed, folder, results)}
    beside = {_short(found, folder) for name in there if (found := record_of(folder / name))}
    return sorted(there | beside)


def drawn(jobs: Iterable[Job], results: str) -> list[Job]:
    """Jobs that make a figure, a table, a card or the paper: what a laptop makes again."""
    return [job for job in jobs if {_room(name, results) for name in job.outputs} & {*LAST, *PAPER}]


def _room(name: str, results: str) -> str:
    """The first folder of a path below the results, or the file's name where it lies in none."""
    return name.removeprefix(f"{results}/").split("/")[0] if _below(name, results) else ""


def _below(name: str, results: str) -> bool:
    return name.startswith(f"{results}/")


def _short(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _fields_of(listed: str, folder: Path, results: str) -> list[str]:
    """FITS files that a list of aligned fields names; none for any other file."""
    if _room(listed, results) != "aligned" or not listed.endswith(".tsv"):
        return []
    with open(folder / listed, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [(Path(listed).parent / row["path"]).as_posix() for row in rows]


def sources(folder: Path) -> list[str]:
    """Files of the workflow in a clone or an unpacked copy of one, sorted, without links."""
    top = [path for pattern in FILES for path in folder.glob(pattern)]
    below = [path for name in TREES for path in (folder / name).rglob("*")]
    kept = [path for path in (*top, *below) if _plain(path) and "__pycache__" not in path.parts]
    return sorted({_short(path, folder) for path in kept})


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def measured(folder: Path, names: Iterable[str]) -> list[Item]:
    """Size and digest of files; FewskyError for one that is not as its record says."""
    items = []
    known: dict[Path, Any] = {}
    for name in names:
        path = folder / name
        item = Item(name, path.stat().st_size, sha256(path))
        found = record_of(path)
        if found is not None:
            content = known.setdefault(found, load_json(found))
            check_recorded(item, content["outputs"].get(path.name), found.relative_to(folder))
        items.append(item)
    return items


def check_recorded(item: Item, recorded: str | None, where: Path) -> None:
    """Raise FewskyError for a file whose digest is not the recorded one."""
    if recorded is not None and recorded != item.sha256:
        raise FewskyError(
            f"{item.path}: wanted sha256 {recorded[:12]}… of {where}; found {item.sha256[:12]}…: "
            "it was changed by hand. Delete it and run snakemake again."
        )


def simulated_in(folder: Path, names: Iterable[str]) -> list[str]:
    """Those of some files that come from the demo sky, by their records."""
    records = {name for name in names if name.endswith("provenance.json")}
    return sorted(name for name in records if load_json(folder / name).get("simulated"))


def check_measured(found: list[str], results: str, allowed: bool) -> None:
    """Raise FewskyError where simulated files would be given away as measured ones."""
    if found and not allowed:
        raise FewskyError(
            f"{results}: wanted results of real data; found {len(found)} SIMULATED records, the "
            f"first {found[0]}. Bundle results/main, or say ALLOW_SIMULATED=yes: the bundle then "
            "says so."
        )


def check_whole(folder: Path, results: str, incomplete: Iterable[str]) -> None:
    """Raise FewskyError where the paper is missing or a job was killed."""
    missing = [f"{results}/{name}" for name in PAPER[:2] if not (folder / results / name).is_file()]
    if missing:
        raise FewskyError(
            f"{results}: wanted a run that has ended; found no {missing[0]}. Run snakemake first, "
            "or name another RESULTS."
        )
    killed = sorted(incomplete)
    if killed:
        raise FewskyError(
            f"{results}: wanted whole files; found {killed[0]} begun and not ended. Call "
            "make resume."
        )


def check_recorded_run(records: Mapping[str, Any], results: str) -> None:
    """Raise FewskyError where Snakemake's own records of the results are missing."""
    if f"{results}/paper.pdf" not in records:
        raise FewskyError(
            f"{results}: wanted Snakemake's record of paper.pdf in .snakemake/metadata; found "
            "none. Make the bundle in the folder in which the run was made."
        )


def as_json(value: Any) -> bytes:
    """Canonical bytes of a value: equal values, equal bytes."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
