"""A full disk, a folder of others, two runs in one folder: one line, and nothing is damaged."""

import bz2
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from fewsky.console import FewskyError, last_line
from fewsky.files import check_writable, sha256
from fewsky.raw.download import fetch_all
from fewsky.sky.properties_files import fits_bytes
from tests.conftest import ROOT, TINY, copy_repository, environment, snakemake
from tests.faults.mirror_server import MirrorServer

NOBODY = 65534
SCAN = "results/tiny/raw/sky/sdss-8162-6.tsv"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a disk, or leaving root's "
                                "rights, needs root")  # fmt: skip
QUICK = {"rate_per_s": 1000.0, "timeout_s": 0.4, "tries": 2, "pause_s": 0.01}
HEAD = """
import os, resource, signal
import numpy as np, pandas as pd, pyarrow.parquet, safetensors.numpy
from pathlib import Path
import importlib.metadata
from fewsky.console import running
from fewsky.environments import check_own_modules
from fewsky.files import save_arrays, save_json, save_table, save_text
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
"""
LIMITED = "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))"
OF_NOBODY = f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})"
SAVES = {
    "a.txt": "save_text('x' * size, path)",
    "a.json": "save_json(['x'] * size, path)",
    "a.csv": "save_table(pd.DataFrame({'a': np.arange(size)}), path)",
    "a.parquet": "save_table(pd.DataFrame({'a': np.random.default_rng(0).random(size)}), path)",
    "a.safetensors": "save_arrays({'a': np.zeros(size)}, path)",
}
STATE = """
import torch
from fewsky.models.checkpoint import save_state
from fewsky.models.schedule import Progress
network = torch.nn.Linear(size, 10)
save_state(path, network, torch.optim.SGD(network.parameters(), 0.1), {}, {}, Progress())
"""


@contextmanager
def small_disk(place: Path, size: str = "1m"):
    """A disk of a few MB at `place`."""
    place.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no permission to mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def job(folder: Path, *steps: str, first: str = "") -> tuple[int, str]:
    """Run steps as a job's script does, with its log in the folder: status and last line."""
    lines = "\n".join(steps).strip().splitlines()
    text = f"{HEAD}\n{first}\nwith running('job.log'):\n" + "\n".join(f"    {x}" for x in lines)
    told = {**environment(), "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, env=told, capture_output=True,
                          text=True)  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, last_line(folder / "job.log") or done.stderr.strip()


@pytest.mark.parametrize("name", SAVES)
def test_a_file_that_may_not_grow_leaves_the_old_one(name, tmp_path):
    (tmp_path / name).write_bytes(b"old")
    code, line = job(tmp_path, f"path, size = {name!r}, 100_000", LIMITED, SAVES[name])
    assert code == 1 and line.startswith(f"fewsky: {name}: wanted to read or write it"), line
    assert (tmp_path / name).read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {name, "job.log"}


def test_the_state_of_a_training_outlives_a_full_disk(tmp_path):
    step = "path, size = 's.safetensors', "
    code, _ = job(tmp_path, f"{step}10", STATE)
    assert code == 0
    before = sha256(tmp_path / "s.safetensors")
    code, line = job(tmp_path, f"{step}100_000", LIMITED, STATE)
    assert code == 1 and "s.safetensors: wanted to read or write it; found: File too large" in line
    assert sha256(tmp_path / "s.safetensors") == before
    assert {path.name for path in tmp_path.iterdir()} == {"s.safetensors", "job.log"}


@needs_root
def test_a_download_onto_a_full_disk_goes_on_once_there_is_room(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    noise = np.random.default_rng(0).normal(size=(600, 600)).astype(np.float32)
    content = bz2.compress(fits_bytes(noise, {}))
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive/a.fits.bz2").write_bytes(content)
    with MirrorServer(tmp_path / "archive") as server, small_disk(tmp_path / "store") as store:
        row = {"kind": "", "field": "", "band": "", "url": f"{server.url}/a.fits.bz2"}
        with pytest.raises(OSError, match="No space left on device") as caught:
            fetch_all([row], store, **QUICK)
        assert caught.value.filename.endswith("a.fits.bz2.part")
        assert not [path for path in store.rglob("*.bz2") if path.is_file()]
        subprocess.run(["mount", "-o", "remount,size=4m", str(store)], check=True)
        table = fetch_all([row], store, **QUICK)
        assert (store / table["path"][0]).read_bytes() == content
        assert server.resumed > 500_000


@needs_root
def test_a_folder_of_another_user_is_one_line(tmp_path):
    tmp_path.chmod(0o777)
    (tmp_path / "a.json").write_text("old")
    (tmp_path / "theirs").mkdir(mode=0o755)
    saving = "save_json([1], 'theirs/a.json')"
    code, line = job(tmp_path, saving, first=OF_NOBODY)
    assert code == 1 and "theirs/a.json: wanted to read or write it; found: Permission" in line
    tmp_path.chmod(0o755)
    (tmp_path / "job.log").unlink()
    code, line = job(tmp_path, saving, first=OF_NOBODY)
    assert code == 1 and line == (
        "fewsky: job.log: wanted to read or write it; found: Permission denied. Mend that and run "
        "again."
    )


@needs_root
@pytest.mark.slow
def test_a_job_of_a_real_run_on_a_full_disk(tmp_path):
    folder = copy_repository(tmp_path / "repository")
    with small_disk(folder / "results"):
        run = snakemake(folder, "--cores", "1", SCAN)
        assert run.code != 0 and run.last_line.startswith("fewsky: results/tiny/sky/store/")
        assert "found: No space left on device. Mend that" in run.last_line
        assert "Traceback" not in run.text
        files = [path for path in (folder / "results/tiny").rglob("*") if path.is_file()]
        for path in files:  # what was written before is whole, and nothing stands for the rest
            assert path.suffix in (".log", ".bz2") and not path.name.startswith("."), path
            assert path.suffix != ".bz2" or bz2.decompress(path.read_bytes())


@needs_root
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    folder = tmp_path / "disk"
    with small_disk(folder, "60m"):
        copy_repository(folder)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        run = snakemake(folder, "--cores", "1", SCAN)
        assert run.code != 0 and "Traceback" not in run.text
        assert run.last_line.startswith(f"fewsky: {folder}: wanted a folder to write to")
        with pytest.raises(FewskyError, match="wanted a folder to write to"):
            check_writable(folder)


def test_a_second_run_in_a_folder_is_told_whom_to_wait_for(tmp_path):
    folder = copy_repository(tmp_path / "repository").resolve()
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/demo", "--configfile"]
    words = [*TINY, "--cores", "1", SCAN]
    first = subprocess.Popen([*command, *words], cwd=folder, env=environment(),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    while not list((folder / ".snakemake").glob("locks/*")):
        assert first.poll() is None
        time.sleep(0.02)
    os.kill(first.pid, 19)  # SIGSTOP: it lives and holds its lock for as long as this test needs
    try:
        second = snakemake(folder, "--cores", "1", SCAN)
    finally:
        os.kill(first.pid, 18)
    assert second.code != 0 and "Traceback" not in second.text
    assert second.last_line == (
        f"fewsky: {folder}: wanted the folder for one run alone; found another at work in it, "
        f"process {first.pid}. Wait for it, or end it."
    )
    assert first.wait(300) == 0 and (folder / SCAN).is_file()  # nothing of it was damaged
    (folder / ".snakemake/locks").mkdir(exist_ok=True)
    (folder / ".snakemake/locks/0.output.lock").write_text(f"{SCAN}\n")
    (folder / SCAN).unlink()
    third = snakemake(folder, "--cores", "1", SCAN)
    assert "the lock of one that was killed" in third.last_line
    assert third.last_line.endswith("call make resume with the same PROFILE.")
