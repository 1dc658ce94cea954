"""What is said of jobs that Slurm refused or ended; what the profile names. Needs no Slurm."""

import re
from types import SimpleNamespace

import pytest
import yaml

from fewsky.commands.slurm import cancel_jobs_of, ended_by_slurm
from fewsky.console import FewskyError
from tests.conftest import ROOT

ENDED = """\
[Sat Nov 21 03:07:54 2026]
Error in rule train:
    message: SLURM-job '{job}' failed, SLURM status is: '{status}'. Detailed failure reason
    jobid: 3
    output: results/main/models/a/draw-0/predictions.parquet
    log: {own}, {slurm} (check log file(s) for error details)
    external_jobid: {job}
Logfile {own}: empty file
"""
REFUSED = """\
Error in rule train:
    message: SLURM sbatch failed. The error message was 'sbatch: error: invalid partition: nowhere
sbatch: error: Batch job submission failed: Invalid partition name specified'.
    sbatch call:
        sbatch --parsable
    jobid: 3
    log: train.log (check log file(s) for error details)
"""
GROUP = """\
    message: Error in group shard
    log: {slurm} (check log file(s) for error details)
    jobs:
        rule cut_patches:
            jobid: 4
            log: {own} (check log file(s) for error details)
        rule align_fields:
            jobid: 1
            log: align.log (check log file(s) for error details)
Logfile {slurm}:
Error in rule cut_patches:
    message: None
    jobid: 0
"""


@pytest.fixture
def logs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = {"own": "own.log", "slurm": str(tmp_path / "7.log")}
    for path in paths.values():
        (tmp_path / path).touch()
    return paths


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        ("TIMEOUT", "", ["walltime was over", "more runtime"]),
        ("FAILED", "CANCELLED AT 03:07 DUE TO TIME LIMIT ***", ["walltime was over"]),
        ("OUT_OF_MEMORY", "", ["more memory", "more mem_mb"]),
        ("FAILED", "error: Exceeded job memory limit\nSTEP 7.0 CANCELLED AT", ["more memory"]),
        ("NODE_FAIL", "", ["node was lost", "Run again"]),
        ("CANCELLED", "", ["cancelled by someone"]),
        ("BOOT_FAIL", "", ["without a word"]),
    ],
)
def test_a_job_that_slurm_ended_gets_one_line(logs, tmp_path, status, said, words):
    (tmp_path / "7.log").write_text(said)
    (line,) = ended_by_slurm(ENDED.format(job=7, status=status, **logs))
    assert line.startswith("fewsky: train: wanted it to finish; found that ")
    assert line.endswith("7.log") and all(word in line for word in words)


def test_a_job_that_was_tried_again_is_not_named(logs):
    text = ENDED.format(job=7, status="NODE_FAIL", **logs) + "Trying to restart job 3.\n"
    assert ended_by_slurm(text) == []
    assert len(ended_by_slurm(text + ENDED.format(job=8, status="NODE_FAIL", **logs))) == 1


def test_a_job_with_a_line_of_its_own_is_not_named_twice(logs, tmp_path):
    (tmp_path / "own.log").write_text("fewsky: a.fits: wanted five bands; found four. Fetch it.\n")
    assert ended_by_slurm(ENDED.format(job=7, status="FAILED", **logs)) == []
    assert ended_by_slurm(GROUP.format(**logs)) == []


def test_a_refused_job_is_told_in_slurms_words():
    (line,) = ended_by_slurm(REFUSED)
    assert "invalid partition: nowhere sbatch: error: Batch job" in line and "sinfo" in line


def test_a_group_is_told_by_its_slurm_log(logs, tmp_path):
    (tmp_path / "7.log").write_text("slurmstepd: error: *** JOB 7 CANCELLED DUE TO TIME LIMIT ***")
    (line,) = ended_by_slurm(GROUP.format(**logs))
    assert line.startswith("fewsky: shard: ") and "walltime was over" in line


def test_a_run_without_trouble_has_no_lines():
    assert ended_by_slurm("Complete log(s): x\n") == []


# --- resume without Slurm -----------------------------------------------------------------------
def stand_in(folder, monkeypatch, script):
    """A squeue of our own, first on the path."""
    (folder / "squeue").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_without_slurm_nothing_is_cancelled(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cancel_jobs_of(tmp_path) == []


def test_jobs_of_others_are_left_alone(tmp_path, monkeypatch):
    run = "68d61c68-8611-4ad6-90ba-c3ea51d23b88"
    rows = [
        f"1|{run}|rule_train|/elsewhere",
        f"2|my-analysis|rule_train|{tmp_path}",
        f"3|{run}|by hand|{tmp_path}",
    ]
    stand_in(tmp_path, monkeypatch, f"printf '%s\\n' '{rows[0]}' '{rows[1]}' '{rows[2]}'")
    assert cancel_jobs_of(tmp_path) == []


def test_a_silent_slurm_matters_only_where_it_was_used(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "echo 'Unable to contact slurm controller' >&2; exit 1")
    assert cancel_jobs_of(tmp_path) == []
    (tmp_path / ".snakemake" / "log").mkdir(parents=True)
    (tmp_path / ".snakemake" / "log" / "a.snakemake.log").write_text("SLURM run ID: 68d6\n")
    with pytest.raises(FewskyError, match="Unable to contact slurm controller"):
        cancel_jobs_of(tmp_path)


# --- the profile --------------------------------------------------------------------------------
# Keys whose line says it all, or whose reasons stand inside.
PLAIN = ("set-resources:", "executor:", "configfile:", "show-failed-logs:", "group-components:")
PROFILES = ("slurm", "slurm-preemptible")


def text_of(name: str) -> str:
    return (ROOT / "profiles" / name / "config.yaml").read_text()


@pytest.fixture(scope="module", params=PROFILES)
def profile(request) -> dict:
    return yaml.safe_load(text_of(request.param))


def rules() -> dict[str, str]:
    """The text of every rule, by its name."""
    text = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    bodies = re.split(r"^rule (\w+):$", text, flags=re.M)[1:]
    return dict(zip(bodies[::2], bodies[1::2], strict=True))


def test_every_gpu_rule_has_a_partition_in_the_profile(profile):
    trained = {name for name, body in rules().items() if "**GPU" in body}
    named = {name for name, asked in profile["set-resources"].items() if "slurm_partition" in asked}
    assert trained and trained <= named
    assert profile["executor"] == "slurm"


def test_no_small_job_goes_to_the_queue_by_itself(profile):
    grouped = {item.split("=")[0] for item in profile["groups"]}
    small = {name: body for name, body in rules().items() if "**SMALL" in body}
    alone = {name for name, body in small.items() if "    localrule: True\n" not in body} - grouped
    assert small and not alone, "localrule: True, or a group in profiles/slurm"


def resource_classes(**names) -> dict:
    """The names of rules/common.smk that say what a class of jobs asks for."""
    common = (ROOT / "rules" / "common.smk").read_text()
    exec(re.search(r"(?s)# --- resources, .*?(?=\n# ---)", common)[0], names)
    return names


def test_a_shared_training_asks_for_a_gpu_a_process():
    recipes = {"alone": {"processes": 1, "threads": 3}, "shared": {"processes": 2, "threads": 3}}
    training = {name: {"recipe": recipe} for name, recipe in recipes.items()}
    named = resource_classes(TRAINING=training)
    train, usual = named["GPUS"], named["GPU"]
    for name, factor in (("alone", 1), ("shared", 2)):
        job = SimpleNamespace(experiment=name)
        assert train["gpu"](job) == factor * usual["gpu"]
        assert train["mem_mb"](job, 2) == factor * usual["mem_mb"](job, 2)
        assert named["threads_of"](job) == 3 * factor
        assert train["nodes"] == 1 and train["runtime"] == usual["runtime"]
    body = rules()["train"]
    assert "        **GPUS,\n" in body and "    threads: threads_of\n" in body


def test_memory_grows_where_a_job_is_tried_again(profile):
    classes = resource_classes()
    for name in ("SMALL", "LARGE", "GPU"):
        first, second = (classes[name]["mem_mb"](None, attempt) for attempt in (1, 2))
        assert 0 < first < second, name
    assert profile["retries"] == 1


def test_only_the_preemptible_profile_leaves_restarts_to_slurm():
    usual, preemptible = (yaml.safe_load(text_of(name)) for name in PROFILES)
    assert usual.pop("slurm-no-requeue") is True and preemptible.pop("slurm-requeue") is True
    assert preemptible == usual


@pytest.mark.parametrize("name", PROFILES)
def test_every_key_of_a_profile_has_its_reason(name):
    above = ""
    for line in text_of(name).splitlines():
        key = re.match(r"[a-z-]+:", line)
        told = "#" in line or above.startswith("#") or key[0] in PLAIN if key else True
        assert told, f"profiles/{name}: {line}"
        above = line


def test_the_profile_is_found_by_its_name():
    assert (ROOT / "slurm").resolve() == ROOT / "profiles" / "slurm"
