"""Make a bundle: choose and check its files, describe them, and write folder and archive."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from fewsky.bundle import contents
from fewsky.bundle.archive import MANIFEST, manifest_of, write_archive
from fewsky.bundle.contents import Item, as_json
from fewsky.bundle.crate import crate_of
from fewsky.bundle.deposit import citation, deposit
from fewsky.bundle.records import INCOMPLETE, jobs_of, read_records
from fewsky.files import save_text, sha256
from fewsky.sources import read_sources, source_of

FORMAT = 1  # of the bundle: what unbundle must understand
ABOUT = "bundle.json"
RECORDS = "snakemake.json"
CRATE = "ro-crate-metadata.json"
DEPOSIT = ".zenodo.json"


class Bundle(NamedTuple):
    """What was made: folder and archive, files and bytes, the archive's digest."""

    folder: Path
    archive: Path
    files: int
    bytes: int
    sha256: str
    simulated: bool


def bundle(
    folder: Path,
    results: str,
    surveys: Mapping[str, Mapping[str, Any]],
    allow_simulated: bool = False,
) -> Bundle:
    """Make the bundle of the results of a clone, beside them; FewskyError where it may not be.

    `surveys` are those of the configuration; the bundle names the sources of what was read. Equal
    results give equal bytes: every date in the bundle is that of a result.
    """
    records = read_records(folder, results)
    contents.check_whole(folder, results, read_records(folder, results, INCOMPLETE))
    contents.check_recorded_run(records, results)
    names = contents.chosen(folder, results, records)
    simulated = contents.simulated_in(folder, names)
    contents.check_measured(simulated, results, allow_simulated)
    items = contents.measured(folder, [*names, *contents.sources(folder)])
    about = _about(results, records, bool(simulated))
    own = _own_files(folder, items, records, used_of(folder, results, records, surveys), about)
    return _written(folder, results, items, own, about["simulated"])


def _about(results: str, records: Mapping[str, Any], simulated: bool) -> dict[str, Any]:
    """What a bundle says of itself; its date is that of the paper."""
    made = datetime.fromtimestamp(int(records[f"{results}/paper.pdf"]["endtime"]), UTC)
    return {
        "format": FORMAT,
        "made": made.isoformat(),
        "results": results,
        "simulated": simulated,
        "snakemake": metadata.version("snakemake"),
    }


def used_of(folder, results: str, records: Iterable[str], surveys) -> list[Mapping[str, str]]:
    """Rows of report/sources.csv of the surveys of which something was read, each once."""
    rows = read_sources(folder / "report" / "sources.csv")
    raw = {name.split("/")[-2] for name in records if name.startswith(f"{results}/raw/")}
    found = [source_of(rows, survey) for name, survey in surveys.items() if name in raw]
    return [row for row in rows if row in found]


def _own_files(folder, items, records, used, about) -> dict[str, bytes]:
    """The files that only a bundle has, by name."""
    cited = citation(folder)
    inside = {item.path for item in items}
    jobs = [job for job in jobs_of(records) if inside & set(job.outputs)]
    return {
        ABOUT: as_json(about),
        CRATE: as_json(crate_of(items, jobs, cited, used, about)),
        DEPOSIT: as_json(deposit(cited, used, about)),
        RECORDS: as_json(records),
    }


def _written(folder: Path, results: str, items: list[Item], own, simulated: bool) -> Bundle:
    """Write folder and archive under names of their own, then give both their names."""
    target = folder / Path(results).parent / f"fewsky-{Path(results).name}"
    archive = target.with_name(f"{target.name}.zip")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".bundle-") as made:
        new = Path(made) / target.name
        _gather(folder, new, items, results)
        for name, content in own.items():
            (new / name).write_bytes(content)
        every = [*items, *(Item(name, len(own[name]), sha256(new / name)) for name in own)]
        (new / MANIFEST).write_bytes(manifest_of(every))
        names = [MANIFEST, *(item.path for item in every)]
        write_archive(Path(made) / archive.name, new, names)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(new, target)
        os.replace(Path(made) / archive.name, archive)
    digest = sha256(archive)
    save_text(f"{digest}  {archive.name}\n", archive.with_name(f"{archive.name}.sha256"))
    size = sum(item.bytes for item in every)
    return Bundle(target, archive, len(every) + 1, size, digest, simulated)


def _gather(folder: Path, new: Path, items: Iterable[Item], results: str) -> None:
    """Put files into a new folder, results as hard links where the disk allows that: they only ever
    appear by rename, while sources are edited in place.
    """
    for name in (item.path for item in items):
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        if not (name.startswith(f"{results}/") and _linked(folder / name, new / name)):
            shutil.copyfile(folder / name, new / name)


def _linked(source: Path, target: Path) -> bool:
    """Make a hard link; False where the disk refuses."""
    try:
        os.link(source, target)
    except OSError:
        return False
    return True
