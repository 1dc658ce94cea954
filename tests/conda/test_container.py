"""The container: built and run where there is a runtime, and in step with the rest everywhere."""

import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

RUNTIME = shutil.which("podman") or shutil.which("docker")


def test_the_container_is_in_step():
    text = (ROOT / "Containerfile").read_text()
    python = re.search(r"^PYTHON \?= python(\S+)$", (ROOT / "Makefile").read_text(), re.M)[1]
    assert f"python:{python}-" in text
    copied = re.search(r"^COPY (Makefile .+) \./$", text, re.M)[1].split()
    assert all((ROOT / name).is_file() for name in copied)


def test_what_git_leaves_out_stays_outside():
    left_out = {line.strip("/") for line in (ROOT / ".dockerignore").read_text().split()}
    folders = re.findall(r"^/(\S+)/$", (ROOT / ".gitignore").read_text(), re.M)
    assert {*folders} <= left_out


@pytest.mark.slow
@pytest.mark.skipif(RUNTIME is None, reason="neither podman nor docker is here")
def test_the_container_makes_the_paper():
    subprocess.run(
        [RUNTIME, "build", "--file", "Containerfile", "--tag", "fewsky-test", "."],
        cwd=ROOT,
        check=True,
    )
    subprocess.run([RUNTIME, "run", "--rm", "fewsky-test"], check=True)
