"""What Slurm has to do with a run: the jobs left of a dead one, and why it ended a job."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from fewsky.console import FewskyError, last_line, say

ANSWER_S = 60
GONE_S = 120
POLL_S = 1.0
PROFILE = "profiles/slurm/config.yaml"
# Snakemake's plugin names a job by the run (a prefix and a UUID) and puts the rule in the comment.
RUN = re.compile(r"(?:.+_)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TROUBLE = re.compile(
    r"^Error in rule (?P<rule>\w+):\n    message: (?P<message>SLURM.*(?:\n(?! ).*)*)$"
    r"|^    message: Error in group (?P<group>\w+)$",
    re.M,
)
# Status or log of a job, what that means, what to do; the first that matches counts.
REASONS = (
    (
        r"TIMEOUT|DUE TO TIME LIMIT",
        "its walltime was over",
        "Give {name} more runtime in {profile} and run again; training goes on where it was.",
    ),
    (
        r"OUT_OF_MEMORY|memory limit|oom.kill",
        "it needed more memory than it had asked for",
        "Give {name} more mem_mb in {profile} and run again.",
    ),
    (r"NODE_FAIL|NODE FAILURE", "its node was lost", "Run again."),
    (r"CANCELLED", "it was cancelled by someone", "Run again, if that was not meant."),
)


# --- the jobs of a dead run ---------------------------------------------------------------------
def cancel_jobs_of(folder: str | Path) -> list[int]:
    """Cancel this user's Slurm jobs that a Snakemake run in `folder` left behind; their numbers.

    Returns when none of them is left, at once where there is no Slurm. Call it only when the run
    itself has ended: a live one would submit its jobs again.

    Raises FewskyError if Slurm does not answer though the folder has been run on it, or if a job
    is still there after two minutes.
    """
    folder = Path(folder).resolve()
    jobs = _jobs_of(folder)
    if not jobs:
        return []
    say(f"fewsky: cancelling the Slurm jobs {_listed(jobs)} of a run that has ended")
    refused = subprocess.run(["scancel", *map(str, jobs)], capture_output=True, text=True).stderr
    deadline = time.monotonic() + GONE_S
    while left := sorted({*jobs} & {*_jobs_of(folder)}):
        if time.monotonic() > deadline:
            raise FewskyError(
                f"{folder}: wanted its Slurm jobs to be gone; found {_listed(left)} after "
                f"{GONE_S} s. {refused} Cancel them by hand (scancel {_listed(left, ' ')}), "
                "wait until squeue has forgotten them, and call make resume again."
            )
        time.sleep(POLL_S)
    return jobs


def _jobs_of(folder: Path) -> list[int]:
    """Numbers of this user's queued and running jobs that a Snakemake run in `folder` submitted."""
    if shutil.which("squeue") is None:
        return []
    squeue = ["squeue", "--noheader", f"--user={os.getuid()}", "--format=%A|%j|%k|%Z"]
    try:
        answer = subprocess.run(squeue, capture_output=True, text=True, timeout=ANSWER_S)
        fault = answer.stderr if answer.returncode else ""
    except subprocess.TimeoutExpired:
        fault = f"no answer in {ANSWER_S} s"
    if fault:
        return _nothing_known(folder, fault)
    rows = (line.split("|", 3) for line in answer.stdout.splitlines() if line.count("|") >= 3)
    return sorted(
        int(number)
        for number, name, comment, place in rows
        if RUN.fullmatch(name) and comment.startswith("rule_") and Path(place).resolve() == folder
    )


def _nothing_known(folder: Path, fault: str) -> list[int]:
    """No jobs, where the folder was never run on Slurm; else some may be there unseen."""
    logs = (folder / ".snakemake" / "log").glob("*.log")
    if any("SLURM run ID:" in path.read_text(errors="replace") for path in logs):
        raise FewskyError(
            f"{folder}: wanted the list of its Slurm jobs; squeue said: {fault} "
            "Call make resume on a node where squeue answers."
        )
    return []


def _listed(numbers: list[int], between: str = ", ") -> str:
    return between.join(map(str, numbers))


# --- why a job was ended ------------------------------------------------------------------------
class Failed(NamedTuple):
    """A job that failed for good: its rule, what Snakemake said, its logs (Slurm's is last)."""

    name: str
    message: str
    logs: list[str]


def ended_by_slurm(text: str) -> list[str]:
    """One line for each job that Slurm refused or ended, from the text of Snakemake's own log.

    A job that was tried again has none for the earlier try, nor has one whose own log ends in a
    line of ours.
    """
    return [line for job in _failed(text) if (line := _explained(job))]


def _failed(text: str) -> Iterator[Failed]:
    found = list(TROUBLE.finditer(text))
    for match, after in zip_longest(found, found[1:]):
        said = text[match.end() : after.start() if after else len(text)]
        number = re.search(r"^    jobid: (\d+)$", said, re.M) if match["rule"] else None
        again = number[1] if number else "[0-9a-f-]{36}"
        if not re.search(rf"^Trying to restart job {again}\.", said, re.M):
            mine = re.search(r"^    log: (.+?)(?: \(.*)?$", said, re.M)
            members = re.findall(r"^ {12}log: (.+?)(?: \(.*)?$", said, re.M)
            logs = [*members, *(mine[1].split(", ") if mine else [])]
            yield Failed(match["rule"] or match["group"], match["message"] or "", logs)


def _explained(job: Failed) -> str | None:
    start = f"fewsky: {job.name}: wanted it to finish; found that"
    refusal = re.match(r"SLURM sbatch failed. The error message was '(.*?)\.?'", job.message, re.S)
    if refusal:
        said = " ".join(refusal[1].split())
        advice = f"Compare its partition, GPU, memory and runtime in {PROFILE} with sinfo."
        return f"{start} Slurm refused it ({said}). {advice}"
    if any(last_line(path) for path in job.logs):
        return None
    log = os.path.relpath(job.logs[-1]) if job.logs else ".snakemake/log"
    evidence = f"{job.message}\n{_read(log)}"
    for pattern, meaning, advice in REASONS:
        if re.search(pattern, evidence):
            advice = advice.format(name=job.name, profile=PROFILE)
            return f"{start} {meaning}. {advice} Slurm's log: {log}"
    return f"{start} it ended without a word. Slurm's log: {log}"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
