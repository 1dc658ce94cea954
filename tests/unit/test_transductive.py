"""Scores of the unlabelled half, of folds as whole draws, of kinds, and of pseudo-labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from fewsky.console import FewskyError
from fewsky.metrics.comparisons import compare_task, list_pairs
from fewsky.metrics.nuisance import nuisance_warning
from fewsky.metrics.pseudo import THRESHOLDS, score_pseudo
from fewsky.metrics.scores import score_task
from tests.unit.test_metrics import SETTINGS, TASK, pick

KINDS = {"galaxy": ["spiral", "blob", ""], "star": ["red", "blue", "odd"]}


def world(rng, n=400, folds=0):
    """A manifest of pool, test and unlabelled objects (or folds of two halves); its catalogue."""
    manifest = pd.DataFrame({"object_id": [f"o{k}" for k in range(n)], "ra": 10.0, "dec": 0.0})
    manifest["group"] = [f"g{k // 4}" for k in range(n)]
    manifest["label"] = np.where(rng.random(n) < 0.4, "star", "galaxy")
    manifest["part"] = np.array(
        ["pool", "unlabelled"] if folds else ["pool", "test", "unlabelled"]
    )[np.arange(n) // 4 % (2 if folds else 3)]
    manifest["fold"] = np.arange(n) // 8 % folds if folds else -1
    kind = [KINDS[label][k % 3] for k, label in enumerate(manifest["label"])]
    return manifest, manifest[["object_id"]].assign(kind=kind, field="ukst")


def predicted(rng, manifest, skill, folds=0, shift=0.0):
    """Predictions of 40 labels, a tenth of them wrong by `skill`, as trainers write them."""
    tables = []
    for fold in range(folds) or [-1]:
        outside = manifest[manifest["fold"] != fold] if folds else manifest
        parts = {"train": outside[outside["part"] == "pool"].iloc[:40]}
        parts["test"] = manifest[
            (manifest["fold"] == fold) if folds else manifest["part"] == "test"
        ]
        parts["unlabelled"] = outside[outside["part"] == "unlabelled"]
        table = pd.concat([one.assign(part=name) for name, one in parts.items()])
        sign = np.where(table["label"] == "star", skill, -skill) + shift
        star = 1 / (1 + np.exp(-rng.normal(sign, 1)))
        table["label"] = table["label"].mask(table["part"] == "unlabelled", "")
        table = table[["object_id", "part", "label"]].assign(budget=40, fold=fold)
        tables.append(table.assign(p_galaxy=1 - star, p_star=star))
    return pd.concat(tables, ignore_index=True)


def run(seed=0, draws=3, folds=0, skills=(("good", 1.5), ("poor", 0.3))):
    rng = np.random.default_rng(seed)
    manifest, catalog = world(rng, folds=folds)
    found = {}
    for name, skill in skills:
        for draw in range(draws):
            found[name, draw] = predicted(rng, manifest, skill, folds)
    return found, manifest, catalog


def score(found, manifest, catalog, **told):
    return score_task(found, manifest, catalog, None, TASK, {**SETTINGS, **told}, seed=0)


def decisions(frame, manifest, part):
    some = frame[frame["part"] == part]
    truth = manifest.set_index("object_id")["label"][some["object_id"]].to_numpy()
    return truth, np.where(some["p_star"] > some["p_galaxy"], "star", "galaxy")


@pytest.mark.parametrize("folds", [0, 4])
def test_the_unlabelled_half_is_scored_by_its_hidden_labels(folds):
    found, manifest, catalog = run(folds=folds)
    table = score(found, manifest, catalog)
    assert not table.duplicated(list(table.columns[:8])).any()
    rows = pick(table, experiment="good", part="unlabelled")
    assert set(rows["subset"]) == {"all"} and set(rows["fold"]) == {-1}
    assert set(rows["draw"]) == {-1, 0, 1, 2}
    truth, decided = decisions(found["good", 1], manifest, "unlabelled")
    wanted = {"accuracy": np.mean(truth == decided)}
    wanted["mcc"] = reference.matthews_corrcoef(truth, decided)
    for metric, value in wanted.items():
        assert pick(rows, draw=1, metric=metric)["value"].item() == pytest.approx(value)
    mean = pick(rows, draw=-1, metric="accuracy")
    each = rows[(rows["draw"] >= 0) & (rows["metric"] == "accuracy")]["value"]
    assert mean["value"].item() == pytest.approx(each.mean())
    assert mean["lower"].item() < mean["value"].item() < mean["upper"].item()
    assert set(rows["n"]) == {(manifest["part"] == "unlabelled").sum()}
    sample = pick(table, experiment="sample", part="unlabelled", metric="count_star")
    hidden = pick(manifest, part="unlabelled")
    assert sample["value"].item() == (hidden["label"] == "star").sum()


def test_no_unlabelled_rows_without_such_predictions():
    found, manifest, catalog = run()
    found["good", 0] = found["good", 0][found["good", 0]["part"] != "unlabelled"]
    table = score({key: found[key] for key in [("good", 0)]}, manifest, catalog)
    assert pick(table, experiment="good", part="unlabelled").empty
    assert not pick(table, experiment="good", part="test").empty


FAULTS = {
    "a label": (lambda f: f.assign(label=f["label"].replace("", "star")), "with a label"),
    "a test object": (
        lambda f: f.assign(part=f["part"].replace("train", "unlabelled")),
        "wanted un",
    ),
    "no test label": (
        lambda f: f.assign(label=f["label"].mask(f["part"] == "test", "")),
        "other la",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_predictions_that_know_or_lack_a_label_are_refused(fault):
    spoil, line = FAULTS[fault]
    found, manifest, catalog = run(draws=1)
    found["good", 0] = spoil(found["good", 0])
    with pytest.raises(FewskyError, match=line) as error:
        score(found, manifest, catalog)
    assert "\n" not in str(error.value) and "good, draw 0" in str(error.value)


def test_every_draw_over_its_folds_is_one_replicate():
    found, manifest, catalog = run(draws=10, folds=4)
    table = score(found, manifest, catalog)
    rows = pick(table, experiment="good", part="folds", subset="all", metric="mcc")
    assert sorted(rows["draw"]) == list(range(-1, 10)) and set(rows["n"]) == {len(manifest)}
    each = rows[rows["draw"] >= 0].set_index("draw")["value"]
    for draw in (0, 7):
        truth, decided = decisions(found["good", draw], manifest, "test")
        assert each[draw] == pytest.approx(reference.matthews_corrcoef(truth, decided))
    pairs = list_pairs([], [{"a": "good", "b": "poor", "metric": "mcc"}])
    told = compare_task(found, manifest, TASK, pairs, SETTINGS, seed=0).iloc[0]
    assert told["n_replicates"] == 10 and told["primary"] and told["verdict"] == "better"
    other = pick(table, experiment="poor", part="folds", subset="all", metric="mcc", draw=-1)
    assert told["difference"] == pytest.approx(each.mean() - other["value"].item())


def test_many_folds_do_not_make_few_draws_primary():
    found, manifest, _ = run(draws=3, folds=8)
    pairs = list_pairs([], [{"a": "good", "b": "poor", "metric": "mcc"}])
    told = compare_task(found, manifest, TASK, pairs, SETTINGS, seed=0).iloc[0]
    assert told["note"] == "exploratory: 3 replicates" and not told["primary"]


def test_folds_that_test_other_objects_are_not_compared():
    found, manifest, _ = run(draws=2, folds=4)
    for draw in range(2):
        one = found["poor", draw]
        found["poor", draw] = one[(one["fold"] < 3) | (one["part"] != "test")]
    pairs = list_pairs([], [{"a": "good", "b": "poor", "metric": "mcc"}])
    with pytest.raises(FewskyError, match="two test parts"):
        compare_task(found, manifest, TASK, pairs, SETTINGS, seed=0)


def test_kinds_are_scored_apart():
    found, manifest, catalog = run()
    catalog["field"] = np.where(np.arange(len(catalog)) < 5, "poss", catalog["field"])
    rows = score(found, manifest, catalog, by=["kind", "field", "colour"])
    rows = rows[rows["subset"].str.startswith(("kind", "field", "colour"))]
    named = {f"kind {kind}" for kinds in KINDS.values() for kind in kinds if kind}
    assert set(rows["subset"]) == named | {"field ukst"}, "poss has one test object"
    good = pick(rows, experiment="good")
    assert set(pick(good, subset="kind red")["metric"]) == {"accuracy", "error_rate", "recall_star"}
    assert set(pick(good, subset="field ukst")["metric"]) == {
        "accuracy", "error_rate", "recall_star", "recall_galaxy"
    }  # fmt: skip
    kinds = catalog.set_index("object_id")["kind"]
    right = []
    for draw in range(3):
        frame = pick(found["good", draw], part="test")
        truth, decided = decisions(frame, manifest, "test")
        right.append((truth == decided)[(kinds[frame["object_id"]] == "blob").to_numpy()].mean())
    blob = pick(good, subset="kind blob", metric="accuracy")
    assert blob["value"].item() == pytest.approx(np.mean(right)) and blob["draw"].item() == -1
    assert score(found, manifest, catalog)["subset"].str.startswith("kind").sum() == 0


def test_a_nuisance_that_tells_is_said():
    skills = (("telling", 0.6), ("idle", 0.0))
    table = score(*run(draws=5, skills=skills), nuisance="telling")
    line = nuisance_warning(table, "telling")
    row = pick(table, experiment="telling", part="test", subset="all", metric="auroc", draw=-1)
    assert row["lower"].item() > 0.6
    assert f"AUROC {row['value'].item():.2f}".replace(" 0", " ") in line
    assert line.startswith("what should not matter tells the classes apart") and "\n" not in line
    assert nuisance_warning(table, "idle") == nuisance_warning(table, None) == ""
    weak = table.assign(lower=table["lower"].where(table["metric"] != "auroc", 0.599))
    assert nuisance_warning(weak, "telling") == ""
    folded = score(*run(draws=3, folds=4, skills=skills))
    assert nuisance_warning(folded, "telling") and not nuisance_warning(folded, "idle")


def hand_made():
    """Ten unlabelled objects in five groups: two draws whose counts can be done in the head."""
    manifest = pd.DataFrame({"object_id": list("abcdefghijtu")})
    manifest["group"] = [f"g{k // 2}" for k in range(12)]
    manifest["label"] = ["star"] * 4 + ["galaxy"] * 6 + ["star", "galaxy"]
    manifest = manifest.assign(part=["unlabelled"] * 10 + ["test"] * 2, ra=0.0, dec=0.0, fold=-1)
    first = [0.96, 0.85, 0.75, 0.30, 0.04, 0.15, 0.25, 0.45, 0.55, 0.93, 0.9, 0.1]
    tables = {}
    for draw, star in enumerate(
        (np.array(first), np.where(manifest["label"] == "star", 0.97, 0.03))
    ):
        label = manifest["label"].mask(manifest["part"] == "unlabelled", "")
        table = manifest[["object_id", "part"]].assign(label=label, budget=20, fold=-1)
        tables["lp", draw] = table.assign(p_galaxy=1 - star, p_star=star)
    return tables, manifest


def test_pseudo_labels_by_hand():
    tables, manifest = hand_made()
    table = score_pseudo(tables, manifest, TASK, seed=0, bootstrap=200)
    assert table.columns.tolist() == [
        "experiment", "draw", "budget", "fold", "threshold", "n", "share", "accuracy",
        "accuracy_galaxy", "accuracy_star", "lower", "upper",
    ]  # fmt: skip
    one = pick(table, draw=0).set_index("threshold")
    assert one.index.tolist() == list(THRESHOLDS)
    assert one["n"].tolist() == [10, 10, 8, 8, 5, 3, 2, 0]
    assert one["share"].tolist() == [1, 1, 0.8, 0.8, 0.5, 0.3, 0.2, 0]
    # Wrong are d (.30 for a star), i (.55) and j (.93 for a galaxy).
    wanted = [7 / 10, 7 / 10, 6 / 8, 6 / 8, 4 / 5, 2 / 3, 1, np.nan]
    assert one["accuracy"].to_numpy() == pytest.approx(wanted, nan_ok=True)
    stars = [3 / 4, 3 / 4, 3 / 4, 3 / 4, 1, 1, 1, np.nan]
    assert one["accuracy_star"].to_numpy() == pytest.approx(stars, nan_ok=True)
    galaxies = [4 / 6, 4 / 6, 3 / 4, 3 / 4, 2 / 3, 1 / 2, 1, np.nan]
    assert one["accuracy_galaxy"].to_numpy() == pytest.approx(galaxies, nan_ok=True)
    mean = pick(table, draw=-1).set_index("threshold")
    assert mean.loc[0, "accuracy"] == pytest.approx((0.7 + 1) / 2)
    assert mean.loc[0, "lower"] < mean.loc[0, "accuracy"] < mean.loc[0, "upper"] <= 1
    assert mean.loc[0.99, ["accuracy", "lower"]].isna().all() and mean.loc[0.99, "n"] == 0
    assert one["lower"].isna().all()


def test_pseudo_labels_under_folds_and_of_objects_seen():
    found, manifest, _ = run(folds=4, skills=(("lp", 1.0),))
    table = score_pseudo(found, manifest, TASK, (0.8,), seed=0, bootstrap=100)
    assert sorted(pick(table, draw=1)["fold"]) == [-1, 0, 1, 2, 3]
    each = table[(table["draw"] == 1) & (table["fold"] >= 0)]
    whole = table[(table["draw"] == 1) & (table["fold"] == -1)]
    assert whole["n"].item() == each["n"].sum()
    assert whole["accuracy"].item() == pytest.approx(
        np.average(each["accuracy"], weights=each["n"])
    )
    mean = pick(table, draw=-1)
    draws = table[(table["draw"] >= 0) & (table["fold"] == -1)]
    assert mean["accuracy"].item() == pytest.approx(draws["accuracy"].mean())
    bare = {key: frame[frame["part"] != "unlabelled"] for key, frame in found.items()}
    with pytest.raises(FewskyError, match="pseudo-labels of lp: wanted predictions of unlabelled"):
        score_pseudo(bare, manifest, TASK, seed=0)
    with pytest.raises(FewskyError, match="unlabelled objects of the manifest"):
        score_pseudo(found, manifest.assign(part="pool"), TASK, seed=0)
