"""Where a result comes from: digests of code and settings, and the record beside each result."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from fewsky.files import load_json, save_json, sha256
from fewsky.modules import found, read

LIBRARY = Path(__file__).resolve().parent
SCRIPTS = LIBRARY.parent
# These decide how a result is stored, logged or described, never what it says; round-trip tests
# guard them instead of a digest, so that a new log line does not retrain a network.
LEFT_OUT = {
    "fewsky.files", "fewsky.provenance", "fewsky.modules", "fewsky.console", "fewsky.environments",
}  # fmt: skip
PACKAGES = (
    "astropy", "astropy-healpix", "galsim", "matplotlib", "numpy", "opentsne", "pandas",
    "photutils", "pyarrow", "reproject", "safetensors", "scikit-learn", "scipy", "sep", "snakemake",
    "timm", "torch", "torchvision", "typst",
)  # fmt: skip


def digest(value: Any) -> str:
    """Hexadecimal SHA-256 of a value's canonical JSON (sorted keys)."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def code_hash(script: str, *modules: str) -> str:
    """Digest of a script and of every module of ours that it imports, at any depth.

    The digest is taken of the syntax tree without docstrings, so comments, docstrings and layout
    do not count. Modules reached by name at run time (a survey's reader, a network) are named in
    `modules`, for example "fewsky.networks.ruhmer".
    """
    path = SCRIPTS.parent / script
    seen: dict[str, str] = {}
    imports, tree = read(path)
    todo = [*imports, *modules]
    while todo:
        name = todo.pop()
        if name in seen or name in LEFT_OUT or (source := found(SCRIPTS, name)) is None:
            continue
        imports, seen[name] = read(source)
        todo += imports
    return digest({"script": tree, "modules": seen})


def record(
    path: str | Path,
    *,
    outputs: Iterable[str | Path],
    settings: Any,
    code: str,
    inputs: Iterable[str | Path],
    simulated: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write the provenance record of a job's outputs.

    Checksums of inputs are copied from their own records where they have one. A result is
    simulated if it is said to be, or if any of its inputs is. Holds no date and no duration: those
    belong to the benchmark files, and equal runs must write equal bytes.
    """
    sources = {_short(item): _known(item) for item in inputs}
    save_json(
        {
            "outputs": {Path(item).name: sha256(item) for item in outputs},
            "settings": settings,
            "code": code,
            "inputs": {name: known["sha256"] for name, known in sorted(sources.items())},
            "simulated": simulated or any(known["simulated"] for known in sources.values()),
            "versions": _versions(),
            "machine": {"system": platform.system(), "architecture": platform.machine()},
            **(extra or {}),
        },
        path,
    )


def record_of(path: str | Path) -> Path | None:
    """The provenance record that covers a file, or None: beside it by its name, or its folder's."""
    path = Path(path)
    parts = path.name.split(".")
    names = [".".join(parts[:k]) + ".provenance.json" for k in range(len(parts) - 1, 0, -1)]
    candidates = (path.with_name(name) for name in [*names, "provenance.json"])
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def simulated(*paths: str | Path) -> bool:
    """True if any of the files comes from the demo sky, by its record."""
    return any(_known(path)["simulated"] for path in paths)


@cache
def _load(path: Path) -> dict:
    return load_json(path)


def _known(path: str | Path) -> dict[str, Any]:
    found = record_of(path)
    if found is None:
        return {"sha256": sha256(path), "simulated": False}
    content = _load(found)
    checksum = content["outputs"].get(Path(path).name)
    return {"sha256": checksum or sha256(path), "simulated": content["simulated"]}


def _short(path: str | Path) -> str:
    return os.path.relpath(path)


@cache
def _versions() -> dict[str, str]:
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
