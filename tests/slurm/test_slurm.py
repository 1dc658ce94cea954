"""The literal `snakemake --profile slurm` on a real Slurm: the whole paper, and what goes wrong."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from tests.conftest import copy_repository
from tests.slurm.site import RESULTS, SCRIPT, Cluster, SlurmRun, edit_profile

from fewsky.files import load_json

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module")
def cluster():
    """A Slurm of our own, up for these tests."""
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="fewsky-slurm-")))
    cluster.call("up")
    yield cluster
    cluster.call("down")


@pytest.fixture
def watched(cluster):
    """The cluster, with every job noted while squeue still shows it."""
    stop = threading.Event()

    def watch():
        while not stop.wait(2):
            cluster.jobs()

    thread = threading.Thread(target=watch)
    thread.start()
    yield cluster
    stop.set()
    thread.join()


@pytest.fixture
def hurt(cluster, tiny, tmp_path) -> Path:
    """The made tiny paper without one trained draw, which is what a run has to make again."""
    folder = tmp_path / "site"
    shutil.copytree(tiny, folder, symlinks=True)
    shutil.rmtree(folder / draw_of(tiny))
    return folder


def draw_of(tiny: Path) -> Path:
    """The folder of one trained draw, relative to the copy of the repository."""
    models = (tiny / RESULTS / "models").glob("*/draw-0/model.safetensors")
    return min(models).parent.relative_to(tiny)


def start(folder: Path, tiny: Path, **train) -> SlurmRun:
    """Make the missing draw on the cluster, with some resources of its own."""
    edit_profile(folder, train)
    return SlurmRun(folder, str(draw_of(tiny) / "predictions.parquet"))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def assert_recovered(run, folder: Path, tiny: Path) -> None:
    """The run ended well, and the draw is the local one to the byte."""
    assert run.code == 0, run.text[-4000:]
    assert bytes_of(folder / draw_of(tiny)) == bytes_of(tiny / draw_of(tiny))


def checksums(folder: Path) -> dict[str, dict]:
    """Checksums of every file that a provenance record of a results folder covers."""
    records = sorted((folder / RESULTS).rglob("*provenance.json"))
    return {str(path.relative_to(folder)): load_json(path)["outputs"] for path in records}


# --- the whole ----------------------------------------------------------------------------------
def test_the_whole_paper_is_that_of_a_local_run(watched, tiny, tmp_path):
    folder = copy_repository(tmp_path / "site")
    edit_profile(folder, {}, precommand="touch site-hook")
    run = SlurmRun(folder).finish(420)
    assert run.code == 0, run.text[-4000:]
    assert checksums(folder) == checksums(tiny)
    assert (folder / "site-hook").exists()
    assert (folder / RESULTS / "report.html").exists()

    jobs = watched.jobs().values()
    trainings = [job for job in jobs if job.rule.startswith("rule_train_")]
    assert len(trainings) == run.rules["train"]
    assert {(job.partition, job.node) for job in trainings} == {("gpu", "n2")}
    assert not {job.rule for job in jobs if job.node == "n2"} - {job.rule for job in trainings}
    in_order = sorted(trainings, key=lambda job: job.start)
    assert all(first.end <= second.start for first, second in pairwise(in_order))


# --- what goes wrong ----------------------------------------------------------------------------
def test_a_lost_node_costs_one_epoch(hurt, cluster, tiny):
    run = start(hurt, tiny)
    run.frozen_training()
    cluster.call("cut", "n2")
    run.until(lambda: cluster.in_state("NODE_FAIL"), "a lost node", 1)
    cluster.call("start", "n2")
    done = run.finish(120)
    assert_recovered(done, hurt, tiny)
    log = hurt / RESULTS / "logs" / "train" / draw_of(tiny).relative_to(RESULTS / "models")
    assert "goes on after epoch" in log.with_suffix(".log").read_text()


def test_a_job_cancelled_from_outside_is_made_again(hurt, cluster, tiny):
    run = start(hurt, tiny)
    run.frozen_training()
    (job,) = cluster.in_state("RUNNING")
    subprocess.run(["scancel", str(job.number)], check=True)
    assert_recovered(run.finish(120), hurt, tiny)


def test_a_job_past_its_walltime_is_made_again(hurt, cluster, tiny):
    run = start(hurt, tiny, runtime=1)
    run.frozen_training()
    assert_recovered(run.finish(240), hurt, tiny)
    assert cluster.in_state("TIMEOUT")


def test_a_job_over_its_memory_is_made_again_with_more(hurt, cluster, tiny):
    run = start(hurt, tiny, mem_mb="200 if attempt == 1 else attempt * 1500").finish(120)
    assert_recovered(run, hurt, tiny)
    assert "exceeded memory limit" in run.text


def test_a_job_that_never_fits_ends_in_one_line(hurt, tiny):
    run = start(hurt, tiny, mem_mb="attempt * 100").finish(120)
    assert run.code == 1
    assert run.last_line.startswith("fewsky: train: ")
    assert "it needed more memory than it had asked for" in run.last_line


def test_a_wrong_partition_ends_in_one_line(hurt, tiny):
    run = start(hurt, tiny, slurm_partition="nowhere").finish(60)
    assert run.code == 1
    assert run.last_line.startswith("fewsky: train: ")
    assert "invalid partition" in run.last_line


def test_resume_ends_the_jobs_of_a_killed_run_and_goes_on(hurt, cluster, tiny):
    run = start(hurt, tiny)
    run.frozen_training()
    (left,) = cluster.in_state("RUNNING")
    run.kill()
    venv = Path(sys.executable).parents[1]
    command = ["make", f"--assume-old={venv}/.done", f"VENV={venv}", "resume", "PROFILE=slurm"]
    target = draw_of(tiny) / "predictions.parquet"
    done = SlurmRun(hurt, f"ARGS={target}", command=command).finish(120)
    assert_recovered(done, hurt, tiny)
    assert f"cancelling the Slurm jobs {left.number} of a run that has ended" in done.text
    assert cluster.jobs()[left.number].state == "CANCELLED"


# --- the script that makes the cluster ----------------------------------------------------------
def refused(*words, **options) -> str:
    done = subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=30, **options)
    assert done.returncode == 1
    return done.stderr.strip()


def test_a_second_cluster_is_refused(cluster, tmp_path):
    assert str(cluster.folder) in refused("up", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_slurm_of_others_is_refused(cluster, tmp_path):
    conf = Path("/etc/slurm/slurm.conf")
    ours = conf.read_text()
    try:
        conf.write_text("# of somebody else\n" + ours)
        assert f"{conf}: wanted no Slurm" in refused("up", tmp_path / "other")
    finally:
        conf.write_text(ours)


def test_a_folder_of_others_is_refused(cluster, tmp_path):
    (tmp_path / "thesis.tex").touch()
    assert "wanted a folder of a cluster" in refused("down", tmp_path)
    assert (tmp_path / "thesis.tex").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="already not root")
def test_who_is_not_root_is_refused(cluster):
    assert "wanted root" in refused("up", "/tmp/fewsky-nobody", user=65534)
