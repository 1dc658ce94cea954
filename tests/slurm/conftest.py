"""The Slurm that the cluster tests share."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.slurm.site import Cluster, SlurmRun


@pytest.fixture(scope="session")
def cluster():
    """A Slurm of our own, up for these tests."""
    cluster = Cluster(Path(tempfile.gettempdir()) / f"fewsky-slurm-{os.getpid()}")
    cluster.call("up")
    yield cluster
    for run in SlurmRun.started:
        run.stop()
    cluster.call("down")
