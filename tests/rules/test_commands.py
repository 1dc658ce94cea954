"""Every command of the documents is run, as its dry run where it would work for long."""

import re
import shlex
import subprocess

import pytest

from tests.conftest import ROOT, copy_repository, environment

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# What is not run here, and why. Keys are how the commands start.
LEFT_OUT = {
    "make test": "this is it",
    "make resume": "it ends what a killed run left and goes on; tests/slurm kills one",
    "make predict": "needs a trained experiment: tests/reruns, tests/unit/test_predict.py",
    "make -s urls": "the list is made below; what wget does with it needs a network",
    "python3.11 -m venv": "makes an environment; the one that runs this was made so",
    ".venv/bin/pip": "needs a package registry",
    "git clone": "needs the address of a repository",
    "source ": "a line of the shell that needs the line above",
    "rsync": "needs a second machine",
    "PYTHONPATH=scripts .venv": "needs a run: tests/unit/test_annotate.py",
    "snakemake --profile slurm --report": "tests/report makes a report",
    "snakemake --profile profiles/slurm-preemptible": "tests/slurm runs it",
    ".venv/bin/snakemake --cores all --dry-run results/main/metrics/my-rings.csv": "tests/reruns",
}
DRY = "--dry-run"
COMMAND = re.compile(r"(make|snakemake|python3\.11|git|source|rsync) |\.venv/|PYTHONPATH=")


def blocks(text):
    """Blocks of a page that name no language."""
    language, lines = None, []
    for line in map(str.strip, text.splitlines()):
        if not line.startswith("```"):
            lines.append(line)
        elif language is None:
            language, lines = line[3:], []
        else:
            if language == "":
                yield "\n".join(lines)
            language = None


def commands():
    """Every line of the blocks of commands, without its comment, once."""
    lines = [
        re.sub(r"\s+#.*", "", line)
        for page in PAGES
        for block in blocks(page.read_text())
        for line in block.splitlines()
    ]
    return sorted({line for line in lines if COMMAND.match(line)})


def reason(command):
    starts = [start for start in LEFT_OUT if command.startswith(start)]
    return LEFT_OUT[max(starts, key=len)] if starts else None


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = copy_repository(tmp_path_factory.mktemp("commands") / "fewsky")
    if not (folder / ".venv").is_symlink():
        (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def test_no_reason_is_left_without_its_command():
    for start in LEFT_OUT:
        assert any(command.startswith(start) for command in commands()), start


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in commands() if reason(c) is None])
def test_a_command_of_the_documents_runs(repository, tmp_path, command):
    words = command.replace("DIR-OF-MERGERS", str(tmp_path)).replace("=DIR", f"={tmp_path}")
    if words.startswith("make"):
        words += f" ARGS={DRY}"
    elif DRY not in words:
        words += f" {DRY}"
    (tmp_path / "catalog.csv").write_text("object_id,file,label\n")
    done = subprocess.run(
        ["bash", "-c", words], cwd=repository, capture_output=True, text=True, timeout=900,
        env={**environment(), "PATH": f"{ROOT / '.venv/bin'}:{environment()['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, f"{shlex.quote(words)}\n{(done.stdout + done.stderr)[-2000:]}"


def test_the_addresses_are_listed(repository):
    done = subprocess.run(
        ["make", "-s", "urls"], cwd=repository, capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0 and done.stdout.startswith("http"), done.stderr[-2000:]
