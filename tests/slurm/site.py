"""What the cluster tests share: a Slurm, a site's profile, a run that may be hurt."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, NamedTuple

import psutil
import pytest
import yaml

from fewsky.commands.slurm import cancel_jobs_of
from tests.conftest import Run, environment

SCRIPT = Path(__file__).with_name("cluster.sh")
RESULTS = Path("results/tiny")


class Job(NamedTuple):
    """A Slurm job as squeue shows it; node, start and end are empty or N/A until there are some."""

    number: str
    state: str
    partition: str
    node: str
    start: str
    end: str
    rule: str


class Cluster:
    """The four nodes: n1 and n3 in partition cpu, n2 with the one GPU in partition gpu, n4 in spare
    and urgent, of which spare is preemptible."""

    def __init__(self, folder: Path):
        self.folder = folder

    def call(self, action: str, *words: str) -> None:
        done = subprocess.run(
            [SCRIPT, action, self.folder, *words], capture_output=True, text=True, timeout=120
        )
        if done.returncode:
            pytest.fail(done.stderr.strip(), pytrace=False)

    def jobs(self, folder: Path, state: str = "all") -> list[Job]:
        """The jobs that were submitted from a folder, those that have ended too."""
        answer = subprocess.run(
            ["squeue", "--noheader", f"--states={state}", "--format=%A|%T|%P|%N|%S|%e|%k|%Z"],
            capture_output=True, text=True, timeout=60, check=True,
        ).stdout  # fmt: skip
        rows = [line.split("|") for line in answer.splitlines()]
        return [Job(*row[:-1]) for row in rows if row[-1] == str(folder)]


def edit_profile(
    folder: Path, configs: list[str], train: dict, name: str = "slurm", **settings
) -> None:
    """Edit a profile of a copy as a site would: memory, walltimes; and name the small paper.

    `train` holds resources of the rule train, `settings` any other key of the profile.
    """
    path = folder / "profiles" / name / "config.yaml"
    profile = yaml.safe_load(path.read_text())
    small = {"mem_mb": 1500, "runtime": 5}
    asked = {rule: small | profile["set-resources"].get(rule, {}) for rule in rules_of(folder)}
    asked["train"] |= {"mem_mb": 3000} | train
    profile |= {
        "configfile": configs,
        "set-resources": asked,
        "group-components": ["opponents=2"],
        "latency-wait": 10,
        "slurm-init-seconds-before-status-checks": 3,
    }
    path.write_text(yaml.safe_dump(profile | settings))


def rules_of(folder: Path) -> list[str]:
    """The names of all rules."""
    lines = (line for file in (folder / "rules").glob("*.smk") for line in file.open())
    return [line.split()[1].rstrip(":") for line in lines if line.startswith("rule ")]


def assert_one_gpu_job_at_a_time(jobs: list[Job], made: Counter) -> None:
    """All trainings and features of a run were made on the GPU node, one after the other."""
    on_gpu = ("train", "extract_features")
    gpu_jobs = [
        job for job in jobs if job.rule.startswith(tuple(f"rule_{name}_" for name in on_gpu))
    ]
    assert len(gpu_jobs) == sum(made[name] for name in on_gpu) > 1
    assert {(job.partition, job.node) for job in gpu_jobs} == {("gpu", "n2")}
    assert {job.partition for job in jobs if job not in gpu_jobs} == {"cpu"}
    in_order = sorted(gpu_jobs, key=lambda job: job.start)
    assert all(first.end <= second.start for first, second in pairwise(in_order))


class SlurmRun:
    """The literal `snakemake --profile slurm` at work in a folder; hurt it, then `finish`."""

    started: ClassVar[list["SlurmRun"]] = []

    def __init__(self, folder: Path, *arguments: str, command=("snakemake", "--profile", "slurm")):
        self.folder = folder
        self.log = folder.with_name(f"{time.monotonic_ns()}.run.txt")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env=environment() | {"PATH": path},
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.started.append(self)

    def finish(self, seconds: float) -> Run:
        """Wait for the end; a run that takes longer is ended, with its jobs, and fails the test."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._give_up(f"wanted an end within {seconds} s")
        return Run(code, self.log.read_text())

    def kill(self) -> None:
        """End Snakemake and its children with SIGKILL; Slurm's jobs go on."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End a run that is still alive, with its jobs."""
        if self.process.poll() is None:
            self.kill()
            cancel_jobs_of(self.folder)

    def until(self, found: Callable, what: str, pause: float = 0.1):
        """The first true value of `found()`, asked again and again while the run is alive."""
        deadline = time.monotonic() + 240  # two cores, and other runs beside this one
        while time.monotonic() < deadline and self.process.poll() is None:
            if value := found():
                return value
            time.sleep(pause)
        return self._give_up(f"wanted {what}; saw none")

    def freeze_training(self) -> None:
        """Stop the trainer of this folder once it has stored an epoch: it cannot finish then."""
        process = self.until(lambda: _trainer(self.folder), "a training")
        state = self.folder / RESULTS / "models" / ".resume"
        self.until(lambda: any(state.glob("*/budget-*.safetensors")), "a stored epoch", 0.005)
        process.suspend()

    def _give_up(self, why: str):
        self.stop()
        pytest.fail(f"{why}:\n{self.log.read_text()[-4000:]}", pytrace=False)


def _trainer(folder: Path) -> psutil.Process | None:
    marker = f"{folder}/.snakemake/scripts/"
    for process in psutil.process_iter(["cmdline"]):
        word = (process.info["cmdline"] or [""])[-1]
        if word.startswith(marker) and word.endswith("train.py"):
            return process
    return None
