"""The trainer: it learns, keeps its promises about files and parts, and survives being killed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open

from fewsky import lock
from fewsky.console import FewskyError
from fewsky.files import load_arrays
from fewsky.models import loop, trained
from fewsky.models.checkpoint import save_state
from fewsky.models.objectives import ManyClasses, TwoClasses, objective
from fewsky.models.schedule import Progress, judge, learning_rate, total_steps
from fewsky.models.start import load_start
from fewsky.models.train import train
from fewsky.unfinished import forget
from tests.unit.training_world import BANDS, RECIPE, SIZE, settings, world

FILES = ["history.csv", "model.json", "model.safetensors", "predictions.parquet"]
REGULARISED = {"model": {"name": "ruhmer-regularised"}, "augment": "combined", "budgets": [40, 80]}
CHILD = """
import json, sys
from tests.unit.training_world import settings, world
from fewsky.models.train import train
out, resume, changes = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
train(settings(**changes), *world(), 0, out, resume, "cpu", wait_seconds=0)
"""


def run(tmp_path, draw=0, data=None, name="out", **changes):
    """Train, and return the four files as `{name: bytes}`."""
    options = {key: changes.pop(key) for key in ("start", "wait_seconds") if key in changes}
    out = tmp_path / name
    train(settings(**changes), *(data or world()), draw, out, tmp_path / "resume", "cpu", **options)
    assert sorted(path.name for path in out.iterdir()) == FILES
    forget(tmp_path / "resume")
    assert list((tmp_path / "resume").iterdir()) == []
    return {path.name: path.read_bytes() for path in out.iterdir()}


def predictions(tmp_path, name="out"):
    return pd.read_parquet(tmp_path / name / "predictions.parquet")


def card(files):
    return json.loads(files["model.json"])


def refused(tmp_path, message, data=None, **changes):
    """Training must end with one line of ours and leave no file."""
    with pytest.raises(FewskyError, match=message) as caught:
        run(tmp_path, data=data, **changes)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


# What it learns and writes.


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model": {"name": "compact", "width": 8}, "psf": "residual", "test_views": 8},
        {"augment": "combined", "augment_mode": "product", "max_epochs": 1, "stretch": "raw"},
        {"optimizer": "sgd", "learning_rate": 0.03, "schedule": "cosine", "warmup": 0.1},
        {"loss": "softmax", "class_weights": "balanced", "optimizer": "adamw"},
        {"dtype": "bfloat16"},
    ],
)
def test_it_learns_to_tell_wide_from_narrow(tmp_path, changes):
    run(tmp_path, **changes)
    table = predictions(tmp_path)
    test = table[table["part"] == "test"]
    assert len(test) == 30
    assert ((test["p_star"] > 0.5) == (test["label"] == "star")).mean() > 0.9
    np.testing.assert_allclose(test["p_star"] + test["p_galaxy"], 1, atol=1e-6)


def test_three_classes_are_told_apart(tmp_path):
    classes = ("wide", "medium", "narrow")
    data = world(180, classes)
    run(tmp_path, data=data, classes=list(classes), max_epochs=12)
    table = predictions(tmp_path)
    columns = [f"p_{name}" for name in classes]
    test = table[table["part"] == "test"]
    likeliest = np.array(classes)[test[columns].to_numpy().argmax(axis=1)]
    assert (likeliest == test["label"]).mean() > 0.85
    assert table[columns].dtypes.eq("float32").all()


def test_budgets_count_every_label_seen(tmp_path):
    files = run(tmp_path, budgets=["all", 20, 40], max_epochs=2)
    _, _, manifest, draws = world()
    table = predictions(tmp_path)
    sizes = table.groupby(["budget", "part"]).size().unstack(fill_value=0)
    assert sizes.loc[20].to_dict() == {"test": 30, "train": 16, "unused": 70, "val": 4}
    assert sizes.loc[90].to_dict() == {"test": 30, "train": 72, "unused": 0, "val": 18}
    ranks = draws[draws["draw"] == 0].set_index("object_id")["rank"]
    seen = table[(table["budget"] == 40) & table["part"].isin(["train", "val"])]
    assert sorted(ranks[seen["object_id"]]) == list(range(40))
    labels = manifest.set_index("object_id")["label"]
    assert (labels[table["object_id"]].to_numpy() == table["label"]).all()
    for entry in card(files)["runs"]:
        counted = sum(sum(part.values()) for part in entry["labels_seen"].values())
        assert counted == entry["budget"] == entry["tuned_with"]
    history = pd.read_csv(tmp_path / "out" / "history.csv")
    assert history[["budget", "epoch"]].to_numpy().tolist() == [
        [budget, epoch] for budget in (20, 40, 90) for epoch in (1, 2)
    ]


def test_folds_hold_out_one_fold_after_another(tmp_path):
    run(tmp_path, folds=4, max_epochs=1)
    manifest = world()[2].set_index("object_id")
    table = predictions(tmp_path)
    for fold in range(4):
        part = table[(table["fold"] == fold) & (table["part"] == "test")]
        assert sorted(part["object_id"]) == sorted(manifest.index[manifest["fold"] == fold])
        seen = table[(table["fold"] == fold) & (table["part"] != "test")]
        assert not (manifest["fold"][seen["object_id"]] == fold).any()
    assert sorted(set(table["fold"])) == [0, 1, 2, 3]


def test_a_stored_network_predicts_what_was_published(tmp_path):
    files = run(tmp_path, model={"name": "compact", "extra": ["noise_{band}"]}, **{"folds": 2})
    images, catalog, _, _ = world()
    table = predictions(tmp_path)
    network, found = trained.load_model(tmp_path / "out", fold=1)
    rows = table[table["fold"] == 1].set_index("object_id")["p_star"]
    again = trained.predict(network, found, images, catalog)[:, 1]
    expected = rows.reindex(catalog["object_id"])
    known = expected.notna().to_numpy()
    np.testing.assert_allclose(again[known], expected[known], atol=1e-6)
    assert found["parameters"] == sum(weight.numel() for weight in network.parameters())
    assert found["labels_seen"] == card(files)["runs"][1]["labels_seen"]
    with pytest.raises(FewskyError, match="wanted one run"):
        trained.load_model(tmp_path / "out")
    with pytest.raises(FewskyError, match="wanted images of"):
        trained.predict(network, found, images[:, :, 1:], catalog)


def test_eight_test_views_do_not_see_a_turn(tmp_path):
    run(tmp_path, test_views=8, max_epochs=1)
    images, catalog, _, _ = world()
    network, found = trained.load_model(tmp_path / "out")
    np.testing.assert_allclose(
        trained.predict(network, found, np.rot90(images, 1, (2, 3)), catalog),
        trained.predict(network, found, images, catalog),
        atol=1e-5,
    )


def test_nothing_of_the_test_part_reaches_the_network(tmp_path):
    """Other test pixels, other test labels: the same network, bit for bit."""
    images, catalog, manifest, draws = world()
    first = run(tmp_path, stretch="asinh", model={"name": "compact", "extra": ["noise_r"]})
    test = manifest["part"] == "test"
    rows = catalog["object_id"].isin(manifest["object_id"][test]).to_numpy()
    images[rows] *= 9
    catalog.loc[rows, "noise_r"] *= 9
    manifest.loc[test, "label"] = "star"
    changed = (images, catalog, manifest, draws)
    second = run(
        tmp_path,
        data=changed,
        name="changed",
        stretch="asinh",
        model={"name": "compact", "extra": ["noise_r"]},
    )
    for name in ("model.safetensors", "model.json", "history.csv"):
        assert first[name] == second[name]
    assert first["predictions.parquet"] != second["predictions.parquet"]


def test_restore_takes_the_best_epoch_or_the_last(tmp_path):
    images, catalog, manifest, draws = world()
    wrong = np.random.default_rng(0).random(len(manifest)) < 0.3
    flipped = manifest["label"].map({"star": "galaxy", "galaxy": "star"})
    noisy = manifest.assign(label=manifest["label"].where(~wrong, flipped))
    kept = {}
    for restore in ("best", "last"):
        files = run(
            tmp_path,
            data=(images, catalog, noisy, draws),
            name=restore,
            restore=restore,
            learning_rate=0.01,
            max_epochs=8,
        )
        history = pd.read_csv(tmp_path / restore / "history.csv")
        best = int(history["epoch"][history["val_loss"].idxmin()])
        kept[restore] = card(files)["runs"][0]["epoch"]
        assert kept[restore] == {"best": best, "last": 8}[restore]
        table = predictions(tmp_path, restore)
        val = table[table["part"] == "val"]
        p = np.where(val["label"] == "star", val["p_star"], val["p_galaxy"]).astype(float)
        row = history.set_index("epoch").loc[kept[restore]]
        assert -np.log(p).mean() == pytest.approx(row["val_loss"], rel=1e-3, abs=1e-6)
    assert kept["best"] < kept["last"]


def test_it_starts_from_given_weights(tmp_path):
    run(tmp_path, name="first", max_epochs=3)
    stage = tmp_path / "first" / "model.safetensors"
    initial = load_arrays(stage)
    start = load_start(None, stage, 0)
    run(tmp_path, name="same", start=start, learning_rate=1e-12, max_epochs=1)
    same = load_arrays(tmp_path / "same" / "model.safetensors")
    for name, array in initial.items():
        np.testing.assert_allclose(same[name], array, atol=1e-9)
    with pytest.raises(
        FewskyError, match=r"start: wanted weights of budget-40/fold--1; found only"
    ):
        run(tmp_path, name="no", start=start, budgets=[40])
    with pytest.raises(FewskyError, match=r"start: wanted weights head.* and loss"):
        run(tmp_path, name="no", start=start, loss="softmax")
    with pytest.raises(FewskyError, match=r"start: wanted weights .* of shape"):
        run(tmp_path, name="no", start=start, model={"name": "compact"})


# The same bytes, whatever happens.


def test_equal_runs_give_equal_bytes_and_draws_differ(tmp_path):
    first = run(tmp_path, **REGULARISED)
    threads = torch.get_num_threads()
    torch.manual_seed(99)
    assert run(tmp_path, name="again", **REGULARISED) == first
    assert torch.get_num_threads() == threads
    other = run(tmp_path, draw=1, name="other", **REGULARISED)
    assert other["model.safetensors"] != first["model.safetensors"]


@pytest.mark.parametrize("product", [False, True])
def test_stopped_after_any_epoch_it_ends_with_the_same_bytes(tmp_path, monkeypatch, product):
    changes = dict(REGULARISED, schedule="plateau", optimizer="adamw", max_epochs=3)
    if product:
        changes |= {"augment_mode": "product", "budgets": [20]}
    whole = run(tmp_path, name="whole", **changes)

    class Stop(Exception):
        pass

    attempts = 0
    while attempts < 8:
        attempts += 1
        seen = []

        def stop_after_two(line, seen=seen):
            seen.append(line)
            if sum("images/s" in text for text in seen) == 2:
                raise Stop

        monkeypatch.setattr(loop, "say", stop_after_two)
        try:
            result = run(tmp_path, **changes)
        except Stop:
            assert not (tmp_path / "out").exists()
            continue
        break
    assert result == whole
    assert attempts == (3 if product else 6)


def test_killed_it_resumes_and_ends_with_the_same_bytes(tmp_path):
    changes = dict(REGULARISED, max_epochs=8)
    whole = run(tmp_path, name="whole", **changes)
    command = [sys.executable, "-c", CHILD, str(tmp_path / "out"), str(tmp_path / "resume")]
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root / 'scripts'}:{root}"}
    child = subprocess.Popen(
        [*command, json.dumps(changes)], stdout=subprocess.PIPE, text=True, env=environment
    )
    for line in child.stdout:
        if "budget 80" in line and "epoch 3:" in line:
            child.kill()
            break
    child.communicate()
    assert child.returncode == -9
    left = [path.name for path in (tmp_path / "resume").rglob("*") if path.is_file()]
    assert any(name.endswith(".lock") for name in left)
    assert any(name.startswith("budget-80-fold--1-") for name in left)
    assert not (tmp_path / "out").exists()
    assert run(tmp_path, wait_seconds=0, **changes) == whole


def test_unfinished_work_is_tensors_and_json_only(tmp_path, monkeypatch):
    def stop(path, *state):
        save_state(path, *state)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "save_state", stop)
    with pytest.raises(KeyboardInterrupt):
        train(settings(), *world(), 0, tmp_path / "out", tmp_path / "resume", "cpu")
    (state,) = (tmp_path / "resume").rglob("*.*")
    with safe_open(state, framework="np") as stream:
        names = {name.split("/")[0] for name in stream.keys()}  # noqa: SIM118
        progress = json.loads(stream.metadata()["progress"])
        assert stream.get_tensor("generator/order").dtype == np.uint8
    assert progress["epoch"] == len(progress["history"]) == 1
    assert names == {"network", "best", "optimiser", "generator"}


# Locks.


def owned(path, **changes):
    """A lock file as another trainer would leave it."""
    owner = {"token": "theirs", **lock._identity(), **changes}
    path.write_text(json.dumps(owner))
    return path


def test_a_second_trainer_stops_with_one_line(tmp_path):
    resume = tmp_path / "resume"
    with lock.held(resume / "a.lock", 0) as still_mine:
        assert still_mine()
        with (
            pytest.raises(
                FewskyError, match=rf"a\.lock: wanted to train; found process {os.getpid()}"
            ),
            lock.held(resume / "a.lock", 0.05),
        ):
            pytest.fail("the lock was given twice")
        assert still_mine()
    assert list(resume.iterdir()) == []


def test_it_waits_for_the_first(tmp_path):
    path = tmp_path / "a.lock"
    code = (
        "import sys, time; from fewsky.lock import held\n"
        "with held(sys.argv[1], 0): print('held', flush=True); time.sleep(0.5)"
    )
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root / "scripts")},
    )
    assert child.stdout.readline() == "held\n"
    with lock.held(path, 30):
        assert child.wait(5) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [{"pid": 2**22 + 1}, {"started": "another boot:12"}],
)
def test_a_dead_owner_here_is_succeeded_at_once(tmp_path, change):
    path = owned(tmp_path / "a.lock", **change)
    with lock.held(path, 0) as still_mine:
        assert still_mine()
        with pytest.raises(FewskyError), lock.held(path, 0):
            pytest.fail("the lock was given twice")
    assert list(tmp_path.iterdir()) == []


def test_an_owner_elsewhere_is_dead_when_its_time_stamp_is_old(tmp_path):
    path = owned(tmp_path / "a.lock", host="elsewhere")
    with pytest.raises(FewskyError, match="on elsewhere"), lock.held(path, 0, stale_seconds=60):
        pytest.fail("the owner is alive")
    os.utime(path, (time.time() - 120, time.time() - 120))
    with lock.held(path, 0, stale_seconds=60):
        pass
    assert list(tmp_path.iterdir()) == []


def test_one_of_many_successors_gets_the_lock(tmp_path):
    """Five processes find a dead owner at once; one at a time may hold the lock."""
    path = owned(tmp_path / "a.lock", pid=2**22 + 1)
    code = (
        "import sys, time; from pathlib import Path; from fewsky.lock import held\n"
        "with held(sys.argv[1], 60):\n"
        "    inside = Path(sys.argv[1] + '.inside'); inside.touch(exist_ok=False)\n"
        "    time.sleep(0.05); inside.unlink()"
    )
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": str(root / "scripts")}
    command = [sys.executable, "-c", code, str(path)]
    children = [subprocess.Popen(command, env=environment) for _ in range(5)]
    assert [child.wait(60) for child in children] == [0] * 5
    assert list(tmp_path.iterdir()) == []


def test_a_trainer_that_was_succeeded_publishes_nothing(tmp_path, monkeypatch):
    """Held up for long, it finds a successor's file after its own."""
    resume = tmp_path / "resume"

    def usurp(line):
        held = next(resume.glob("*.lock"))
        token = json.loads(held.read_text())["token"]
        owned(held.with_name(f"{held.name}.after-{token}"))

    monkeypatch.setattr(loop, "say", usurp)
    with pytest.raises(FewskyError, match="another trainer has taken it over"):
        train(settings(max_epochs=1), *world(), 0, tmp_path / "out", resume, "cpu")
    assert not (tmp_path / "out").exists()


# Bad input.


def test_a_loss_that_is_not_finite_ends_it(tmp_path):
    refused(
        tmp_path,
        r"sharp-or-soft draw 0 .*: wanted a finite train_loss; found (nan|inf) in epoch \d+ at "
        r"learning rate 1e\+30\. Lower recipe\.learning_rate",
        optimizer="sgd",
        learning_rate=1e30,
        stretch="raw",
    )


def test_what_does_not_fit_together_is_refused(tmp_path):
    images, catalog, manifest, draws = world()
    refused(tmp_path, r"wanted \(n, 2, size, size\)", (images[:, :1], catalog, manifest, draws))
    refused(tmp_path, r"found \(120, 2, 13, 12\)", (images[..., 1:], catalog, manifest, draws))
    refused(tmp_path, "one image for each of 120", (images[1:], catalog, manifest, draws))
    refused(tmp_path, "found 1 others, first", (images[1:], catalog[1:], manifest, draws))
    refused(tmp_path, "each object_id once", (images, catalog, pd.concat([manifest] * 2), draws))
    relabelled = manifest.assign(label=manifest["label"].replace("star", "quasar"))
    refused(tmp_path, "galaxy, star; found quasar", (images, catalog, relabelled, draws))
    one = manifest.assign(label="star")
    refused(tmp_path, "every class; found none of galaxy", (images, catalog, one, draws))
    refused(tmp_path, "wanted draw 0; found none", (images, catalog, manifest, draws[:0]))
    broken = images.copy()
    broken[int(manifest.index[manifest["part"] == "test"][0]), 0, 3, 3] = np.nan
    refused(tmp_path, "wanted finite pixels; found 1 objects", (broken, catalog, manifest, draws))


def test_settings_that_cannot_be_met_are_refused(tmp_path):
    refused(tmp_path, "at most 90 labels.*found 91", budgets=[91])
    refused(tmp_path, "validation objects for patience, restore: best", budgets=[4], patience=3)
    refused(tmp_path, "augment none, rotation", psf="residual", augment="blur")
    three = ["galaxy", "quasar", "star"]
    refused(tmp_path, "found binary", world(120, tuple(three)), loss="binary", classes=three)
    if not torch.cuda.is_available():
        with pytest.raises(FewskyError, match="wanted a CUDA device"):
            train(settings(), *world(), 0, tmp_path / "out", tmp_path, "cuda")


# Pieces.


def test_one_output_and_two_say_the_same():
    logit = torch.tensor([[-2.0], [0.3], [4.0]])
    pair = torch.cat([torch.zeros_like(logit), logit], dim=1)
    targets = torch.tensor([0, 1, 0])
    one, two = TwoClasses(), ManyClasses(2)
    torch.testing.assert_close(one.loss(logit, targets), two.loss(pair, targets))
    torch.testing.assert_close(one.probabilities(logit), two.probabilities(pair))
    assert one.right(logit, targets).tolist() == two.right(pair, targets).tolist()
    assert (objective("auto", 2).n_outputs, objective("auto", 3).n_outputs) == (1, 3)


def test_balanced_weights_are_n_over_c_n_c():
    targets = torch.tensor([0] * 6 + [1] * 2)
    weights = loop.class_weights(targets, {"class_weights": "balanced"})
    assert weights.tolist() == pytest.approx([8 / (2 * 6), 8 / (2 * 2)])
    assert weights[targets].mean().item() == pytest.approx(1)


def test_learning_rates():
    recipe = RECIPE | {"learning_rate": 1.0, "warmup": 0.1, "schedule": "cosine"}
    rates = [learning_rate(recipe, Progress(step=k), 100) for k in range(100)]
    assert rates[:3] == pytest.approx([1 / 11, 2 / 11, 3 / 11])
    assert rates[10] == 1
    assert rates[55] == pytest.approx(0.5)
    assert rates[99] < 0.001
    assert np.diff(rates[10:]).max() < 0


def test_length_of_a_run():
    recipe = RECIPE | {"max_epochs": 10}
    assert total_steps(recipe, 7) == 70
    assert total_steps(recipe | {"min_steps": 200}, 7) == 200
    assert total_steps(recipe | {"min_steps": 200, "max_steps": 50}, 7) == 50


def test_early_stopping_counts_as_keras_does():
    """Patience 3: stop at the third epoch in a row without a new best; ties are none."""
    recipe = RECIPE | {"patience": 3}
    progress, better = Progress(), []
    for loss in (0.9, 0.8, 0.85, 0.8, 0.7, 0.75, 0.7, 0.9, 0.1):
        progress.epoch += 1
        better.append(judge(progress, recipe, {"val_loss": loss}, 1000))
        if progress.finished:
            break
    assert (progress.epoch, progress.best_epoch, progress.best) == (8, 5, 0.7)
    assert better == [True, True, False, False, True, False, False, False]


def test_plateau_halves_the_rate():
    recipe = RECIPE | {"schedule": "plateau", "plateau_patience": 2, "learning_rate": 1.0}
    progress, rates = Progress(), []
    for loss in (1.0, 0.9, 0.95, 0.95, 0.95, 0.95, 0.5):
        progress.epoch += 1
        judge(progress, recipe, {"val_loss": loss}, 1000)
        rates.append(learning_rate(recipe, progress, 1000))
    assert rates == [1, 1, 1, 0.5, 0.5, 0.25, 0.25]


def test_max_steps_ends_a_run_inside_an_epoch(tmp_path):
    files = run(tmp_path, max_steps=7, max_epochs=100)
    entry = card(files)["runs"][0]
    assert (entry["steps"], entry["epochs"]) == (7, 2)
    assert card(files)["size"] == SIZE and card(files)["bands"] == BANDS
