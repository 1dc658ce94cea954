"""A site without a network: the whole paper on real files from a mirror, and no way out."""

import subprocess
import sys

import pytest
import yaml

from tests.conftest import copy_repository, environment

CONFIGS = ["config.yaml", "profiles/sample/overrides.yaml", "offline.yaml"]
SMALL = {
    "pathvars": {"results": "results/offline"},
    "raw_store": "results/offline/store",
    "tasks": {f"star-galaxy-{size}": {"split": {"draws": 2}} for size in ("small", "large")},
    "recipes": {"ruhmer2023": {"max_steps": 12}},
    "experiments": {
        name: {"vary": {"recipe.augment": ["none", "combined"]}}
        for name in ("sg-small", "sg-large")
    },
    "paper": {"scoring": {"bootstrap": 100}},
    "download": {"offline": True},
}
ALONE = ["unshare", "--net"]


@pytest.fixture
def site(tmp_path, shared):
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("the network cannot be taken away here: unshare --net")
    folder = copy_repository(tmp_path / "site")
    mirror = {"mirror": str(shared / "mirror")}
    (folder / "offline.yaml").write_text(yaml.safe_dump(SMALL | mirror))
    return folder


def run(folder, *more):
    command = [*ALONE, sys.executable, "-m", "snakemake", "--profile", "profiles/sample"]
    command += ["--configfile", *CONFIGS, "--cores", "2", *more]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=1800
    )


def test_there_is_no_network(site):
    probe = "import socket; socket.create_connection(('data.sdss.org', 443), 5)"
    assert subprocess.run([*ALONE, sys.executable, "-c", probe], capture_output=True).returncode


@pytest.mark.real
def test_a_file_that_the_mirror_lacks_ends_the_run_at_once(site):
    wanted = yaml.safe_load((site / "offline.yaml").read_text())
    (site / "offline.yaml").write_text(yaml.safe_dump(wanted | {"mirror": str(site)}))
    done = run(site, "--until", "download_fields")
    last = done.stderr.rstrip().rsplit("\n", 1)[-1]
    assert done.returncode and last.startswith("fewsky: ") and "frame-" in last, last


@pytest.mark.real
@pytest.mark.slow
def test_the_whole_paper_is_made_from_a_mirror(site):
    done = run(site)
    assert done.returncode == 0, done.stderr[-4000:]
    assert (site / "results" / "offline" / "paper.pdf").exists()
