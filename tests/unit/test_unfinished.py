"""Finished work that nobody took note of is handed out again, and forgotten once all is well."""

import os

import pytest

from fewsky.models.train import train
from fewsky.unfinished import forget, hand_out, keep
from tests.unit.training_world import settings, world


@pytest.fixture
def made(tmp_path):
    """Two published files, and the folder of their unfinished work with its state."""
    side, files = tmp_path / "resume" / "key", [tmp_path / "out" / name for name in ("a", "b")]
    side.mkdir(parents=True)
    files[0].parent.mkdir()
    (side / "state.safetensors").write_bytes(b"half way")
    for file in files:
        file.write_text(file.name)
    return side, files


def test_what_is_kept_takes_no_room_and_replaces_the_state(made):
    side, files = made
    keep(side, files)
    assert [path.name for path in side.iterdir()] == ["whole"]
    assert files[0].stat().st_nlink == 2


@pytest.mark.parametrize("linked", [True, False])
def test_removed_files_come_back_younger_than_before(made, monkeypatch, linked):
    side, files = made
    if not linked:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links")))
    keep(side, files)
    os.utime(files[0], (1, 1))
    before = files[0].stat().st_mtime
    for file in files:
        file.unlink()
    assert hand_out(side, files)
    assert [file.read_text() for file in files] == ["a", "b"]
    assert files[0].stat().st_mtime > before
    assert hand_out(side, files) and sorted(p.name for p in files[0].parent.iterdir()) == ["a", "b"]


def test_only_finished_work_is_forgotten(made):
    side, files = made
    other = side.with_name("other")
    other.mkdir()
    (other / "state.safetensors").write_bytes(b"half way")
    keep(side, files)
    forget(side.parent)
    assert [path.name for path in side.parent.iterdir()] == ["other"]
    assert not hand_out(side, files) and all(file.exists() for file in files)


def test_a_training_that_snakemake_did_not_see_ending_is_not_done_again(tmp_path, monkeypatch):
    told = settings(recipe={"epochs": 2}), *world()
    paths = train(*told, 0, tmp_path / "out", tmp_path / "resume", "cpu")
    wanted = {name: path.read_bytes() for name, path in paths.items()}
    for path in paths.values():
        path.unlink()
    monkeypatch.setattr("fewsky.models.train.fit_run", None)  # to train again would fail
    again = train(*told, 0, tmp_path / "out", tmp_path / "resume", "cpu")
    assert {name: path.read_bytes() for name, path in again.items()} == wanted
