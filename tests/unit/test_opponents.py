"""Opponents learn from the labels of their budget and the columns named, from nothing else."""

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.models.opponents import fit_opponent
from fewsky.splits.assign import make_split

CLASSES = ["galaxy", "star"]
SPLIT = {
    "by": "sky", "train": [], "val": [], "test": [], "tile_arcmin": 2.0, "test_fraction": 0.3,
    "guard_arcsec": None, "folds": 0, "draws": 2, "balance": "class", "duplicates": "drop",
    "match_arcsec": 1.0, "audit": "enforce", "seed": 0,
    "val_fraction": 0, "unlabelled_fraction": 0, "link_arcsec": None,
}  # fmt: skip
TASK = {"classes": CLASSES, "label": "label", "keep": {}, "patch_arcsec": 9.9, "split": SPLIT}


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(0)
    n = 900
    catalog = pd.DataFrame({"object_id": [f"o{k}" for k in range(n)]})
    catalog["ra"], catalog["dec"] = rng.uniform(10, 10.4, n), rng.uniform(0, 0.3, n)
    catalog["label"] = np.where(rng.random(n) < 0.45, "star", "galaxy")
    galaxy = (catalog["label"] == "galaxy").to_numpy()
    catalog["modelmag_r"] = rng.uniform(17, 22, n)
    excess = np.where(galaxy, 0.6, 0.0) + rng.normal(0, 0.1, n)
    catalog["psfmag_r"] = catalog["modelmag_r"] + excess
    for k in range(3):
        catalog[f"feat_{k}"] = galaxy + rng.normal(0, 0.8, n)
    catalog["noise_r"] = rng.normal(1, 0.1, n)
    catalog.loc[::7, "feat_1"] = np.nan
    catalog.loc[3, "feat_2"] = np.inf
    manifest, draws, audit = make_split(catalog, None, TASK, seed=0)
    return catalog, manifest, draws, audit


def fit(split, family, columns=(), budgets=(50, 200), draw=0, task=TASK, **options):
    catalog, manifest, draws, _ = split
    settings = {"family": family, "columns": list(columns), "options": options}
    return fit_opponent(settings, catalog, manifest, draws, task, draw, budgets)


def accuracy(table, budget, part="test"):
    one = table[(table["budget"] == budget) & (table["part"] == part)]
    return (one[["p_galaxy", "p_star"]].to_numpy().argmax(1) == (one["label"] == "star")).mean()


def test_the_table_has_the_form_of_every_model(split):
    _, manifest, draws, _ = split
    table = fit(split, "forest", ["feat_*"], n_estimators=20)
    assert list(table) == ["object_id", "part", "label", "p_galaxy", "p_star", "fold", "budget"]
    tested = set(manifest.loc[manifest["part"] == "test", "object_id"])
    one = draws[draws["draw"] == 0].sort_values("rank")
    for budget in (50, 200):
        some = table[table["budget"] == budget].set_index("object_id")
        assert set(some.index[some["part"] == "test"]) == tested
        wanted = one.head(budget).set_index("object_id")["role"]
        assert (some.loc[wanted.index, "part"] == wanted).all()
        assert len(some) == budget + len(tested) and (some["fold"] == -1).all()
    assert table[["p_galaxy", "p_star"]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-6)
    assert table["p_star"].dtype == np.float32


@pytest.mark.parametrize("family", ["forest", "logistic"])
def test_features_that_tell_are_learnt_and_nuisances_are_not(split, family):
    options = {"n_estimators": 60} if family == "forest" else {}
    told = fit(split, family, ["feat_*"], **options)
    control = fit(split, family, ["ra", "dec", "modelmag_r", "noise_*"], **options)
    # Three features one unit apart with noise .8, some missing: the best possible is about .85.
    assert 0.78 < accuracy(told, 200) < 0.9
    assert 0.4 < accuracy(control, 200) < 0.6


@pytest.fixture(scope="module")
def plated(split):
    """Objects of which only the plate, a number in words, tells the class, alternating."""
    catalog = split[0].copy()
    rng = np.random.default_rng(7)
    galaxy = (catalog["label"] == "galaxy").to_numpy()
    catalog["plate"] = (2 * rng.integers(0, 8, len(catalog)) + galaxy).astype(str)
    catalog["survey"] = "ukst"
    return (catalog, *split[1:])


@pytest.mark.parametrize("family", ["forest", "logistic"])
def test_words_are_categories(plated, family):
    options = {"n_estimators": 60} if family == "forest" else {}
    told = fit(plated, family, ["plate", "survey", "noise_*"], **options)
    # Codes that alternate are the worst case for a forest, which has to cut between every two.
    assert accuracy(told, 200) > 0.85
    assert 0.4 < accuracy(fit(plated, family, ["survey", "noise_*"], **options), 200) < 0.6


@pytest.mark.parametrize("family", ["forest", "logistic"])
def test_only_words_alone_are_enough_and_gaps_are_a_word(plated, family):
    catalog = plated[0].copy()
    catalog["plate"] = catalog["plate"].astype(object).where(catalog["label"] == "galaxy")
    options = {"n_estimators": 20} if family == "forest" else {}
    told = fit((catalog, *plated[1:]), family, ["plate"], **options)
    assert accuracy(told, 200) > 0.97


@pytest.mark.parametrize("family", ["forest", "logistic"])
def test_words_of_no_labelled_object_are_not_learnt(plated, family):
    """Words seen only on test objects change no one else's prediction, and all read alike."""
    catalog, manifest, draws, _ = plated
    tested = catalog["object_id"].isin(manifest.loc[manifest["part"] == "test", "object_id"])
    rows = catalog.index[tested][:10]
    tables = []
    for words in (["new"] * 10, [f"new {k}" for k in range(10)]):
        other = catalog.copy()
        other.loc[rows, "plate"] = words
        options = {"n_estimators": 20} if family == "forest" else {}
        tables.append(fit((other, manifest, draws, None), family, ["plate"], [200], **options))
    assert tables[0]["p_star"].equals(tables[1]["p_star"])
    strangers = tables[0][tables[0]["object_id"].isin(catalog.loc[rows, "object_id"])]
    assert len(strangers) == 10 and strangers["p_star"].nunique() == 1


def test_the_mode_says_the_shares_of_the_labels_seen(split):
    skewed = split[2][split[2]["even"]].copy()
    ranked = skewed[(skewed["draw"] == 0) & ((skewed["label"] == "star") | (skewed["rank"] < 60))]
    ranked = ranked.assign(rank=ranked["rank"].rank().astype(int) - 1, even=True)
    table = fit((split[0], split[1], ranked, split[3]), "mode", budgets=["all"])
    seen = table[table["part"] != "test"]
    share = (seen["label"] == "star").mean()
    tested = table[table["part"] == "test"]
    assert share > 0.6 and np.allclose(tested["p_star"], share)
    assert accuracy(table, len(seen)) == (tested["label"] == "star").mean()


def test_random_and_definition_see_no_label(split):
    guess = fit(split, "random")
    assert set(guess["budget"]) == {0} and set(guess["part"]) == {"test"}
    # 270 objects or so: 3 sigma are .09.
    assert accuracy(guess, 0) == pytest.approx(0.5, abs=0.1)
    said = fit(split, "definition")
    catalog = split[0].set_index("object_id").loc[said["object_id"]]
    extended = (catalog["psfmag_r"] - catalog["modelmag_r"] > 0.145).to_numpy()
    assert ((said["p_galaxy"] > 0.5) == extended).all()
    assert said["object_id"].is_unique and accuracy(said, 0) > 0.95


def test_neither_test_labels_nor_labels_beyond_the_budget_are_seen(split):
    catalog, manifest, draws, _ = split
    seen = draws[(draws["draw"] == 0) & (draws["rank"] < 50)]["object_id"]
    other = manifest.copy()
    hidden = ~other["object_id"].isin(seen)
    other.loc[hidden, "label"] = other.loc[hidden, "label"].map(
        {"galaxy": "star", "star": "galaxy"}
    )
    told = {"family": "logistic", "columns": ["feat_*"], "options": {}}
    first, second = (
        fit_opponent(told, catalog, m, draws, TASK, 0, [50]) for m in (manifest, other)
    )
    assert first["p_star"].equals(second["p_star"]) and not first["label"].equals(second["label"])


def test_validation_objects_are_predicted_by_a_fit_without_them(split):
    table = fit(split, "forest", ["feat_*"], budgets=[200], min_samples_leaf=1, n_estimators=60)
    assert accuracy(table, 200, "train") > 0.97
    assert accuracy(table, 200, "val") < 0.95


def test_the_same_draw_gives_the_same_bytes_and_another_draw_others(split):
    told = {"columns": ["feat_*"], "budgets": [50], "n_estimators": 10}
    first, again, other = (fit(split, "forest", draw=k, **told) for k in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not first["object_id"].equals(other["object_id"])


def test_folds_are_predicted_from_outside_them():
    rng = np.random.default_rng(1)
    catalog = pd.DataFrame({"object_id": [f"o{k}" for k in range(300)]})
    catalog = catalog.assign(ra=rng.uniform(0, 0.3, 300), dec=rng.uniform(0, 0.3, 300))
    catalog["label"] = np.where(rng.random(300) < 0.5, "star", "galaxy")
    catalog["feat"] = (catalog["label"] == "star") + rng.normal(0, 0.1, 300)
    task = {**TASK, "split": {**SPLIT, "folds": 4}}
    found = make_split(catalog, None, task, seed=0)
    table = fit((catalog, *found), "logistic", ["feat"], budgets=["all"], task=task)
    tested = table[table["part"] == "test"]
    assert tested["object_id"].is_unique and set(tested["fold"]) == {0, 1, 2, 3}
    fold = found[0].set_index("object_id")["fold"]
    assert (fold[tested["object_id"]].to_numpy() == tested["fold"].to_numpy()).all()
    seen = table[table["part"] != "test"]
    assert (fold[seen["object_id"]].to_numpy() != seen["fold"].to_numpy()).all()
    assert (seen.groupby("fold").size() == seen.groupby("fold")["budget"].first()).all()


def test_a_budget_of_one_class_is_not_a_crash(split):
    draws = split[2][split[2]["label"] == "star"].copy()
    draws["rank"] = draws.groupby("draw")["rank"].rank().astype(int) - 1
    table = fit((split[0], split[1], draws, split[3]), "forest", ["feat_*"], budgets=[20])
    assert (table["p_star"] == 1).all()


FAULTS = {
    "no columns": (dict(family="forest"), "columns to learn from"),
    "no match": (dict(family="forest", columns=["nose_*"]), r"catalogue columns nose_\*"),
    "the label": (dict(family="forest", columns=["feat_*", "label"]), "label, which gives the ans"),
    "all columns": (dict(family="logistic", columns=["*"]), "object_id, which gives the answer"),
    "the kind": (dict(family="forest", columns=["k*"]), "kind, which gives the answer away"),
    "the status": (dict(family="forest", columns=["status"]), "status, which gives the answer"),
    "the name": (dict(family="forest", columns=["name"]), "name, which gives the answer away"),
    "a value": (dict(family="logistic", columns=["ra"], C=-1.0), "options of scikit-learn"),
    "an option": (dict(family="forest", columns=["ra"], trees=3), "options of scikit-learn"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_settings_are_one_clear_line(split, fault):
    told, line = FAULTS[fault]
    catalog = split[0].assign(kind="bipolar PN", status=1, name="M 1")
    with pytest.raises(FewskyError, match=line) as error:
        fit((catalog, *split[1:]), **told)
    assert "\n" not in str(error.value)


def test_the_definition_is_of_stars_and_galaxies_only(split):
    with pytest.raises(FewskyError, match="wanted classes galaxy and star"):
        fit(split, "definition", task={**TASK, "classes": ["galaxy", "star", "sky"]})
