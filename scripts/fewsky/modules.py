"""Source files of ours as digests of code see them: what they import, and their syntax tree."""

import ast
import hashlib
import json
import platform
from contextlib import suppress
from functools import cache
from pathlib import Path

from fewsky.files import save_json

PACKAGE = Path(__file__).resolve().parent.name
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# Parsing all modules takes longer than all else that Snakemake does before its first job, so that
# what a file's bytes say is kept in the working directory's own folder of Snakemake.
KEPT = Path(".snakemake") / "fewsky-modules.json"
_known: dict[str, list] = {}
_recalled: set[str] = set()


@cache
def found(scripts: Path, name: str) -> Path | None:
    """The file of a module below a folder of scripts, or None."""
    stem = scripts.joinpath(*name.split("."))
    candidates = (stem.with_name(stem.name + ".py"), stem / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@cache
def read(path: Path) -> tuple[tuple[str, ...], str]:
    """Modules of ours that a source file imports, and the digest of its docstring-free tree."""
    source = path.read_bytes()
    key = hashlib.sha256(source).hexdigest()
    if key not in _known:
        _known[key] = _parsed(source, str(path))
    imports, digest = _known[key]
    return tuple(imports), digest


def recall() -> None:
    """Take over what an earlier run read; what another version of us or of Python read is left."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        kept = json.loads(KEPT.read_text(encoding="utf-8"))
        if kept["by"] == _reader():
            _known.update(kept["read"])
            _recalled.update(kept["read"])


def remember() -> None:
    """Keep what was read, if any of it is new; a folder that cannot be written is left alone."""
    if _known.keys() - _recalled:
        with suppress(OSError):
            KEPT.parent.mkdir(exist_ok=True)
            save_json({"by": _reader(), "read": _known}, KEPT)


def _reader() -> str:
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return f"{own} {platform.python_version()}"


def _parsed(source: bytes, name: str) -> tuple[list[str], str]:
    tree = ast.parse(source, filename=name)
    nodes = list(ast.walk(tree))
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    for node in nodes:
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    ours = {name for name in names if name.split(".")[0] == PACKAGE}
    parents = {
        ".".join(name.split(".")[:k]) for name in ours for k in range(1, name.count(".") + 1)
    }
    return sorted(ours | parents), hashlib.sha256(ast.dump(tree).encode()).hexdigest()
