"""A room deployed by `--sdm conda`: its pin, its Python packages with hashes, and their faults."""

import os
import sys
from pathlib import Path

import pytest

from fewsky.commands.lock import post_deploy
from tests.conda.channel import make_channel, make_wheel
from tests.conftest import copy_repository, snakemake

RULE = """

rule toy:
    output:
        "toy.txt",
    log:
        "toy.log",
    conda:
        "envs/toy.yaml"
    script:
        "scripts/toy.py"
"""
SCRIPT = """
import sys
from pathlib import Path
from fewsky.console import running
import toywheel{more}

with running(snakemake.log[0]):
    data = Path(sys.prefix, "share", "toy").read_text()
    Path(snakemake.output[0]).write_text(f"{{sys.prefix}} {{toywheel.VERSION}} {{data}}")
"""


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    """The pin lines of a channel, its address, and a folder with one wheel."""
    folder = tmp_path_factory.mktemp("channel")
    return make_channel(folder), folder.as_uri(), folder / "wheels"


@pytest.fixture
def toy(channel, tmp_path, monkeypatch):
    """A copy of the repository with one more rule and one more environment: toy."""
    pins, address, wheels = channel
    folder = copy_repository(tmp_path / "toy")
    digest = make_wheel(wheels, "toywheel", "1.0")
    for path, text in {
        "Snakefile": (folder / "Snakefile").read_text() + RULE,
        "scripts/toy.py": SCRIPT.format(more=""),
        "envs/toy.yaml": f"channels: ['{address}']\ndependencies: [python, pip, toydata]\n",
        "envs/toy.linux-64.pin.txt": "\n".join(
            ["@EXPLICIT", *(line for name, line in pins.items() if name != "toydata 1.1"), ""]
        ),
        "envs/toy.post-deploy.sh": post_deploy("toy", {"toywheel": ("1.0", digest)}, {}),
    }.items():
        (folder / path).write_text(text)
    monkeypatch.setenv("PATH", f"{Path(__file__).parent / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    if "FEWSKY_CONDA_PYTHON" not in os.environ:
        monkeypatch.setenv("FEWSKY_CONDA_PYTHON", sys.executable)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def deploy(folder: Path):
    return snakemake(folder, "--cores", "1", "--sdm", "conda", "--", "toy.txt")


def test_a_room_is_deployed_as_its_lock_says(toy):
    run = deploy(toy)
    assert run.code == 0, run.text[-3000:]
    prefix, wheel, data = (toy / "toy.txt").read_text().split()
    assert Path(prefix).parent == toy / ".snakemake" / "conda"
    assert (wheel, data) == ("1.0", "1.0")


def test_a_broken_pin_is_an_error(toy):
    edit(toy / "envs" / "toy.linux-64.pin.txt", "toydata-1.0", "toydata-0.9")
    run = deploy(toy)
    assert run.code != 0 and not (toy / "toy.txt").exists()
    assert "Failed to install conda environment from pin file" in run.text
    assert run.last_line.startswith(
        "fewsky: envs/toy.yaml: wanted what its lock names; found toydata-"
    )
    assert "Traceback" not in run.text
    again = deploy(toy)
    assert again.code != 0 and again.last_line == run.last_line, "also where it was made before"


def test_another_wheel_of_the_same_name_is_an_error(toy):
    text = (toy / "envs" / "toy.post-deploy.sh").read_text()
    digest = text.partition("sha256:")[2][:64]
    edit(toy / "envs" / "toy.post-deploy.sh", digest, digest[::-1])
    run = deploy(toy)
    assert run.code != 0 and not (toy / "toy.txt").exists()
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in run.text
    assert not list((toy / ".snakemake" / "conda").glob("*.env_setup_done"))


def test_a_package_of_the_drivers_stops_a_script(toy):
    (toy / "scripts" / "toy.py").write_text(SCRIPT.format(more=", yaml"))
    run = deploy(toy)
    assert run.code != 0 and not (toy / "toy.txt").exists()
    assert run.last_line.startswith("fewsky: yaml: wanted it from the environment ")
