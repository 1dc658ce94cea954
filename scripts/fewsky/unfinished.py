"""Finished work that nobody has taken note of yet: kept until the run that asked for it ends well.

A job may be done while Snakemake dies before it can say so, and then Snakemake makes the job's
files again. What took days is kept beside its unfinished state, as links to the files, and handed
out once more.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

WHOLE = "whole"


def keep(side: str | Path, files: Iterable[Path]) -> None:
    """Keep published files in the folder of their unfinished work, whose other content goes.

    They are hard links, which take no room on the disk; copies where the file system has none.
    """
    side = Path(side)
    draft = side / f".{os.getpid()}.{WHOLE}"
    draft.mkdir(parents=True)
    for file in files:
        _link(file, draft / file.name)
    os.replace(draft, side / WHOLE)
    for path in side.iterdir():
        if path.name != WHOLE:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def hand_out(side: str | Path, files: Iterable[Path]) -> bool:
    """Put the files that `keep` has kept in their places again; False where none are kept."""
    whole = Path(side) / WHOLE
    if not whole.is_dir():
        return False
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{os.getpid()}.{file.name}")
        temporary.unlink(missing_ok=True)
        _link(whole / file.name, temporary)
        os.utime(temporary)  # younger than its inputs, as Snakemake wants it
        os.replace(temporary, file)
        temporary.unlink(missing_ok=True)  # renaming a link to its own file leaves it
    return True


def forget(resume: str | Path) -> None:
    """Remove all that is kept in a folder of unfinished work, once a run has ended well."""
    for whole in Path(resume).glob(f"*/{WHOLE}"):
        shutil.rmtree(whole.parent, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
