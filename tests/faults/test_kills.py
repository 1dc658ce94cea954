"""Killed at bad moments and resumed, a run ends with an undisturbed one's bytes: a short version
of `make faults`, and the parts of its harness."""

import math
import subprocess
import sys
import time

from fewsky.commands.resume import jobs_of
from tests.conftest import TINY, copy_repository, environment
from tests.faults import __main__ as faults
from tests.faults import kills
from tests.faults.kills import Kill

TARGET = "results/tiny/models/sg-small-base/draw-0/predictions.parquet"
# Victim, signal, ended jobs to wait for, whether a trainer must be within its epochs. Snakemake is
# killed beside a trainer last, since the orphan may end its training before the run is resumed.
SHORT = [
    ("job", "SIGKILL", 0, False),
    ("snakemake", "SIGTERM", 1, False),
    ("job", "SIGTERM", 0, False),
    ("snakemake", "SIGINT", 1, False),
    ("job", "SIGINT", 0, False),
    ("trainer", "SIGKILL", 0, True),
    ("trainer", "SIGTERM", 0, True),
    ("trainer", "SIGINT", 0, True),
    ("snakemake", "SIGKILL", 0, True),
]
TIMEOUT_S = 600


def test_a_killed_run_resumes_to_the_same_bytes(tmp_path):
    quiet = kills.quiet(tmp_path / "quiet", TARGET)
    planned = [
        Kill(number, victim, name, jobs, 0.2, inside)
        for number, (victim, name, jobs, inside) in enumerate(SHORT)
    ]
    found = kills.disturbed(tmp_path / "killed", planned, 1, TARGET, math.inf)
    wanted, ended = (kills.manifest(one / "results/tiny") for one in (quiet, tmp_path / "killed"))
    assert TARGET.removeprefix("results/tiny/") in wanted
    assert kills.differing(ended, wanted) == []
    assert found["status"] == found["not_done"] == 0
    assert [row["victim"] for row in found["kills"]] == [row[0] for row in SHORT]
    assert max(row["epochs"] for row in found["epochs_lost"]) <= 1
    assert found["jobs_done_again"] == [] and found["files_written_by_two"] == []
    assert kills.unrecorded(tmp_path / "killed", quiet) == []


def test_kills_are_drawn_by_the_seed_and_reach_every_victim_with_every_signal():
    made = kills.plan(50, 1, 260)
    assert made == kills.plan(50, 1, 260) != kills.plan(50, 2, 260)
    pairs = {(kill.victim, kill.signal) for kill in made}
    assert len(pairs) == len(kills.VICTIMS) * len(kills.SIGNALS)
    assert sum(kill.jobs for kill in made) == 2 * 260 // 3
    assert not any(kill.inside for kill in made if kill.victim == "job")


def test_whatever_a_kill_cost_beyond_an_epoch_fails_the_run():
    lists = ("jobs_done_again", "files_written_by_two", "files_differing", "without_a_record")
    well = {**{key: [] for key in lists}, "status": 0, "not_done": 0, "most_epochs_lost": 1}
    ill = {key: ["a"] if value == [] else value + 1 for key, value in well.items()}
    assert faults.sound(well)
    for key, value in ill.items():
        assert not faults.sound(well | {key: value}), key


def test_epochs_trained_twice_are_counted_from_the_log(tmp_path):
    log = tmp_path / "logs/train/small/draw-0.log"
    log.parent.mkdir(parents=True)
    told = [f"small draw 0 budget 20 epoch {epoch}: train 0.5\n" for epoch in range(1, 8)]
    with kills.Trainers(tmp_path, tmp_path) as trainers:
        log.write_text("".join(told[:5]))
        trainers.look()
        log.write_text("small draw 0 budget 20: goes on after epoch 4\n" + told[4])
        trainers.look()
        log.write_text(told[0] + told[1][:20])  # a line half written is read once it is whole
        trainers.look()
        log.write_text(told[0] + told[1])
    assert trainers.lost == [("small draw 0 budget 20", 1), ("small draw 0 budget 20", 5)]


def test_results_that_differ_are_told_from_those_that_hold_times(tmp_path):
    for name in ("tables/a.tsv", "logs/a.log", "benchmarks/a.tsv", "tables/tab_resources.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n")
    found = kills.manifest(tmp_path)
    assert sorted(found) == ["tables/a.tsv", "tables/tab_resources.tsv"]
    other = {**found, "tables/tab_resources.tsv": "else", "tables/b.tsv": "new"}
    assert kills.differing(found, other) == ["tables/b.tsv", "tables/tab_resources.tsv"]
    assert kills.timed("tables/tab_resources.tsv") and not kills.timed("tables/b.tsv")


def test_a_live_run_is_not_resumed(tmp_path):
    folder = copy_repository(tmp_path / "live").resolve()
    run = start(folder, "snakemake", "results/tiny/raw/sky/sdss-8162-6.tsv")
    try:
        end = time.monotonic() + TIMEOUT_S
        while not jobs_of(folder):
            assert time.monotonic() < end and run.poll() is None, run.communicate()[0][-3000:]
            time.sleep(0.05)
        second = start(folder, "fewsky.commands.resume", "")
        text = second.communicate(timeout=TIMEOUT_S)[0].decode()
        assert second.returncode == 1
        assert text.strip().splitlines()[-1].startswith(f"fewsky: {folder}: wanted a run that has")
        assert str(run.pid) in text
    finally:
        run.communicate(timeout=TIMEOUT_S)
    assert run.returncode == 0


def start(folder, module: str, target: str) -> subprocess.Popen:
    command = [sys.executable, "-m", module, "--profile", "profiles/demo", "--configfile"]
    command += [*TINY, "--cores", "2", "--", *([target] if target else [])]
    environment_ = {**environment(), "PYTHONPATH": str(folder / "scripts")}
    return subprocess.Popen(
        command, cwd=folder, env=environment_, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
