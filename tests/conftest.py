"""What tests share: a clean copy of the repository, and one run of the tiny paper."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
TINY = ["config.yaml", "profiles/demo/overrides.yaml", "tests/tiny.yaml"]
OF_TINY = ("tests/faults/test_last_line.py", "tests/report/", "tests/reruns/")
JOB = re.compile(r"^(?:Job \d+|localrule \w+): (.+)$", re.M)


class WholeFiles(LoadFileScheduling):
    """Tests under OF_TINY count as one file."""

    def _split_scope(self, nodeid: str) -> str:
        return "tiny" if nodeid.startswith(OF_TINY) else super()._split_scope(nodeid)


def pytest_collection_modifyitems(items):
    """Skip what needs the real data where they are absent."""
    if not SHARED.is_dir():
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(pytest.mark.skip(reason="no ../shared"))


def pytest_xdist_make_scheduler(config, log):
    """Workers of `pytest -n` take whole files, and one of them all that shares the tiny paper."""
    return WholeFiles(config, log)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data."""
    return SHARED


def copy_repository(target: Path) -> Path:
    """A copy of the files that git knows or would take: no results, no environment."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\n")
    for name in filter(None, listed):
        source = ROOT / name
        if not source.exists() and not source.is_symlink():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / name, follow_symlinks=False)
    return target


@dataclass
class Run:
    """A finished call of Snakemake."""

    code: int
    text: str

    @property
    def last_line(self) -> str:
        return self.text.rstrip().rsplit("\n", 1)[-1]

    @property
    def jobs(self) -> list[str]:
        """The message of every job, sorted."""
        return sorted(JOB.findall(self.text))

    @property
    def rules(self) -> Counter:
        """Jobs by rule, from Snakemake's own table."""
        rows = re.findall(r"^(\w+) +(\d+)$", self.text, re.M)
        return Counter({name: int(count) for name, count in rows if name not in ("total", "all")})


def snakemake(folder: Path, *arguments: str, configs=TINY, timeout=1800) -> Run:
    """Run Snakemake in a folder with the demo profile's rules and the given configuration files."""
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/demo", "--configfile"]
    command += [*configs, *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    return Run(done.returncode, done.stdout)


def environment() -> dict[str, str]:
    """The environment of a run: no byte code, so that copies stay as git gives them."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A copy of the repository in which the tiny paper has been made once."""
    folder = copy_repository(tmp_path_factory.mktemp("tiny"))
    run = snakemake(folder, "--cores", "2")
    assert run.code == 0, run.text[-4000:]
    return folder
