"""Make a folder ready to go on after a kill: end the orphaned jobs of its dead run, then unlock."""

import subprocess
import sys
from pathlib import Path

import psutil

from fewsky.commands.slurm import cancel_jobs_of
from fewsky.console import FewskyError, say

GRACE_S = 10


def jobs_of(folder: Path) -> list[psutil.Process]:
    """Processes of this user that run a script of a Snakemake run in `folder`."""
    marker = str(folder / ".snakemake" / "scripts") + "/"
    return [process for process in _mine() if any(marker in word for word in _words(process))]


def run_of(folder: Path) -> psutil.Process | None:
    """The Snakemake process that works in `folder`, or None."""
    for process in _mine():
        words = _words(process)
        # A job that Slurm runs on this machine is a Snakemake of its own, told apart by --mode.
        named = any(Path(word).name == "snakemake" for word in words[:3]) and "--mode" not in words
        if named and _folder(process) == folder and process.pid != psutil.Process().pid:
            return process
    return None


def locked_by(folder: Path) -> str:
    """What to say where a folder is locked: by a run that lives, or by one that was killed."""
    live = run_of(folder.resolve())
    wanted = f"{folder}: wanted the folder for one run alone; found"
    if live is not None:
        return f"{wanted} another at work in it, process {live.pid}. Wait for it, or end it."
    return (
        f"{wanted} the lock of one that was killed, or that runs on another machine. If none does, "
        "call make resume with the same PROFILE."
    )


def _mine():
    user = psutil.Process().username()
    for process in psutil.process_iter():
        try:
            if process.username() == user and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _folder(process: psutil.Process) -> Path | None:
    try:
        return Path(process.cwd())
    except psutil.Error:
        return None


def end(processes: list[psutil.Process]) -> None:
    """End processes, politely first; return when none is left."""
    for process in processes:
        say(f"fewsky: ending the orphaned job {process.pid}")
        process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=GRACE_S)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=GRACE_S)


def main(arguments: list[str]) -> int:
    """Prepare the working directory; `arguments` are Snakemake's for the run that follows."""
    folder = Path.cwd().resolve()
    live = run_of(folder)
    try:
        if live is not None:
            raise FewskyError(
                f"{folder}: wanted a run that has ended; found one alive, process {live.pid}. "
                f"Wait for it, or end it (kill {live.pid}) and call make resume again."
            )
        cancel_jobs_of(folder)
        end(jobs_of(folder))
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    snakemake = [sys.executable, "-m", "snakemake"]
    unlock = [*snakemake, "--unlock", *arguments]
    unlocked = subprocess.run(unlock, stdout=subprocess.DEVNULL).returncode
    return unlocked or subprocess.run([*snakemake, *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
