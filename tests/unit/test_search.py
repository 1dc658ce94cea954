"""Searches for settings: what is tried, that a killed one goes on, that no test object is seen."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.files import load_json
from fewsky.models import search as searching
from fewsky.models.found import with_found, with_values
from fewsky.models.loop import Diverged
from fewsky.models.search import search_settings, value_of
from fewsky.models.study import JOURNAL, best_of, open_study, optimise
from fewsky.models.train import train
from fewsky.schema import load_schema
from fewsky.spaces import resolve_search
from fewsky.unfinished import forget
from tests.unit.training_world import settings, world

SPACE = {
    "model.dropout": {"low": 0.0, "high": 0.6},
    "model.width": {"low": 4, "high": 12, "step": 4},
    "recipe.augment": {"choices": ["none", "d4"]},
    "recipe.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
}
FAKE = {"trials": 9, "startup": 3, "metric": "val_loss", "draw": 0, "workers": 1, "space": SPACE}
TINY = FAKE | {"trials": 4, "startup": 2, "space": {k: SPACE[k] for k in list(SPACE)[:2]}}
MODEL = {"name": "compact", "width": 8, "dropout": 0.2}
CHILD = """
import sys
from tests.unit.test_search import MODEL, TINY
from tests.unit.training_world import settings, world
from fewsky.models.search import search_settings
told = settings(model=MODEL, max_epochs=4) | {"search": TINY}
search_settings(told, *world(), sys.argv[1], sys.argv[2], "cpu", wait_seconds=0)
"""


def bowl(_, values):
    """A value that is least at dropout 0.3, width 8, d4 and a rate of 1e-3."""
    away = [values["model.dropout"] - 0.3, values["model.width"] / 8 - 1]
    away += [np.log10(values["recipe.learning_rate"]) + 3, values["recipe.augment"] == "none"]
    return float(np.square(away).sum()), {"epochs": 1, "parameters": 2, "flops": 3}


def study(folder, objective=bowl, key="key", **changes):
    wanted = FAKE | changes
    return optimise(open_study(folder, key, wanted["metric"]), wanted, 5, objective)


def searched(tmp_path, name="out", data=None, **changes):
    """Search with a small network, and return the two files as bytes."""
    told = settings(model=MODEL, max_epochs=4) | {"search": TINY | changes}
    out = tmp_path / name
    search_settings(told, *(data or world()), out, tmp_path / "resume", "cpu", wait_seconds=0)
    assert sorted(path.name for path in out.iterdir()) == ["best.json", "trials.csv"]
    forget(tmp_path / "resume")
    assert list((tmp_path / "resume").iterdir()) == []
    return {path.name: path.read_bytes() for path in out.iterdir()}


# A study of a function.


def test_trials_follow_from_the_seed_and_learn(tmp_path):
    found = study(tmp_path / "a", trials=30, startup=10)
    assert [trial.number for trial in found] == list(range(30))
    assert study(tmp_path / "b", trials=30, startup=10) == found
    assert study(tmp_path / "c", trials=9, startup=10) == found[:9]
    values = [trial.value for trial in found]
    assert np.mean(values[20:]) < np.mean(values[:10]) / 2
    assert best_of(found, "val_loss").value == min(values)
    assert best_of(found, "macro_f1").value == max(values)
    for trial in found:
        assert trial.values.keys() == SPACE.keys()
        assert trial.values["model.width"] in (4, 8, 12)
        assert isinstance(trial.values["model.width"], int)
        assert 1e-4 <= trial.values["recipe.learning_rate"] <= 1e-2


def test_a_study_killed_in_any_trial_goes_on(tmp_path):
    """Killed in trials 0, 1, 4, 5 and 8: the same trials, none lost, none twice."""
    whole = study(tmp_path / "whole")
    ended = tmp_path / "ended"
    for victim in (0, 1, 4, 5, 8):
        child = os.fork()
        if child == 0:
            study(tmp_path / "killed", lambda n, values, v=victim: _until(ended, v, n, values))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert len(ended.read_text().splitlines() if ended.exists() else []) == victim
    assert study(tmp_path / "killed", lambda n, values: _until(ended, 99, n, values)) == whole
    assert [json.loads(line) for line in ended.read_text().splitlines()] == [
        trial.values for trial in whole
    ]


def _until(ended: Path, victim: int, n: int, values):
    """The bowl, but the process is killed when as many trials have ended as `victim` says."""
    done = len(ended.read_text().splitlines()) if ended.exists() else 0
    if done == victim:
        os.kill(os.getpid(), signal.SIGKILL)
    with open(ended, "a") as stream:
        stream.write(json.dumps(values) + "\n")
    return bowl(n, values)


def test_a_journal_cut_anywhere_gives_the_same_trials(tmp_path, monkeypatch):
    """A journal ends in the middle of a line, and its lock is left: what had ended is kept."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    whole = study(tmp_path / "whole", trials=5)
    journal = (tmp_path / "whole" / JOURNAL).read_bytes()
    head = 1 + journal.index(b"\n", journal.index(b'"key"'))  # a new journal is renamed when whole
    for k, end in enumerate(np.linspace(head, len(journal), 25).astype(int)):
        folder = tmp_path / f"cut-{k}"
        folder.mkdir()
        (folder / JOURNAL).write_bytes(journal[:end])
        (folder / f"{JOURNAL}.lock").symlink_to(folder / JOURNAL)
        tried = []
        found = study(
            folder, lambda n, values, t=tried: t.append(values) or bowl(n, values), trials=5
        )
        assert found == whole
        assert tried == [trial.values for trial in whole[5 - len(tried) :]]


def test_a_journal_of_another_study_is_refused_and_kept(tmp_path):
    study(tmp_path, trials=1)
    before = (tmp_path / JOURNAL).read_bytes()
    line = rf"{JOURNAL}: wanted the journal of this search, other; found key\. Delete it"
    with pytest.raises(FewskyError, match=line):
        study(tmp_path, key="other")
    assert (tmp_path / JOURNAL).read_bytes() == before
    (tmp_path / JOURNAL).write_bytes(b"x\n" + before)
    with pytest.raises(FewskyError, match="wanted the journal of this search, key; found JSON"):
        study(tmp_path)


def test_what_diverges_is_said_and_left_out(tmp_path):
    def fragile(n, values):
        if values["recipe.augment"] == "none":
            raise Diverged("wanted a finite loss")
        return bowl(n, values)

    found = study(tmp_path / "some", fragile)
    states = {trial.values["recipe.augment"]: trial.state for trial in found}
    assert states == {"none": "diverged", "d4": "complete"}
    assert [trial.value is None for trial in found] == [t.state == "diverged" for t in found]
    assert best_of(found, "val_loss").state == "complete"
    never = SPACE | {"recipe.augment": {"choices": ["none"]}}
    with pytest.raises(FewskyError, match="a trial that ends with a finite loss; found none in 9"):
        study(tmp_path / "none", fragile, space=never)


def test_several_workers_make_each_trial_once(tmp_path):
    found = study(tmp_path / "two", workers=3)
    assert [trial.number for trial in found] == list(range(9))
    assert {trial.state for trial in found} == {"complete"}

    def broken(_, values):
        raise FewskyError("model: wanted settings that compact takes; found others.")

    with pytest.raises(FewskyError, match="that compact takes"):
        study(tmp_path / "broken", broken, workers=3)


# A search with a network.


def test_a_search_killed_in_training_ends_with_the_same_bytes(tmp_path):
    whole = searched(tmp_path, "whole")
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "out"), str(tmp_path / "resume")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{root / 'scripts'}:{root}"},
    )
    ended = 0
    for line in child.stdout:
        ended += line.startswith("trial ")
        if ended == 2 and "epoch 2:" in line:
            child.kill()
            break
    child.communicate()
    assert child.returncode == -9
    left = [path.name for path in (tmp_path / "resume").rglob("*") if path.is_file()]
    assert JOURNAL in left
    assert any(name.startswith("budget-90-fold--1-rate-") for name in left)
    assert not (tmp_path / "out").exists()
    assert searched(tmp_path) == whole


def test_files_say_what_was_tried_and_found(tmp_path):
    searched(tmp_path, metric="val_accuracy")
    table, best = pd.read_csv(tmp_path / "out/trials.csv"), load_json(tmp_path / "out/best.json")
    assert table.columns.tolist() == [
        "trial", "model.dropout", "model.width", "value", "epochs", "parameters", "flops", "state"
    ]  # fmt: skip
    assert table["trial"].tolist() == [0, 1, 2, 3]
    row = table.set_index("trial").loc[best["trial"]]
    assert best["value"] == row["value"] == table["value"].max()
    assert best["found"] == {k: row[k] for k in ("model.dropout", "model.width")}
    assert (best["tuned_with"], best["draw"], best["metric"]) == (90, 0, "val_accuracy")
    widths = table.drop_duplicates("model.width").set_index("model.width")
    assert len(widths) > 1
    for width, one in widths.iterrows():
        w = int(width)
        convolutions = 9 * (2 * w + w * 2 * w + 4 * w * w) + 5 * w
        assert one["parameters"] == convolutions + 8 * w * w + 2 * w + 2 * w + 1
    assert not {"seconds", "duration"} & {word for name in table for word in name.split("_")}


def test_a_training_takes_what_was_found_and_says_how_many_labels_it_was_tuned_with(tmp_path):
    best = {"found": {"model.width": 4, "recipe.affine.zoom": 0.1}, "tuned_with": 90, "trial": 3}
    told = settings(model=MODEL, max_epochs=1, budgets=[40])
    told["recipe"] = told["recipe"] | {"affine": {"zoom": 0.2, "flip": True}}
    merged = with_found(told, best)
    assert told["model"]["width"] == 8 and told["recipe"]["affine"]["zoom"] == 0.2
    assert merged["recipe"]["affine"] == {"zoom": 0.1, "flip": True}
    assert with_found(told, None) is told
    train(merged, *world(), 0, tmp_path / "out", tmp_path / "resume", "cpu")
    card = load_json(tmp_path / "out/model.json")
    assert card["model"]["width"] == 4
    assert [(run["budget"], run["tuned_with"]) for run in card["runs"]] == [(40, 90)]


def test_a_number_in_a_path_counts_items():
    told = {"model": {"filters": [8, 16]}, "recipe": {"loss": "auto"}}
    found = with_values(told, {"model.filters.1": 32, "model.dense": 5})
    assert found == {"model": {"filters": [8, 32], "dense": 5}, "recipe": {"loss": "auto"}}


def test_nothing_of_the_test_part_reaches_a_search(tmp_path):
    """Other test pixels and test labels: the same trials, to the byte."""
    first = searched(tmp_path, trials=2)
    images, catalog, manifest, draws = world()
    test = manifest["part"] == "test"
    images[catalog["object_id"].isin(manifest["object_id"][test]).to_numpy()] *= 9
    manifest.loc[test, "label"] = "star"
    assert searched(tmp_path, "changed", (images, catalog, manifest, draws), trials=2) == first


def test_a_search_ends_with_one_line_and_leaves_nothing(tmp_path):
    told = settings(model=MODEL, max_epochs=1) | {"search": TINY}
    cases = [
        (told | {"model": {"name": "scratch-two"}}, r"model: wanted settings that scratch-two"),
        (told | {"budgets": [4]}, r"wanted validation objects to search by; found none among 4"),
    ]
    for changed, line in cases:
        changed["recipe"] = changed["recipe"] | {"restore": "last"}
        with pytest.raises(FewskyError, match=line):
            search_settings(changed, *world(), tmp_path / "out", tmp_path / "resume", "cpu")
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_finished_study_is_published_without_another_training(tmp_path, monkeypatch):
    """Killed between the last trial and the files: nothing is trained again."""
    whole = searched(tmp_path, "whole", trials=2)
    publish = searching._publish

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(searching, "_publish", stop)
    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path, trials=2)
    monkeypatch.setattr(searching, "_publish", publish)
    monkeypatch.setattr(searching, "fit_run", stop)
    assert searched(tmp_path, trials=2) == whole


def test_values_are_those_of_the_validation_objects():
    classes = ["a", "b", "c"]
    rows = [("val", "a", 0.5, 0.3, 0.2), ("val", "b", 0.6, 0.3, 0.1), ("val", "a", 0.8, 0.1, 0.1),
            ("val", "c", 0.2, 0.2, 0.6), ("test", "b", 1.0, 0.0, 0.0)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["part", "label", "p_a", "p_b", "p_c"])
    assert value_of(table, classes, "val_accuracy") == 0.75
    loss = -np.log([0.5, 0.3, 0.8, 0.6]).mean()
    assert value_of(table, classes, "val_loss") == pytest.approx(loss)
    # F1 of a: precision 2/3, recall 1; of b: 0; of c: 1.
    assert value_of(table, classes, "macro_f1") == pytest.approx((0.8 + 0 + 1) / 3)


# The space in config.yaml.


def item(space=None, **changes):
    """An experiment as config.yaml resolves it, with a search."""
    model = {"name": "scratch-two", "filters": [16, 32], "kernels": [3, 3], "extra": []}
    search = {"trials": 3, "draw": changes.pop("draw", 0), "space": space or SPACE}
    recipe = {"learning_rate": 0.001, "unfreeze": "all", "affine": {"zoom": 0.2}}
    return {"model": model, "recipe": recipe, "frozen": False, "search": search} | changes


def resolved(one, folds=0, draws=5):
    task = {"split": {"folds": folds, "draws": draws}}
    resolve_search("two", one, task, load_schema())
    return one["search"]["space"]


def test_numbers_of_a_space_have_the_types_of_their_settings():
    found = resolved(
        item({
            "model.filters.1": {"low": 8.0, "high": 64, "step": 8},
            "model.kernels.0": {"choices": [3, 5]},
            "model.dropout": {"low": 0, "high": 0.5},
            "recipe.affine.zoom": {"low": 0, "high": 0.2},
            "model.dense": {"low": 16, "high": 128, "log": True},
        })
    )  # fmt: skip
    assert found == {
        "model.filters.1": {"low": 8, "high": 64, "step": 8},
        "model.kernels.0": {"choices": [3, 5]},
        "model.dropout": {"low": 0.0, "high": 0.5},
        "recipe.affine.zoom": {"low": 0.0, "high": 0.2},
        "model.dense": {"low": 16, "high": 128, "log": True},
    }
    assert isinstance(found["model.filters.1"]["low"], int)
    assert isinstance(found["model.dropout"]["low"], float)


@pytest.mark.parametrize(
    ("path", "wanted", "line"),
    [
        ("model.drop_out", {"low": 0, "high": 1}, r"found 'model\.drop_out'\. Did you"),
        ("dropout", {"low": 0, "high": 1}, r"a setting of the model or recipe .* found 'dropout'"),
        ("model.name", {"choices": ["compact"]}, r"that may be searched; found 'model\.name'"),
        ("recipe.unfreeze", {"choices": [1]}, r"that may be searched; found 'recipe\.unfreeze'"),
        ("recipe.processes", {"choices": [1]}, r"found 'recipe\.processes'"),
        ("model.filters.2", {"low": 8, "high": 9}, r"where model\.filters has 2 values"),
        ("model.filters", {"choices": [8]}, r"filters: wanted a value of type array"),
        ("recipe.affine.zom", {"low": 0, "high": 0.1}, r"found 'recipe\.affine\.zom'"),
        ("model.dropout", {"low": 0.5, "high": 0.1}, r"no higher than high; found 0\.5 and"),
        ("model.dropout", {"low": 0, "high": 1.5}, r"dropout: wanted maximum 0\.9; found 1"),
        ("model.dense", {"low": 8.5, "high": 9}, r"dense: wanted a value of type integer"),
        ("model.dense", {"low": 8}, r"wanted either choices, or low and high; found low"),
        ("model.dense", {"low": 8, "high": 9, "choices": [8]}, r"wanted either choices, or"),
        ("model.dropout", {"low": 0, "high": 0.5, "log": True}, r"a low above 0 and no .* low 0"),
        ("recipe.loss", {"low": 0, "high": 1}, r"loss: wanted choices for what is no"),
        ("recipe.loss", {"choices": ["hinge"]}, r"loss: wanted one of auto.*'hinge'"),
    ],
)  # fmt: skip
def test_a_space_that_cannot_be_searched_is_refused(path, wanted, line):
    with pytest.raises(FewskyError, match=rf"^config: experiments\.two\.search\.space.*{line}"):
        resolved(item({path: wanted}))


def test_an_experiment_that_cannot_be_searched_is_refused():
    cases = [
        (item(draw=5), {}, "a draw below 5; found 5"),
        (item(draw=2, draws=2), {}, "a draw below 2; found 2"),
        (item(), {"folds": 4}, "a task without folds.* found 4"),
        (item(teacher="other", pseudo={}), {}, "hangs on no other; found teacher, pseudo"),
        (item(start={"from": "other"}), {}, r"hangs on no other; found start\.from"),
        ({k: v for k, v in item().items() if k != "recipe"}, {}, "a network with a recipe"),
        (item(frozen=True), {}, r"may be searched; found 'recipe\.augment'"),
    ]
    for one, task, line in cases:
        with pytest.raises(FewskyError, match=rf"^config: experiments\.two\.search.*{line}"):
            resolved(one, **task)
