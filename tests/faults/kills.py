"""Kill a run again and again at moments drawn by a seed, resume it, and hold it to a quiet one.

A kill hits a job, the trainer or Snakemake itself, with SIGKILL, SIGTERM or SIGINT. What is
written down of each: its victim, the epochs that were trained and had to be trained again, and the
jobs that had ended and had to run again.
"""

import base64
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import psutil

from fewsky.commands.resume import jobs_of, run_of
from fewsky.console import say
from fewsky.files import sha256
from tests.conftest import TINY, copy_repository, environment

VICTIMS = ("job", "trainer", "snakemake")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
CONFIGS = [*TINY, "tests/faults/longer.yaml"]
# Share of kills of trainers, and of Snakemake, that wait until a trainer is within its epochs.
INSIDE = {"job": 0, "trainer": 0.75, "snakemake": 0.5}
PATIENCE_S = 10  # how long a kill waits for a victim of its kind
LEG_S = 1800  # longest time that a run may take without an end
POLL_S = 0.2
# What is left out of the comparison, and why.
LEFT_OUT = {
    "benchmarks/": "seconds and memory of every job",
    "logs/": "progress, in seconds and images a second",
    "models/.resume/": "unfinished work",
}
# Results that hold times, or are made of such; nothing else may differ between two runs.
TIMED = {
    "models/*/export/latency.csv": "measured seconds an image",
    "tables/tab_det_latency.*": "measured seconds an image",
    "tables/tab_g10_latency.*": "measured seconds an image",
    "tables/tab_pn_cost.*": "seconds of trainings, from benchmarks",
    "tables/tab_resources.*": "seconds and memory of all jobs",
    "tables/pages.provenance.json": "checksums of tables that hold times",
}
EPOCH = re.compile(r"^(.+?) epoch (\d+): ")
BEGUN = re.compile(r"^Job (\d+): (.+)$")
ENDED = re.compile(r"^Finished jobid: (\d+) ")
GOES_ON = re.compile(r"^(.+): goes on after epoch (\d+)$")


@dataclass
class Kill:
    """One kill: whom, how, and after how many ended jobs and seconds more."""

    number: int
    victim: str
    signal: str
    jobs: int
    delay_s: float
    inside: bool  # only once a trainer has trained for an epoch
    script: str = ""
    pid: int = 0


def plan(kills: int, seed: int, jobs: int) -> list[Kill]:
    """Kills spread over a run of some jobs: every victim and signal in turn, shuffled."""
    rng = np.random.default_rng(seed)
    pairs = [(victim, number.name) for victim in VICTIMS for number in SIGNALS]
    order = rng.permutation(np.arange(kills) % len(pairs))
    # Two thirds of the jobs, so that the last kill still finds something to hit.
    gaps = rng.multinomial(2 * jobs // 3, np.full(kills, 1 / kills))
    made = []
    for k, (which, gap) in enumerate(zip(order, gaps, strict=True)):
        victim, number = pairs[which]
        inside = bool(rng.random() < INSIDE[victim])
        made.append(Kill(k, victim, number, int(gap), round(rng.uniform(0, 1), 3), inside))
    return made


def manifest(results: Path) -> dict[str, str]:
    """SHA-256 of every result by its path, without LEFT_OUT."""
    files = (path for path in sorted(results.rglob("*")) if path.is_file())
    named = {str(path.relative_to(results)): path for path in files}
    return {
        name: sha256(path) for name, path in named.items() if not name.startswith(tuple(LEFT_OUT))
    }


def timed(name: str) -> str | None:
    """Why a result may differ between two runs; None where it may not."""
    return next((why for pattern, why in TIMED.items() if fnmatch(name, pattern)), None)


class Trainers:
    """What trainers say and write while runs come and go, read from their logs and from /proc.

    `lost` has, for each training that went on or began anew, the epochs trained twice; `shared`
    has the files that two living trainers held open for writing at once.
    """

    def __init__(self, folder: Path, results: Path) -> None:
        self.folder, self.results = folder, results
        self.told: dict[str, int] = {}  # last epoch by training
        self.read: dict[Path, int] = {}  # bytes read by log
        self.lost: list[tuple[str, int]] = []
        self.shared: set[str] = set()
        self.ending = threading.Event()

    def __enter__(self) -> "Trainers":
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ending.set()
        self.thread.join()
        self.look()

    def _watch(self) -> None:
        while not self.ending.wait(POLL_S):
            self.look()
            self._look_at_files()

    def look(self) -> None:
        for log in sorted((self.results / "logs/train").glob("*/*.log")):
            for line in self._new_lines(log):
                self._hear(line)

    def _new_lines(self, log: Path) -> Iterator[str]:
        """Whole lines added to a log since the last look; a log that shrank has begun anew."""
        try:
            with open(log, "rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                start = self.read.get(log, 0)
                stream.seek(start if start <= size else 0)
                text = stream.read()
        except FileNotFoundError:
            return
        whole = text[: text.rfind(b"\n") + 1]
        self.read[log] = (start if start <= size else 0) + len(whole)
        yield from whole.decode(errors="replace").splitlines()

    def _hear(self, line: str) -> None:
        if found := GOES_ON.match(line):
            name, epoch = found[1], int(found[2])
            self.lost.append((name, self.told.get(name, epoch) - epoch))
            self.told[name] = epoch
        elif found := EPOCH.match(line):
            name, epoch = found[1], int(found[2])
            if epoch <= self.told.get(name, 0):
                self.lost.append((name, self.told[name] - epoch + 1))
            self.told[name] = epoch

    def _look_at_files(self) -> None:
        holders: Counter[str] = Counter()
        for process in jobs_of(self.folder):
            try:
                files = {file.path for file in process.open_files() if file.mode != "r"}
            except psutil.Error:
                continue
            holders.update(path for path in files if str(self.results / "models") in path)
        self.shared |= {path for path, count in holders.items() if count > 1}


class Leg:
    """One run of Snakemake in a folder, begun as a person would, and what it has done so far."""

    def __init__(self, folder: Path, target: str | None) -> None:
        self.ended: list[str] = []
        self.begun: dict[str, str] = {}
        self.text: list[str] = []
        self.process = subprocess.Popen(
            resume_command(target),
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=hear_interrupts,
        )
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.text.append(line)
            if found := BEGUN.match(line):
                self.begun[found[1]] = found[2]
            elif found := ENDED.match(line):
                self.ended.append(self.begun.get(found[1], "all"))  # the one rule without words

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def wait(self) -> int:
        try:
            self.process.wait(LEG_S)
        finally:
            if self.alive:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.thread.join(10)
        return self.process.returncode


def hear_interrupts() -> None:
    """SIGINT ends a process again, where a shell in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def resume_command(target: str | None) -> list[str]:
    """`make resume` with this Python's environment, on the tiny paper."""
    arguments = " ".join(["--configfile", *CONFIGS, *(["--", target] if target else [])])
    venv = Path(sys.prefix)
    return [
        "make", "--no-print-directory", f"--assume-old={venv}/.done", "resume", f"VENV={venv}",
        "PROFILE=demo", "CORES=2", f"ARGS={arguments}",
    ]  # fmt: skip


def victims(folder: Path, kind: str, inside: bool = False) -> list[psutil.Process]:
    """Processes of a kind that are alive; of a job, its shell and its Python alike.

    Where a kill is to be `inside`, only trainers within their epochs, and Snakemake only beside
    such a trainer.
    """
    jobs = jobs_of(folder)
    trainers = [job for job in jobs if script_of(job).endswith(".train.py")]
    if inside:
        trainers = [trainer for trainer in trainers if is_training(trainer)]
    if kind == "trainer":
        return trainers
    if kind == "job":
        return [job for job in jobs if not script_of(job).endswith(".train.py")]
    run = run_of(folder)
    if run is None or (inside and not trainers):
        return []
    try:
        return [] if "--unlock" in run.cmdline() else [run]
    except psutil.Error:
        return []


def is_training(process: psutil.Process) -> bool:
    """Whether a trainer's log tells of an epoch."""
    try:
        logs = [file.path for file in process.open_files() if file.path.endswith(".log")]
        return any(" epoch " in Path(log).read_text(errors="replace") for log in logs)
    except (psutil.Error, OSError):
        return False


def script_of(process: psutil.Process) -> str:
    try:
        words = process.cmdline()
    except psutil.Error:
        return ""
    found = [part for word in words for part in word.split() if "/.snakemake/scripts/" in part]
    return Path(found[0]).name if found else ""


def strike(folder: Path, kill: Kill, rng: np.random.Generator, leg: Leg, patience: float) -> bool:
    """Wait for the moment of a kill, and do it; False where the run ended first.

    Where no victim of its kind comes within `patience` seconds of jobs at work, any other is hit.
    """
    first = len(leg.ended)
    while leg.alive and len(leg.ended) - first < kill.jobs:
        time.sleep(POLL_S)
    time.sleep(kill.delay_s)
    waited = 0.0
    while leg.alive:
        if waited > patience:
            kill.victim, kill.inside = str(rng.choice(VICTIMS)), False
        found = victims(folder, kill.victim, kill.inside)
        if found:
            victim = found[rng.integers(len(found))]
            kill.script, kill.pid = script_of(victim).partition(".")[2], victim.pid
            try:
                victim.send_signal(signal.Signals[kill.signal])
            except psutil.NoSuchProcess:
                continue
            return True
        if jobs_of(folder):
            waited += POLL_S / 10
        time.sleep(POLL_S / 10)
    return False


def disturbed(
    folder: Path,
    kills: list[Kill],
    seed: int,
    target: str | None = None,
    patience: float = PATIENCE_S,
) -> dict:
    """Run a copy of the repository to its end under kills; returns what they did and cost."""
    folder = copy_repository(folder).resolve()
    rng, todo, done = np.random.default_rng([seed, 1]), list(kills), []
    ended: Counter[str] = Counter()
    legs = 0
    with Trainers(folder, folder / "results/tiny") as trainers:
        for _ in range(2 * len(kills) + 2):
            leg = Leg(folder, target)
            legs += 1
            while todo and strike(folder, todo[0], rng, leg, patience):
                done.append(todo.pop(0))
                say(f"kill {len(done)} of {len(kills)}: {done[-1].signal} to {done[-1].victim}")
                if done[-1].victim == "snakemake":
                    break
            status = leg.wait()
            ended.update(set(leg.ended))
            if status == 0:
                break
            if not done:
                raise AssertionError("".join(leg.text)[-4000:])
    again = [{"job": job, "times": count - 1} for job, count in ended.items() if count > 1]
    return {
        "kills": [asdict(kill) for kill in done],
        "not_done": len(todo),
        "runs": legs,
        "epochs_lost": [{"training": name, "epochs": lost} for name, lost in trainers.lost],
        "jobs_done_again": again,
        "files_written_by_two": sorted(trainers.shared),
        "status": status,
    }


def quiet(folder: Path, target: str | None = None) -> Path:
    """Run a copy of the repository to its end without a kill."""
    leg = Leg(copy_repository(folder).resolve(), target)
    if leg.wait():
        raise AssertionError("".join(leg.text)[-4000:])
    return folder


def differing(found: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """Results that are not the same, or that only one of two runs has."""
    return sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))


def unrecorded(folder: Path, wanted: Path) -> list[str]:
    """Results of a run that Snakemake keeps no record of, though it does of a quiet run's."""
    kept = [
        {path.name for path in (one / ".snakemake/metadata").rglob("*")} for one in (folder, wanted)
    ]
    return sorted(base64.b64decode(name).decode() for name in kept[1] - kept[0])
