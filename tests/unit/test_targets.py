"""Tasks with targets: what is missing stays out, scales go there and back, one class to split."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.metrics.comparisons import compare_task, list_pairs
from fewsky.metrics.targets import medians, score_targets
from fewsky.models.objectives import ManyClasses, Targets, objective, objective_of
from fewsky.models.regressors import fit_regressor
from fewsky.models.targets import Scale, scale_of
from fewsky.models.train import train
from fewsky.models.trained import load_model, predict
from fewsky.splits.assign import make_split
from fewsky.splits.labels import as_one_class, target_values
from fewsky.target_columns import are_measured
from fewsky.unfinished import forget
from tests.conftest import ROOT
from tests.unit.training_world import SIZE, settings, world

TARGETS = {
    "columns": ["mag_g", "mag_r"], "scale": "standard", "divide_by": 35.0, "low": 10.0,
    "high": 40.0, "missing": "mask", "errors": [],
}  # fmt: skip
NONE = TARGETS | {"columns": []}
SPLIT = {
    "by": "sky", "train": [], "val": [], "test": [], "tile_arcmin": 2.0, "test_fraction": 0.25,
    "guard_arcsec": None, "folds": 0, "draws": 2, "balance": "natural", "duplicates": "drop",
    "match_arcsec": 1.0, "audit": "enforce", "seed": 0, "val_fraction": 0,
    "unlabelled_fraction": 0, "link_arcsec": None,
}  # fmt: skip


def bright_world(absent=99.0):
    """The trainer's world with magnitudes of the light in each image; every seventh g is absent."""
    images, catalog, manifest, draws = world(160)
    for k, band in enumerate("gr"):
        light = np.maximum(images[:, k].sum(axis=(1, 2)), 0.1)
        catalog[f"mag_{band}"] = 22.5 - 2.5 * np.log10(light)
    catalog.loc[::7, "mag_g"] = absent
    return images, catalog, manifest.assign(label="object"), draws


def told(**changes):
    targets = changes.pop("targets", TARGETS)
    loss = {"loss": "huber", "model": {"name": "compact", "width": 8}, "stretch": "raw"}
    return settings(**(loss | changes)) | {"classes": [], "targets": targets}


def run(tmp_path, data=None, **changes):
    out = tmp_path / "out"
    train(told(**changes), *(data or bright_world()), 0, out, tmp_path / "resume", "cpu")
    forget(tmp_path / "resume")
    return {path.name: path.read_bytes() for path in out.iterdir()}


def table_of(tmp_path):
    return pd.read_parquet(tmp_path / "out" / "predictions.parquet")


# What is known.


def test_what_is_absurd_or_not_finite_is_missing():
    catalog = pd.DataFrame({"a": [20, 99, -99, 15], "b": [1.0, np.inf, np.nan, 40.0]})
    found = target_values(catalog, {"columns": ["a", "b"], "low": 1.0, "high": 40.0})
    np.testing.assert_array_equal(found, [[20, 1], [np.nan, np.nan], [np.nan, np.nan], [15, 40]])
    assert target_values(catalog, NONE).shape == (4, 0)


def test_a_target_may_be_a_difference_or_a_ratio_of_columns():
    catalog = pd.DataFrame({"a": [20.0, -9999.0, 18.0, 9.0], "b": [19.0, -9999.0, 99.0, 3.0]})
    targets = {"columns": ["a - b", "a / b", "b"], "low": 0.0, "high": 40.0}
    found = target_values(catalog, targets)
    np.testing.assert_allclose(found[0], [1, 20 / 19, 19])
    np.testing.assert_allclose(found[3], [6, 3, 3])
    assert np.isnan(found[1:3]).all(), (
        "the limits hold for the columns, not for what is made of them"
    )
    zero = pd.DataFrame({"a": [1.0, 0.0], "b": [0.0, 0.0]})
    assert np.isnan(target_values(zero, {"columns": ["a / b"]})).all()
    with pytest.raises(FewskyError, match=r"column c .* found none of that name"):
        target_values(catalog, {"columns": ["a - c"]})


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("mag_y", [1.0, 2.0, 3.0], "column mag_y .* found none of that name"),
        ("mag", ["bright", "faint", "bright"], "wanted numbers in the column mag; found 'bright'"),
        ("mag", [np.nan, 99.0, np.inf], "target mag that differ; found none known, of 3 objects"),
        ("mag", [17.0, 17.0, np.nan], "that differ; found 17 in all 2 that are known"),
    ],
)
def test_a_target_that_teaches_nothing_is_one_line(column, values, words):
    catalog = pd.DataFrame({"mag": values})
    targets = TARGETS | {"columns": [column]}
    with pytest.raises(FewskyError, match=words) as caught:
        as_one_class(catalog, {"targets": targets})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("targets", "kept"),
    [
        (TARGETS, [True, True, False]),
        (TARGETS | {"missing": "drop"}, [True, False, False]),
        (NONE, [True, True, True]),
    ],
)
def test_objects_without_what_is_needed_have_no_label(targets, kept):
    catalog = pd.DataFrame(
        {"label": "star", "mag_g": [20.0, 21.0, 99.0], "mag_r": [19.0, np.nan, 99.0]}
    )
    catalog.loc[3] = ["star", 22.0, 18.0]
    found, task = as_one_class(catalog, {"classes": [], "targets": targets, "label": "kind"})
    assert (found["label"] == "object").tolist() == [*kept, True]
    assert task["classes"] == ["object"] and task["label"] == "label"
    assert (catalog["label"] == "star").all()


def test_a_task_with_classes_stays_as_it_is():
    catalog, task = pd.DataFrame({"label": ["a"]}), {"classes": ["a", "b"]}
    assert as_one_class(catalog, task) == (catalog, task)


@pytest.mark.parametrize("changes", [{}, {"folds": 4, "test_fraction": 0.0}, {"balance": "class"}])
def test_the_split_takes_them_as_one_class(changes):
    rng = np.random.default_rng(1)
    n = 400
    catalog = pd.DataFrame({"object_id": [f"o{k}" for k in range(n)]})
    catalog["ra"], catalog["dec"] = rng.uniform(10, 10.3, n), rng.uniform(0, 0.3, n)
    catalog["mag_g"], catalog["mag_r"] = rng.normal(20, 1, (2, n))
    catalog.loc[:49, ["mag_g", "mag_r"]] = 99.0
    catalog["label"] = "star"
    task = {"label": "label", "keep": {}, "patch_arcsec": 5.0, "classes": [], "targets": TARGETS}
    manifest, draws, audit = make_split(
        catalog, None, {**task, "split": {**SPLIT, **changes}}, seed=0
    )
    used = manifest["part"].isin(["pool", "test"])
    assert (manifest.loc[used, "label"] == "object").all()
    assert (manifest["part"][:50] == "excluded").all() and used.sum() > 250
    assert audit["verdict"] == "clean" and set(draws["label"]) == {"object"}
    if "folds" in changes:
        assert sorted(manifest.loc[used, "fold"].unique()) == [0, 1, 2, 3]


# Scales and losses.


def test_scales_are_robust_and_go_back():
    values = np.array([[1.0, 10.0], [2.0, np.nan], [3.0, 10.0], [1000.0, 13.0], [0.0, 10.0]])
    found = scale_of(values, TARGETS, "here")
    np.testing.assert_allclose(found.centre, [2, 10])
    # Deviations from 2 are 0, 1, 1, 2, 998; more than half of the others are equal.
    np.testing.assert_allclose(found.spread, [1.4826, np.std([10, 10, 13, 10])])
    scaled = found.scaled(values)
    assert scaled.dtype == np.float32 and np.isnan(scaled[1, 1])
    np.testing.assert_allclose(found.physical(scaled), values, rtol=1e-6, atol=1e-6)
    kept = Scale.of_card(json.loads(json.dumps(found.card())))
    np.testing.assert_array_equal(kept.spread, found.spread)
    divided = scale_of(values, TARGETS | {"scale": "divide"}, "here")
    np.testing.assert_allclose(divided.scaled(values)[0], [1 / 35, 10 / 35], rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "each"),
    [
        ("mae", np.abs),
        ("mse", np.square),
        ("huber", lambda d: np.where(np.abs(d) < 1, d**2 / 2, np.abs(d) - 0.5)),
    ],
)
def test_the_loss_is_the_mean_over_known_targets(kind, each):
    outputs = torch.tensor([[0.5, 3.0], [1.0, -2.0], [4.0, 4.0]], requires_grad=True)
    targets = torch.tensor([[0.0, 1.0], [torch.nan, -1.5], [torch.nan, torch.nan]])
    losses = Targets(2, kind).loss(outputs, targets)
    wanted = [each(np.array([0.5, 2.0])).mean(), each(np.array([-0.5])).mean(), 0]
    np.testing.assert_allclose(losses.detach(), wanted, rtol=1e-6)
    losses.sum().backward()
    assert outputs.grad.isfinite().all()
    assert (outputs.grad == 0).tolist() == [[False, False], [True, False], [True, True]]


def test_the_loss_decides_the_objective_and_must_fit():
    found = objective_of(told(loss="mae"), SIZE, 2)
    assert (type(found), found.n_outputs, found.n_classes) == (Targets, 2, 0)
    classes = settings(loss="softmax")
    assert isinstance(objective_of(classes, SIZE, 2), ManyClasses)
    for wrong in (told(loss="auto"), told(loss="contrastive"), told(loss="mae", targets=NONE)):
        with pytest.raises(FewskyError, match=r"recipe.loss: wanted .* found"):
            objective_of(wrong, SIZE, 2)
    with pytest.raises(FewskyError, match="for a task with classes; found mse"):
        objective("mse", 2)


# Training.


def test_magnitudes_are_learned_and_what_is_missing_stays_out(tmp_path):
    files = run(tmp_path, max_epochs=25, budgets=[60, "all"], test_views=8)
    table, (_, catalog, _, _) = table_of(tmp_path), bright_world()
    columns = ["object_id", "part", "budget", "fold", "label"]
    assert list(table) == [*columns, "t_mag_g", "y_mag_g", "t_mag_r", "y_mag_r"]
    assert set(table["label"]) == {"object"}
    known = catalog.set_index("object_id").loc[table["object_id"]]
    np.testing.assert_array_equal(table["t_mag_r"], known["mag_r"])
    missing = (known["mag_g"] == 99).to_numpy()
    assert missing.any() and (table["t_mag_g"].isna().to_numpy() == missing).all()
    assert table["y_mag_g"].notna().all() and table["y_mag_g"].dtype == np.float32
    test = table[(table["part"] == "test") & (table["budget"] == table["budget"].max())]
    for band in "gr":
        error = (test[f"y_mag_{band}"] - test[f"t_mag_{band}"]).abs().mean()
        spread = (test[f"t_mag_{band}"] - test[f"t_mag_{band}"].median()).abs().mean()
        assert error < 0.5 * spread
    card = json.loads(files["model.json"])
    assert card["classes"] == [] and card["targets"] == TARGETS
    for entry in card["runs"]:
        assert sum(part["object"] for part in entry["labels_seen"].values()) == entry["budget"]
        seen = table[(table["budget"] == entry["budget"]) & (table["part"] == "train")]
        wanted = seen[["t_mag_g", "t_mag_r"]].median()
        np.testing.assert_allclose(entry["target_scale"]["centre"], wanted)
    history = pd.read_csv(tmp_path / "out" / "history.csv")
    assert history[["train_accuracy", "val_accuracy"]].isna().all(axis=None)
    assert history[["train_loss", "val_loss"]].notna().all(axis=None)


def test_a_stored_network_predicts_what_was_written(tmp_path):
    run(tmp_path, max_epochs=2, targets=TARGETS | {"scale": "divide"}, loss="mae")
    images, catalog, _, _ = bright_world()
    network, card = load_model(tmp_path / "out")
    assert card["target_scale"] == {"centre": [0.0, 0.0], "spread": [35.0, 35.0]}
    found = predict(network, card, images, catalog)
    table = table_of(tmp_path)
    rows = pd.Index(catalog["object_id"]).get_indexer(table["object_id"])
    # Batches of other sizes sum in another order.
    np.testing.assert_allclose(found[rows, 1], table["y_mag_r"], rtol=1e-4)


def test_how_a_missing_value_is_written_changes_no_weight(tmp_path):
    written = [
        run(tmp_path / str(k), bright_world(absent), max_epochs=2)["model.safetensors"]
        for k, absent in enumerate((99.0, np.nan, -np.inf))
    ]
    assert written[0] == written[1] == written[2]
    unlimited = TARGETS | {"low": None, "high": None}
    other = run(tmp_path / "unlimited", max_epochs=2, targets=unlimited)["model.safetensors"]
    assert other != written[0]


def test_folds_test_each_object_once(tmp_path):
    run(tmp_path, max_epochs=1, folds=4)
    table = table_of(tmp_path)
    tested = table.loc[table["part"] == "test", "object_id"]
    assert len(tested) == tested.nunique() == 120


def test_a_constant_target_among_the_labels_ends_the_training(tmp_path):
    images, catalog, manifest, draws = bright_world()
    one = catalog["object_id"].isin(draws["object_id"])
    catalog.loc[one, "mag_r"] = 20.0
    with pytest.raises(FewskyError, match="of 20 labels: wanted values of the target mag_r"):
        run(tmp_path, (images, catalog, manifest, draws), budgets=[20])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "loss",
    [
        {"loss": "contrastive", "projection": 8, "temperature": 0.2},
        {"loss": "masked", "mask_cell": 4, "mask_share": 0.5},
    ],
)
def test_starts_without_labels_need_no_target(tmp_path, loss):
    job = told(targets=NONE, max_epochs=2)
    job["recipe"] |= loss
    data, out = bright_world(), tmp_path / "out"
    train(job, *data, 0, out, tmp_path / "resume", "cpu")
    table = table_of(tmp_path)
    assert list(table) == ["object_id", "part", "budget", "fold", "label"]
    history = pd.read_csv(out / "history.csv")
    assert np.isfinite(history[["train_loss", "val_loss"]]).all(axis=None)
    network, card = load_model(out)
    assert predict(network, card, data[0], data[1]).shape == (160, 0)


def test_a_task_with_classes_says_nothing_of_targets(tmp_path):
    train(settings(max_epochs=1), *world(), 0, tmp_path / "out", tmp_path / "resume", "cpu")
    card = json.loads((tmp_path / "out" / "model.json").read_text())
    assert "targets" not in card and "target_scale" not in card["runs"][0]
    assert not [name for name in table_of(tmp_path) if name.startswith(("t_", "y_"))]


# Opponents.


def opponent(family, columns=(), **targets):
    _, catalog, manifest, draws = bright_world()
    catalog["light"] = 10 ** (0.4 * (22.5 - catalog["mag_r"]))
    job = {"family": family, "columns": list(columns), "options": {}}
    task = {"classes": [], "targets": TARGETS | targets, "split": {"folds": 0}}
    return fit_regressor(job, catalog, manifest, draws, task, 0, [50, "all"]), catalog


def test_the_median_of_the_labels_is_told_of_all():
    table, catalog = opponent("mode")
    known = catalog.set_index("object_id")["mag_g"].replace(99.0, np.nan)
    for budget, some in table.groupby("budget"):
        by_part = {part: rows for part, rows in some.groupby("part")}
        trained = known[by_part["train"]["object_id"]]
        seen = known[some.loc[some["part"] != "test", "object_id"]]
        np.testing.assert_allclose(by_part["val"]["y_mag_g"], trained.median(), rtol=1e-6)
        np.testing.assert_allclose(by_part["test"]["y_mag_g"], seen.median(), rtol=1e-6)
        assert len(seen) == budget


def test_a_forest_learns_from_columns_and_not_from_the_answer():
    table, _ = opponent("forest", ["light"])
    test = table[(table["part"] == "test") & (table["budget"] == 120)]
    assert (test["y_mag_r"] - test["t_mag_r"]).abs().mean() < 0.1 * test["t_mag_r"].std()
    assert test["t_mag_g"].isna().any() and test["y_mag_g"].notna().all()
    with pytest.raises(FewskyError, match="found mag_g, which gives the answer away"):
        opponent("forest", ["mag_*"])


# Metrics.


def small_predictions(fold=-1):
    n = 40
    rng = np.random.default_rng(3)
    ids = [f"o{k}" for k in range(n)]
    truth = rng.normal(20, 1, n)
    truth[:5] = np.nan
    manifest = pd.DataFrame({"object_id": ids, "group": np.arange(n) % 9, "part": "test"})
    frames = {}
    for draw in range(3):
        found = np.nan_to_num(truth, nan=20) + rng.normal(0.1, 0.3, n)
        frame = pd.DataFrame({"object_id": ids, "part": "test", "budget": 30, "t_m": truth})
        frames["net", draw] = frame.assign(
            fold=np.arange(n) % 2 if fold >= 0 else -1, label="object", y_m=found
        )
    catalog = pd.DataFrame({"object_id": ids, "e_m": np.r_[0, np.full(n - 1, 0.2)]})
    return frames, manifest, catalog.sample(frac=1, random_state=0)


def score(data, **targets):
    task = {"classes": [], "targets": TARGETS | {"columns": ["m"], "errors": ["e_m"]} | targets}
    return score_targets(*data, task, {"bootstrap": 200}, seed=0)


def test_the_measures_are_those_of_the_definitions():
    frames, manifest, catalog = small_predictions()
    table = score((frames, manifest, catalog))
    for draw in range(3):
        one = frames["net", draw].dropna()
        apart = (one["y_m"] - one["t_m"]).to_numpy()
        rows = table[table["draw"] == draw].set_index("metric")
        wanted = {
            "mae_m": np.abs(apart).mean(),
            "bias_m": apart.mean(),
            "r2_m": 1 - (apart**2).sum() / ((one["t_m"] - one["t_m"].mean()) ** 2).sum(),
            "mae_over_error_m": np.median(np.abs(apart) / 0.2),
        }
        assert set(rows.index) == set(wanted)
        for metric, value in wanted.items():
            assert rows.loc[metric, "value"] == pytest.approx(value)
            assert rows.loc[metric, "n"] == 35
    means = table[table["draw"] == -1].set_index("metric")
    each = table[table["draw"] >= 0].groupby("metric")["value"].mean()
    np.testing.assert_allclose(means["value"], each[means.index])
    assert (means["lower"] < means["value"]).all() and (means["value"] < means["upper"]).all()


def test_folds_are_scored_by_themselves_and_together():
    whole, parted = score(small_predictions()), score(small_predictions(fold=0))
    together = parted[(parted["part"] == "folds") & (parted["draw"] >= 0)]
    apart = whole[whole["draw"] >= 0]
    np.testing.assert_allclose(together["value"], apart["value"])
    assert sorted(parted.loc[parted["part"] == "test", "fold"].unique()) == [0, 1]


def test_a_task_without_columns_has_empty_tables():
    frames, manifest, catalog = small_predictions()
    table = score((frames, manifest, catalog), columns=[], errors=[])
    assert table.empty and "metric" in table
    task = {"classes": []}
    told = (frames, manifest, task, [], {"bootstrap": 100})
    assert "verdict" in compare_task(*told, seed=0) and list_pairs([], []) == []


def test_predictions_that_are_not_finite_are_refused():
    frames, manifest, catalog = small_predictions()
    frames["net", 1].loc[7, "y_m"] = np.nan
    with pytest.raises(FewskyError, match="draw 1: wanted finite predictions; found 1 others"):
        score((frames, manifest, catalog))


def test_weighted_medians_are_those_of_repeated_values():
    rng = np.random.default_rng(0)
    values, place = rng.normal(size=30), rng.integers(0, 6, 30)
    weights = rng.integers(0, 4, (50, 6)).astype(float)
    weights[0], weights[1] = 1, 0
    found = medians(values, place, weights)
    repeats = [np.repeat(values, row[place].astype(int)) for row in weights]
    wanted = [np.median(some) if len(some) else np.nan for some in repeats]
    np.testing.assert_allclose(found, wanted)


# The configuration.

EXPERIMENT = {"task": "pretext", "model": {"name": "compact"}, "recipe": {"use": "pretext"}}


@pytest.fixture(scope="module")
def paper():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    task = copy.deepcopy(config["tasks"]["star-galaxy-small"])
    del task["classes"]
    config["tasks"]["pretext"] = task | {"targets": {"columns": ["modelmag_g", "modelmag_r"]}}
    config["experiments"]["magnitudes"] = EXPERIMENT
    return config


def changed(paper, path, value):
    config = copy.deepcopy(paper)
    *parents, last = path.split("/")
    place = config
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value
    return config


def test_a_task_with_targets_has_no_classes(paper):
    plan = resolve(paper)
    task = plan.tasks["pretext"]
    assert task["classes"] == [] and task["targets"]["divide_by"] == 35.0
    assert "targets" not in plan.tasks["star-galaxy-small"]
    found = resolve(changed(paper, "experiments/magnitudes/recipe", {"use": "label-the-sky"}))
    recipe = found.experiments["magnitudes"]["recipe"]
    wanted = {"optimizer": "adam", "batch_size": 32, "loss": "mae", "max_epochs": 100}
    assert {key: recipe[key] for key in wanted} == wanted


MINE, OURS = "experiments/magnitudes", "tasks/pretext"
FAULTS = {
    "two questions": (f"{OURS}/classes", ["star", "galaxy"], ["tasks.pretext", "classes, targets"]),
    "no question": ("tasks/true-pn/classes", None, ["tasks.true-pn"]),
    "errors": (f"{OURS}/targets/errors", ["e"], ["targets.errors", "2; found 1"]),
    "limits": (f"{OURS}/targets", {"columns": ["m"], "low": 9, "high": 1}, ["found 9 and 1"]),
    "unlabelled": (f"{OURS}/split/unlabelled_fraction", 0.5, ["unlabelled_fraction", "found 0.5"]),
    "loss of classes": (f"{MINE}/recipe/loss", "softmax", ["recipe.loss", "target columns"]),
    "loss left out": (f"{MINE}/recipe", {}, ["mae, mse or huber", "found auto"]),
    "loss without labels": (f"{MINE}/recipe/loss", "masked", ["recipe.loss", "found masked"]),
    "loss of targets": ("recipes/few-labels/loss", "mae", ["for a task with classes; found mae"]),
    "labels without columns": (f"{OURS}/targets/columns", [], ["contrastive or masked"]),
    "monitor": (f"{MINE}/recipe/monitor", "val_accuracy", ["recipe.monitor", "val_accuracy"]),
    "weights": (f"{MINE}/recipe/class_weights", "balanced", ["recipe.class_weights"]),
    "rebalance": (f"{MINE}/recipe/rebalance", 0.5, ["recipe.rebalance", "found 0.5"]),
    "search": (f"{MINE}/search", {"space": {"model.width": {"low": 8, "high": 9}}}, ["search"]),
    "probe": (MINE, {"task": "pretext", "probe": {"weights": "sg-resnet50"}}, ["probe", "classes"]),
    "ensemble": (
        "experiments/both",
        {"task": "pretext", "ensemble": {"of": ["magnitudes", "again"]}},
        ["both.ensemble"],
    ),
    "logistic": (
        MINE,
        {"task": "pretext", "opponent": {"family": "logistic", "columns": ["x"]}},
        ["forest or mode", "found logistic"],
    ),
    "answer": (f"{MINE}/model/extra", ["log10(modelmag_g)"], ["model.extra", "the answer away"]),
    "pair": ("paper/comparisons", [{"a": "magnitudes", "b": "magnitudes"}], ["comparisons.0"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line(paper, fault):
    path, value, words = FAULTS[fault]
    config = changed(paper, path, value)
    config["experiments"]["again"] = EXPERIMENT
    if value is None:
        del config["tasks"]["true-pn"]["classes"]
    with pytest.raises(FewskyError) as caught:
        resolve(config)
    line = str(caught.value)
    assert "\n" not in line and "found" in line
    assert all(word in line for word in words), line


def test_a_contrastive_batch_is_not_divided(paper):
    config = changed(paper, f"{OURS}/targets/columns", [])
    config["experiments"]["magnitudes"] = EXPERIMENT | {"recipe": {"loss": "contrastive"}}
    assert resolve(config).tasks["pretext"]["targets"]["columns"] == []
    with pytest.raises(FewskyError, match="processes: wanted 1"):
        resolve(changed(config, f"{MINE}/recipe/processes", 2))


@pytest.mark.parametrize(
    ("columns", "errors", "keep", "measured"),
    [
        (["modelmag_g", "petror90_r / petror50_r"], ["magerr_g", "magerr_r"], [], False),
        (["modelmag_g", "feat_light_g"], [], [], True),
        (["modelmag_g / feat_light_g"], [], [], True),
        (["modelmag_g"], ["feat_light_g"], [], True),
        (["modelmag_g"], [], ["feat_light_g"], True),
        ([], [], ["feat_light_g"], False),
    ],
)
def test_what_is_measured_is_read_only_where_a_target_is_among_it(columns, errors, keep, measured):
    targets = {"columns": columns, "errors": errors}
    task = {"targets": targets, "keep": {column: [0, 1] for column in keep}}
    assert are_measured(task, ["feat_", "ring_"]) is measured
    assert not are_measured({"classes": ["a", "b"], "keep": {}}, ["feat_", "ring_"])
