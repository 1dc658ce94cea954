"""The calls of conda that Snakemake's `--sdm conda` makes, answered by py-rattler.

The real package format, solver and installer, from PyPI: for machines without conda.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import yaml
from rattler import Gateway, Platform, VirtualPackage, install, solve

ANSWERS = {
    "--version": "conda 24.99.0",
    "info": json.dumps({"conda_prefix": str(Path(__file__).parent), "platform": "linux-64"}),
    "clean": "",
    "config": json.dumps({"get": {"channel_priority": "strict"}}),
}


async def from_specification(path: str, prefix: str) -> None:
    """Solve a yaml file and install what that gives."""
    wanted = yaml.safe_load(Path(path).read_text())
    records = await solve(
        sources=[name for name in wanted["channels"] if name != "nodefaults"],
        specs=wanted["dependencies"],
        platforms=[Platform.current(), Platform("noarch")],
        virtual_packages=VirtualPackage.detect(),
    )
    await install(records, target_prefix=prefix, show_progress=False)


async def from_pin(path: str, prefix: str) -> None:
    """Install just the packages of an explicit pin; stops where one is not what its digest says."""
    lines = [line for line in Path(path).read_text().splitlines() if line and line[0] not in "#@"]
    await install([await _record(line) for line in lines], target_prefix=prefix)


async def _record(line: str):
    url, _, digest = line.partition("#sha256:")
    channel, platform, file = url.rsplit("/", 2)
    found = await Gateway().query(
        [channel], [Platform(platform)], [file.rsplit("-", 2)[0]], recursive=False
    )
    for record in (record for part in found for record in part if record.file_name == file):
        if record.sha256.hex() == digest:
            return record
        sys.exit(f"SHA256 mismatch: {url}")
    sys.exit(f"not in its channel: {url}")


def main(words: list[str]) -> None:
    if words[0] in ANSWERS:
        print(ANSWERS[words[0]])
        return
    file, prefix = (words[words.index(name) + 1] for name in ("--file", "--prefix"))
    asyncio.run((from_specification if words[0] == "env" else from_pin)(file, prefix))


main(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)  # py-rattler 0.28 can abort the interpreter while its threads wind down
