"""A full disk, a folder that cannot be written, two runs in one folder: one line, nothing damaged."""

import bz2
import os
import resource
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fewsky.console import last_line
from fewsky.files import load_arrays, save_arrays, save_json, save_table, save_text
from fewsky.models.checkpoint import save_state
from fewsky.models.schedule import Progress
from fewsky.sky.properties_files import fits_bytes
from tests.conftest import ROOT, TINY, copy_repository, environment, snakemake
from tests.faults.mirror_server import MirrorServer

ROOT_USER = os.geteuid() == 0
NOBODY = 65534
SKY = "results/tiny/raw/sky/sdss-8162-6.tsv"
needs_root = pytest.mark.skipif(not ROOT_USER, reason="mounting a small disk needs root")


@contextmanager
def small_disk(place: Path, size: str = "2m"):
    """A disk of a few MB at `place`."""
    place.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no permission to mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def ended(code: str, *, limit: int | None = None, user: int | None = None, cwd=ROOT):
    """Run lines of Python as a job's script does, with its log in `job.log`; status and last line.

    `limit` is the most bytes that a file may grow to, `user` whose rights the process has.
    """

    def confine():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)

    indented = "\n".join(f"    {line}" for line in code.strip().splitlines())
    text = f"import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nfrom pathlib import Path\n{HEAD}"
    text += f"\nwith running({str(cwd / 'job.log')!r}):\n{indented}\n"
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=cwd, preexec_fn=confine, capture_output=True, text=True,
        env={**environment(), "PYTHONPATH": str(ROOT / "scripts"), "NO_PROXY": "127.0.0.1",
             "HOME": str(cwd)},
    )  # fmt: skip
    return done.returncode, last_line(cwd / "job.log") or done.stderr[-500:]
