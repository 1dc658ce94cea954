"""Killed in alignment or in training, a run resumes and ends with an undisturbed one's bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from fewsky.files import sha256
from tests.conftest import TINY, copy_repository, environment

# Seconds and progress belong here, and nothing else may differ between two runs.
TIMED = ("benchmarks", "logs")
TIMEOUT_S = 600


def manifest(results: Path) -> dict[str, str]:
    """SHA-256 of every result, by its path."""
    files = (path for path in sorted(results.rglob("*")) if path.is_file())
    named = {str(path.relative_to(results)): path for path in files}
    return {name: sha256(path) for name, path in named.items() if name.split("/")[0] not in TIMED}


def start(folder: Path, module: str, target: str) -> subprocess.Popen:
    command = [sys.executable, "-m", module, "--profile", "profiles/demo", "--configfile"]
    command += [*TINY, "--cores", "2", "--", *([target] if target else [])]
    environment_ = {**environment(), "PYTHONPATH": str(folder / "scripts")}
    return subprocess.Popen(
        command, cwd=folder, env=environment_, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def wait_for(condition, process) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end and process.poll() is None, process.communicate()[0][-3000:]
        time.sleep(0.05)


def jobs_of(folder: Path, script: str) -> list[psutil.Process]:
    """Processes that run a rule's script for a run in `folder`."""
    marker = f"{folder}/.snakemake/scripts/"
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(marker in word and word.endswith(script) for word in process.info["cmdline"] or ())
    ]


def in_alignment(folder):
    return bool(jobs_of(folder, ".align_fields.py"))


def in_training(folder):
    return any((folder / "results/tiny/models/.resume").glob("*/*.safetensors"))


@pytest.mark.parametrize("moment", [in_alignment, in_training])
@pytest.mark.parametrize("victim", ["snakemake", "job"])
def test_a_killed_run_resumes_to_the_same_bytes(tiny, tmp_path, moment, victim):
    target = "results/tiny/models/sg-small-base/draw-0/predictions.parquet"
    folder = copy_repository(tmp_path / "killed").resolve()
    run = start(folder, "snakemake", target)
    wait_for(lambda: moment(folder), run)
    if victim == "snakemake":
        os.kill(run.pid, signal.SIGKILL)
    else:
        script = ".align_fields.py" if moment is in_alignment else ".train.py"
        for process in jobs_of(folder, script):
            process.kill()
    run.communicate(timeout=TIMEOUT_S)
    assert run.returncode != 0
    resumed = start(folder, "fewsky.commands.resume", target)
    text = resumed.communicate(timeout=TIMEOUT_S)[0].decode()
    assert resumed.returncode == 0, text[-3000:]
    found, wanted = manifest(folder / "results/tiny"), manifest(tiny / "results/tiny")
    assert target.removeprefix("results/tiny/") in found
    assert {name: wanted.get(name) for name in found} == found


def test_a_live_run_is_not_resumed(tmp_path):
    folder = copy_repository(tmp_path / "live").resolve()
    run = start(folder, "snakemake", "results/tiny/raw/sky/sdss-8162-6.tsv")
    try:
        wait_for(lambda: jobs_of(folder, ".simulate_scan.py"), run)
        second = start(folder, "fewsky.commands.resume", "")
        text = second.communicate(timeout=TIMEOUT_S)[0].decode()
        assert second.returncode == 1
        assert text.strip().splitlines()[-1].startswith(f"fewsky: {folder}: wanted a run that has")
        assert str(run.pid) in text
    finally:
        run.communicate(timeout=TIMEOUT_S)
    assert run.returncode == 0
