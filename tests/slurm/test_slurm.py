"""The literal `snakemake --profile slurm` on a real Slurm: the whole paper, and what goes wrong.

Most of a run on a cluster is waiting, so several runs are under way at once: those that wait
longest, for a walltime or for a dead owner's lock, from the start; the whole paper beside the
smaller accidents.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fewsky.files import load_json
from tests.conftest import TINY, copy_repository, snakemake
from tests.slurm.site import (
    RESULTS,
    SCRIPT,
    SlurmRun,
    assert_one_gpu_job_at_a_time,
    edit_profile,
)

EARLY = ("overdue", "starved", "hopeless", "displaced")
pytestmark = [pytest.mark.slurm, pytest.mark.usefixtures(*EARLY)]
BY_CPU = {"slurm_partition": "cpu", "gpu": 0}
ENOUGH_S = 300
EXPERIMENT = "sg-small-base"
DRAW = RESULTS / "models" / EXPERIMENT / "draw-0"
TARGET = str(DRAW / "predictions.parquet")
SMALL = [*TINY, "tests/slurm/small.yaml"]


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    """The small paper and one more draw, on this machine and without Slurm."""
    folder = copy_repository(tmp_path_factory.mktemp("local") / "site")
    run = snakemake(folder, "--cores", "2", "all", TARGET, configs=SMALL)
    assert run.code == 0, run.text[-4000:]
    return folder


@pytest.fixture(scope="module")
def overdue(cluster, local, tmp_path_factory):
    """A run whose training stands still until its walltime is over, which takes two minutes."""
    folder = without_draw(local, tmp_path_factory.mktemp("overdue") / "site")
    run = start(folder, runtime=1, **BY_CPU)
    run.freeze_training()
    return run


@pytest.fixture(scope="module")
def starved(cluster, local, tmp_path_factory):
    """A run whose training is killed for its memory, with no time to give its lock back."""
    folder = without_draw(local, tmp_path_factory.mktemp("starved") / "site")
    return start(folder, mem_mb="450 if attempt == 1 else attempt * 1500", **BY_CPU)


@pytest.fixture(scope="module")
def hopeless(cluster, local, tmp_path_factory):
    """A run whose training is killed for its memory each time."""
    folder = without_draw(local, tmp_path_factory.mktemp("hopeless") / "site")
    return start(folder, mem_mb="440 + 10 * attempt", **BY_CPU)


@pytest.fixture(scope="module")
def displaced(cluster, local, tmp_path_factory):
    """A run in a preemptible partition whose training has to make room for an urgent job.

    Slurm starts a job that it has put back into the queue after two minutes at the earliest.
    """
    folder = without_draw(local, tmp_path_factory.mktemp("displaced") / "site")
    name = "slurm-preemptible"
    spare = {"slurm_partition": "spare", "gpu": 0}
    edit_profile(folder, SMALL, spare, name)
    run = SlurmRun(folder, TARGET, command=("snakemake", "--profile", f"profiles/{name}"))
    run.freeze_training()
    urgent = ["sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=true"]
    subprocess.run(urgent, check=True, cwd=folder.parent, stdout=subprocess.DEVNULL)
    return run


@pytest.fixture(scope="module")
def whole(cluster, tmp_path_factory):
    """The whole paper under way, from nothing."""
    folder = copy_repository(tmp_path_factory.mktemp("whole") / "site")
    edit_profile(folder, SMALL, {}, precommand="touch site-hook")
    return SlurmRun(folder)


@pytest.fixture
def hurt(local, tmp_path) -> Path:
    """The small paper without one trained draw, which is what a run has to make again."""
    return without_draw(local, tmp_path / "site")


def without_draw(local: Path, folder: Path) -> Path:
    shutil.copytree(local, folder, symlinks=True)
    shutil.rmtree(folder / DRAW)
    return folder


def start(folder: Path, **train) -> SlurmRun:
    """Make the missing draw on the cluster, with some resources of its own."""
    edit_profile(folder, SMALL, train)
    return SlurmRun(folder, TARGET)


def assert_recovered(run, folder: Path, local: Path) -> None:
    """The run ended well, and the draw is the local one to the byte."""
    assert run.code == 0, run.text[-4000:]
    made, wanted = folder / DRAW, local / DRAW
    assert {path.name for path in made.iterdir()} == {path.name for path in wanted.iterdir()}
    assert all((made / path.name).read_bytes() == path.read_bytes() for path in wanted.iterdir())


# Tables that hold times, and the pages of all tables.
TIMED = ("tab_pn_cost", "tab_resources", "pages.")


def checksums(folder: Path) -> dict[str, dict]:
    """Checksums of all that a provenance record covers, but of tables that hold times."""
    records = sorted((folder / RESULTS).rglob("*provenance.json"))
    records = [path for path in records if not path.name.startswith(TIMED)]
    return {str(path.relative_to(folder)): load_json(path)["outputs"] for path in records}


# --- what goes wrong ----------------------------------------------------------------------------
def test_a_lost_node_costs_one_epoch(hurt, cluster, local):
    run = start(hurt)
    run.freeze_training()
    cluster.call("cut", "n2")
    run.until(lambda: cluster.jobs(hurt, "NODE_FAIL"), "a lost node", 1)
    cluster.call("start", "n2")
    assert_recovered(run.finish(ENOUGH_S), hurt, local)
    log = hurt / RESULTS / "logs" / "train" / f"{EXPERIMENT}/draw-0.log"
    assert "goes on after epoch" in log.read_text()


@pytest.mark.usefixtures("whole")
def test_a_job_cancelled_from_outside_is_made_again(hurt, cluster, local):
    run = start(hurt, **BY_CPU)
    run.freeze_training()
    (job,) = cluster.jobs(hurt, "RUNNING")
    subprocess.run(["scancel", job.number], check=True)
    assert_recovered(run.finish(ENOUGH_S), hurt, local)
    assert cluster.jobs(hurt, "CANCELLED") and cluster.jobs(hurt, "COMPLETED")


def test_a_job_that_never_fits_ends_in_one_line(hopeless):
    run = hopeless.finish(ENOUGH_S)
    assert run.code == 1
    assert run.last_line.startswith("fewsky: train: ")
    assert "it needed more memory than it had asked for" in run.last_line


def test_a_wrong_partition_ends_in_one_line(hurt):
    run = start(hurt, slurm_partition="nowhere").finish(ENOUGH_S)
    assert run.code == 1
    assert run.last_line.startswith("fewsky: train: ")
    assert "invalid partition" in run.last_line


def test_resume_ends_the_jobs_of_a_killed_run_and_goes_on(hurt, cluster, local):
    run = start(hurt, **BY_CPU)
    run.freeze_training()
    (left,) = cluster.jobs(hurt, "RUNNING")
    run.kill()
    venv = Path(sys.executable).parents[1]
    command = ["make", f"--assume-old={venv}/.done", f"VENV={venv}", "resume", "PROFILE=slurm"]
    done = SlurmRun(hurt, f"ARGS={TARGET}", command=command).finish(ENOUGH_S)
    assert_recovered(done, hurt, local)
    assert f"cancelling the Slurm jobs {left.number} of a run that has ended" in done.text
    assert [job.number for job in cluster.jobs(hurt, "CANCELLED")] == [left.number]


def test_a_job_past_its_walltime_is_made_again(overdue, cluster, local):
    assert_recovered(overdue.finish(ENOUGH_S), overdue.folder, local)
    assert cluster.jobs(overdue.folder, "TIMEOUT") and cluster.jobs(overdue.folder, "COMPLETED")


def test_a_displaced_job_goes_on_when_its_node_is_free(displaced, cluster, local):
    assert_recovered(displaced.finish(ENOUGH_S), displaced.folder, local)
    (job,) = cluster.jobs(displaced.folder)
    assert (job.partition, job.state) == ("spare", "COMPLETED")
    log = displaced.folder / RESULTS / "logs" / "train" / f"{EXPERIMENT}/draw-0.log"
    assert "goes on after epoch" in log.read_text()


def test_a_job_over_its_memory_is_made_again_with_more(starved, cluster, local):
    assert_recovered(starved.finish(ENOUGH_S), starved.folder, local)
    assert cluster.jobs(starved.folder, "FAILED") and cluster.jobs(starved.folder, "COMPLETED")


# --- the whole ----------------------------------------------------------------------------------
def test_the_whole_paper_is_that_of_a_local_run(whole, cluster, local):
    run = whole.finish(3 * ENOUGH_S)
    assert run.code == 0, run.text[-4000:]
    made, wanted = checksums(whole.folder), checksums(local)
    assert f"{RESULTS}/paper.provenance.json" in made
    assert made == {name: wanted[name] for name in made}
    assert (whole.folder / "site-hook").exists()

    assert_one_gpu_job_at_a_time(cluster.jobs(whole.folder), run.rules)


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


@pytest.mark.skipif(os.getuid() != 0, reason="there is no other user to be")
def test_who_is_not_root_is_refused():
    assert "wanted root" in refused("up", "/tmp/fewsky-nobody", user=65534)
