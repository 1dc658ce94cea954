"""Every room's Python packages, installed by a real pip with their hashes; minutes, from PyPI."""

import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
import yaml

from tests.conftest import ROOT

ENVS = ROOT / "envs"
ROOMS = yaml.safe_load((ENVS / "rooms.yaml").read_text())
pytestmark = pytest.mark.slow


@pytest.fixture
def prefix(tmp_path):
    """A fresh environment with the setuptools that conda's lock gives every room."""
    try:
        urllib.request.urlopen("https://pypi.org/simple/pip/", timeout=20).close()
    except urllib.error.URLError as error:
        pytest.skip(f"PyPI is not reached: {error.reason}")
    records = yaml.safe_load((ENVS / "report.conda-lock.yml").read_text())["package"]
    (setuptools,) = (item["version"] for item in records if item["name"] == "setuptools")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "room"], check=True)
    python = tmp_path / "room" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", f"setuptools=={setuptools}"], check=True)
    return tmp_path / "room"


def deploy(room: str, prefix, **settings: str) -> None:
    done = subprocess.run(
        ["bash", ENVS / f"{room}.post-deploy.sh"],
        env=os.environ | {"CONDA_PREFIX": str(prefix)} | settings,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("room", [room for room, names in ROOMS.items() if "torch" not in names])
def test_a_room_is_installed_with_its_hashes(room, prefix):
    deploy(room, prefix)
    names = {"galsim", "reproject", "typst"} & {*ROOMS[room]} | {"pandas"}
    subprocess.run([prefix / "bin" / "python", "-c", f"import {', '.join(names)}"], check=True)


@pytest.mark.parametrize("build", ["cpu", "cuda"])
@pytest.mark.parametrize("room", [room for room, names in ROOMS.items() if "torch" in names])
def test_a_room_with_torch_could_be_installed(room, build, prefix):
    deploy(room, prefix, FEWSKY_TORCH=build, PIP_DRY_RUN="1")
