"""A small conda channel made by hand: a Python that is this one, its pip, and some data."""

import ensurepip
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

# A virtual environment of this Python in an environment's prefix: site-packages of its own.
PYTHON = f"""#!/bin/bash
exec -a "$(dirname "$(readlink -f "$0")")/python" {Path(sys._base_executable).resolve()} "$@"
"""
VENV = (
    f"home = {Path(sys._base_executable).resolve().parent}\ninclude-system-site-packages = false\n"
)
LIBRARY = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
VERSION = ".".join(map(str, sys.version_info[:3]))


def make_channel(root: Path) -> dict[str, str]:
    """Write the channel; returns its pin lines, `URL#sha256:DIGEST`, by name and version."""
    python = {"bin/python": (PYTHON.encode(), 0o755), "pyvenv.cfg": (VENV.encode(), 0o644)}
    packages = [
        _package(root, "linux-64", "python", VERSION, python, []),
        _package(root, "noarch", "pip", "26.1", _pip(), ["python"]),
        _package(root, "noarch", "toydata", "1.0", {"share/toy": (b"1.0\n", 0o644)}, []),
        _package(root, "noarch", "toydata", "1.1", {"share/toy": (b"1.1\n", 0o644)}, []),
    ]
    for platform in ("linux-64", "noarch"):
        index = {file: record for file, record in packages if record["subdir"] == platform}
        content = {"info": {"subdir": platform}, "packages": index, "packages.conda": {}}
        (root / platform / "repodata.json").write_text(json.dumps(content | {"removed": []}))
    return {
        f"{record['name']} {record['version']}": f"{root.as_uri()}/{record['subdir']}/{file}"
        f"#sha256:{record['sha256']}"
        for file, record in packages
    }


def _pip() -> dict[str, tuple[bytes, int]]:
    """The files of the pip that Python brings with it."""
    (wheel,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        return {f"{LIBRARY}/{name}": (archive.read(name), 0o644) for name in names}


def _package(root: Path, platform: str, name: str, version: str, files: dict, depends: list):
    """One package in conda's older format: its file name and its record in the index."""
    about = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": depends}
    about |= {"subdir": platform} | ({"noarch": "generic"} if platform == "noarch" else {})
    target = root / platform / f"{name}-{version}-0.tar.bz2"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:bz2", compresslevel=1) as archive:
        for path, (data, mode) in {**_description(about, files), **files}.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))
    content = target.read_bytes()
    digests = {kind: hashlib.new(kind, content).hexdigest() for kind in ("md5", "sha256")}
    return target.name, about | digests | {"size": len(content)}


def _description(about: dict, files: dict) -> dict[str, tuple[bytes, int]]:
    """The files by which a package tells what it is and holds."""
    paths = [
        {"_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(data).hexdigest(),
         "size_in_bytes": len(data)}
        for path, (data, _) in files.items()
    ]  # fmt: skip
    texts = {
        "info/index.json": json.dumps(about),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/files": "\n".join(files) + "\n",
        "info/about.json": "{}",
    }
    return {path: (text.encode(), 0o644) for path, text in texts.items()}


def make_wheel(folder: Path, name: str, version: str) -> str:
    """Write the wheel of a module that knows its version; returns the wheel's SHA-256."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(path, text)
    return hashlib.sha256(target.read_bytes()).hexdigest()
