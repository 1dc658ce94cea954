"""One training by several processes: the same result as one alone, and one voice."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_json, save_arrays, save_table
from fewsky.models.launch import launch
from fewsky.models.results import paths_in
from fewsky.unfinished import forget
from tests.conftest import ROOT
from tests.unit.training_world import settings, world

# Sums of 32-bit numbers in another order; weights have drifted apart by less than this after the
# two dozen steps of these trainings, whose weights are of the order of 0.1.
TOLERANCE = {"rtol": 1e-3, "atol": 1e-5}
LONG = {"model": {"name": "ruhmer-regularised"}, "max_epochs": 40}
CHILD = """
import json, sys
from pathlib import Path
from fewsky.console import running
from fewsky.models.launch import launch
told, log = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]
with running(log):
    launch(told, 2)
"""


def told(folder: Path, name: str = "out", **changes) -> dict:
    """What `launch` needs for a small world whose files lie in a folder."""
    images, *tables = world()
    save_arrays({"images": images}, folder / "images.safetensors")
    paths = [folder / file for file in ("catalog.parquet", "manifest.csv", "draws.parquet")]
    for table, path in zip(tables, paths, strict=True):
        save_table(table, path)
    catalog, manifest, draws = map(str, paths)
    return {
        "settings": settings(**changes) | {"take": [0, 1]},
        "images": [str(folder / "images.safetensors")],
        "catalogs": [catalog],
        "manifest": manifest,
        "draws": draws,
        "draw": 0,
        "out": str(folder / name),
        "resume": str(folder / "resume"),
        "device": "cpu",
        **dict.fromkeys(("weights", "stage", "stored", "pseudo")),
        "code": "",
    }


def results(folder: Path):
    """Weights, history and predictions of a finished draw."""
    paths = paths_in(folder)
    weights = load_arrays(paths["weights"])
    return weights, pd.read_csv(paths["history"]), pd.read_parquet(paths["predictions"])


def assert_equal_but_for_sums(one: Path, two: Path) -> None:
    weights, history, predictions = zip(results(one), results(two), strict=True)
    assert weights[0].keys() == weights[1].keys()
    for name, values in weights[0].items():
        np.testing.assert_allclose(weights[1][name], values, **TOLERANCE, err_msg=name)
    pd.testing.assert_frame_equal(*history, check_exact=False, **TOLERANCE)
    pd.testing.assert_frame_equal(*predictions, check_exact=False, **TOLERANCE)
    cards = [load_json(paths_in(folder)["card"]) for folder in (one, two)]
    counted = ("epoch", "epochs", "steps", "images_seen", "input")
    for first, second in zip(cards[0]["runs"], cards[1]["runs"], strict=True):
        assert {key: first[key] for key in counted} == {key: second[key] for key in counted}


@pytest.mark.parametrize(
    "changes",
    [
        # Dropout, an L2 term, offsets drawn a batch, class weights, two rates to choose from. The
        # last batch of the first budget is one object: one process has no share in it.
        {
            "model": {"name": "ruhmer-regularised"},
            "augment": "combined",
            "class_weights": "balanced",
            "batch_size": 31,
            "budgets": [40, "all"],
            "max_epochs": 3,
            "learning_rates": [0.001, 0.003],
        },
        {"model": {"name": "timm-test_resnet"}, "max_epochs": 2, "restore": "last"},
    ],
    ids=["regularised", "batch-norm"],
)
def test_two_processes_train_as_one(tmp_path, changes):
    launch(told(tmp_path, "one", **changes), 1)
    forget(tmp_path / "resume")
    written = launch(told(tmp_path, "two", **changes), 2)
    forget(tmp_path / "resume")
    assert written == paths_in(tmp_path / "two")
    assert_equal_but_for_sums(tmp_path / "one", tmp_path / "two")
    assert list((tmp_path / "resume").iterdir()) == []


def start(folder: Path, **changes) -> subprocess.Popen:
    """A training by two processes as a job of its own, with its log beside the data."""
    (folder / "told.json").write_text(json.dumps(told(folder, **changes)))
    command = [sys.executable, "-c", CHILD, folder / "told.json", folder / "log.txt"]
    path = {"PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.Popen(command, cwd=folder, env={**os.environ, **path})


def log_of(folder: Path) -> str:
    return (folder / "log.txt").read_text()


def workers(parent: subprocess.Popen) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent.pid)], capture_output=True, text=True
    )
    return [int(word) for word in listed.stdout.split()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A training by two processes that nothing happened to."""
    folder = tmp_path_factory.mktemp("whole")
    launch(told(folder, **LONG), 2)
    return folder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_training_goes_on_to_the_same_bytes(whole, tmp_path, number):
    job = start(tmp_path, **LONG)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("resume/*/budget-*.safetensors")):
        assert time.monotonic() < deadline and job.poll() is None, log_of(tmp_path)
        time.sleep(0.01)
    children = workers(job)
    job.send_signal(number)
    assert job.wait(60) in (128 + number, -number)
    assert len(children) >= 2 and not (tmp_path / "out").exists()
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < deadline, "a process outlived its launcher"
        time.sleep(0.05)
    assert start(tmp_path, **LONG).wait(120) == 0
    first, second = (paths_in(folder / "out").values() for folder in (whole, tmp_path))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    # One process speaks, and no epoch is trained twice.
    said = re.findall(
        r"^.* goes on after epoch (\d+)$|^.* epoch (\d+): train", log_of(tmp_path), re.M
    )
    assert [epoch for _, epoch in said[1:]] == [str(k) for k in range(int(said[0][0]) + 1, 41)]


def test_a_fault_is_one_line_and_nothing_is_published(tmp_path):
    job = start(tmp_path, learning_rate=1e30, optimizer="sgd", stretch="raw")
    assert job.wait(120) == 1
    log = log_of(tmp_path)
    last = log.rstrip().rsplit("\n", 1)[-1]
    assert last.startswith("fewsky: sharp-or-soft draw 0") and "recipe.learning_rate" in last
    assert "Traceback" not in log and log.count("fewsky: ") == 1
    assert not (tmp_path / "out").exists()


def test_fewer_gpus_than_processes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(FewskyError, match="wanted 2 GPUs on this node; found 1"):
        launch(told(tmp_path) | {"device": "cuda"}, 2)
