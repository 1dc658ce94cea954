"""The demo through Slurm: every figure and table of the paper, on three nodes."""

import pytest

from tests.conftest import TINY, copy_repository
from tests.slurm.site import SlurmRun, assert_one_gpu_job_at_a_time, edit_profile

pytestmark = [pytest.mark.slurm, pytest.mark.slow]
HOURS = 3600.0


def test_the_demo_is_made_on_a_cluster(cluster, tmp_path):
    folder = copy_repository(tmp_path / "site")
    edit_profile(folder, TINY[:2], {"runtime": 30})
    run = SlurmRun(folder).finish(3 * HOURS)
    assert run.code == 0, run.text[-4000:]
    assert (folder / "results" / "demo" / "paper.pdf").exists()
    jobs = cluster.jobs(folder)
    assert {job.state for job in jobs} == {"COMPLETED"}
    assert_one_gpu_job_at_a_time(jobs, run.rules)
