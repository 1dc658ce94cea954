"""Remake what pins the environments: `make lock`, on a machine that reaches conda-forge and PyPI.

    python -m fewsky.commands.lock [--conda-lock PROGRAM] [ROOM ...]

For each room of envs/rooms.yaml, or those named: NAME.conda-lock.yml, where the program is named;
NAME.linux-64.pin.txt from that lock; NAME.post-deploy.sh, the room's Python packages with hashes.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from fewsky.console import FewskyError, say
from fewsky.environments import canonical

ROOT = Path(__file__).resolve().parents[3]
ENVS = ROOT / "envs"
# What belongs to the build of torch for NVIDIA's GPUs, and to no other.
CUDA = re.compile(r"torch|triton|nvidia-.*|cuda-.*")
BY_CONDA = {"pip", "setuptools", "wheel"}
FROM_SOURCE = "pims"  # has no wheel on PyPI; built by the locked setuptools
CPU_INDEX = "https://download.pytorch.org/whl/cpu"

HEAD = """\
#!/usr/bin/env bash
# The Python packages of envs/{name}.yaml, made by `make lock`. Do not edit: see envs/rooms.yaml.
set -euo pipefail
export PYTHONNOUSERSITE=1
python="$CONDA_PREFIX/bin/python"

install() {{
	"$python" -m pip install --quiet --no-deps --no-build-isolation --require-hashes \\
		-r /dev/stdin "$@"
}}

install <<'REQUIREMENTS'
{common}
REQUIREMENTS
"""
TORCH = """
# FEWSKY_TORCH=cpu, set when the environment is made, takes the build without CUDA.
if [ "${{FEWSKY_TORCH:-cuda}}" = cpu ]; then
	install --extra-index-url {index} <<'REQUIREMENTS'
{cpu}
REQUIREMENTS
else
	install <<'REQUIREMENTS'
{cuda}
REQUIREMENTS
fi
"""
TAIL = """
"$python" -m pip check
"""


# --- conda packages -----------------------------------------------------------------------------
def solve(name: str, conda_lock: str) -> None:
    """Write envs/NAME.conda-lock.yml by conda-lock, which asks the channels."""
    files = ["-f", f"envs/{name}.yaml", "--lockfile", f"envs/{name}.conda-lock.yml"]
    done = subprocess.run([conda_lock, "lock", "--platform", "linux-64", *files], cwd=ROOT)
    if done.returncode:
        raise FewskyError(
            f"envs/{name}.yaml: wanted conda-lock to solve it; found exit status "
            f"{done.returncode}. Call make lock where the channel is reached."
        )


def pin_of(lock: str) -> str:
    """The explicit pin of a conda-lock file: each package's address and SHA-256, in its order."""
    packages = [item for item in yaml.safe_load(lock)["package"] if item["platform"] == "linux-64"]
    lines = [f"{item['url']}#sha256:{item['hash']['sha256']}" for item in packages]
    return "\n".join(["# Made by `make lock` from the conda-lock file.", "@EXPLICIT", *lines, ""])


# --- Python packages ----------------------------------------------------------------------------
def wheels(packages: list[str], *options: str, ours: bool = False) -> dict[str, tuple[str, str]]:
    """Version and SHA-256 of the wheel that pip would take, for packages and all that they need.

    Asks PyPI and nothing else, or, with `ours`, what pip is set to on this machine.
    """
    settings = {name: value for name, value in os.environ.items() if name != "PIP_FIND_LINKS"}
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet",
         "--only-binary", ":all:", "--no-binary", FROM_SOURCE, "--report", "-",
         *options, *packages],
        cwd=ROOT, capture_output=True, text=True,
        env=dict(os.environ) if ours else settings | {"PIP_CONFIG_FILE": os.devnull},
    )  # fmt: skip
    if done.returncode:
        raise FewskyError(f"envs/rooms.yaml: wanted wheels; pip said: {done.stderr[-500:]}")
    return {
        canonical(item["metadata"]["name"]): (
            item["metadata"]["version"],
            item["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for item in json.loads(done.stdout)["install"]
    }


def post_deploy(name: str, found: dict[str, tuple[str, str]], cpu: dict) -> str:
    """The post-deploy script of a room, for its wheels and the wheel of torch without CUDA."""
    cuda = {key: item for key, item in found.items() if CUDA.fullmatch(key)}
    text = HEAD.format(name=name, common=_lines({k: v for k, v in found.items() if k not in cuda}))
    if cuda:
        text += TORCH.format(index=CPU_INDEX, cpu=_lines(cpu), cuda=_lines(cuda))
    return text + TAIL


def _lines(found: dict[str, tuple[str, str]]) -> str:
    return "\n".join(
        f"{name}=={version} \\\n    --hash=sha256:{digest}"
        for name, (version, digest) in sorted(found.items())
    )


# --- all ----------------------------------------------------------------------------------------
def lock(name: str, packages: list[str], conda_lock: str | None) -> None:
    """Remake the three files that pin a room."""
    if conda_lock:
        solve(name, conda_lock)
    pin = pin_of((ENVS / f"{name}.conda-lock.yml").read_text())
    (ENVS / f"{name}.linux-64.pin.txt").write_text(pin)
    found = wheels(packages, "--constraint", "requirements.txt")
    found = {key: wheel for key, wheel in found.items() if key not in BY_CONDA}
    cpu = {}
    if "torch" in found:
        build = f"torch=={found['torch'][0]}+cpu"
        cpu = wheels([build], "--no-deps", "--extra-index-url", CPU_INDEX, ours=True)
    (ENVS / f"{name}.post-deploy.sh").write_text(post_deploy(name, found, cpu))
    say(f"envs/{name}: {len(found)} Python packages")


def main(arguments: list[str]) -> int:
    """Remake the pins of all rooms; returns the exit status."""
    rooms = yaml.safe_load((ENVS / "rooms.yaml").read_text())
    parser = argparse.ArgumentParser(description="Remake what pins the environments.")
    parser.add_argument("--conda-lock", metavar="PROGRAM")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", choices=[*rooms, []])
    asked = parser.parse_args(arguments)
    try:
        for name in asked.rooms or rooms:
            lock(name, rooms[name], asked.conda_lock)
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
