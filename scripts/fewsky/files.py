"""One way to save and load each format; everything saved appears by rename, whole or not at all."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fewsky.console import FewskyError

CHUNK = 1 << 20


@contextmanager
def published(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    The temporary name keeps the suffix, since many writers choose the format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.filename in (None, str(temporary)):  # a full disk, for one, names no file
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(folder: Path) -> None:
    """Raise FewskyError where nothing can be written into a folder."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FewskyError(
            f"{folder}: wanted a folder to write to; found one that is read-only, or of another "
            "user. Mend its rights, or work in a copy."
        )


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def save_text(text: str, path: str | Path) -> None:
    """Write UTF-8 text."""
    with published(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def save_json(value: Any, path: str | Path) -> None:
    """Write JSON with sorted keys; NaN and infinity are refused, write None for them."""
    save_text(json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n", path)


def load_json(path: str | Path) -> Any:
    """The value in a JSON file."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FewskyError(f"{path}: wanted JSON; found {error}. Delete it and run again.") from None


def save_table(table, path: str | Path) -> None:
    """Write a data frame without its index, as .csv, .tsv or .parquet by the suffix."""
    with published(path) as temporary:
        if temporary.suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False, sep=_separator(path), lineterminator="\n")


def load_table(path: str | Path, **options):
    """The data frame in a .csv, .tsv or .parquet file; options go to the pandas reader."""
    import pandas as pd

    try:
        if Path(path).suffix == ".parquet":
            return pd.read_parquet(path, **options)
        return pd.read_csv(path, sep=_separator(path), **options)
    except Exception as error:  # pyarrow raises many kinds, all about the file
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FewskyError(
            f"{path}: wanted a {Path(path).suffix} table; found {error}. Delete it and run again."
        ) from None


def _separator(path: str | Path) -> str:
    return "\t" if Path(path).suffix == ".tsv" else ","


def save_arrays(
    arrays: Mapping[str, Any], path: str | Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write named NumPy arrays as safetensors, keys sorted so that equal content is equal bytes."""
    import numpy as np
    from safetensors.numpy import save

    ordered = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    with published(path) as temporary:
        temporary.write_bytes(save(ordered, metadata=dict(metadata) if metadata else None))


def load_arrays(path: str | Path) -> dict[str, Any]:
    """The named NumPy arrays of a safetensors file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise FewskyError(
            f"{path}: wanted safetensors; found {error}. Delete it and run again."
        ) from None
