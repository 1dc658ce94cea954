"""Fields as budgets, the middle of patches, careful and careless splits, and what they cost."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.field_budgets import check_field_budgets, check_order, fields_in
from fewsky.metrics.curves import Curve
from fewsky.metrics.growth import growth
from fewsky.metrics.price import score_price
from fewsky.metrics.stats import resample
from fewsky.models.opponents import list_fits
from fewsky.models.price import as_split, price_network, price_opponent
from fewsky.models.samples import labelled, runs
from fewsky.scale_check import check_scale
from fewsky.shards import middle
from fewsky.splits import price
from fewsky.splits.assign import make_split
from fewsky.splits.draws import members
from fewsky.splits.sphere import within
from tests.unit.test_splits import DIAGONAL, PATCH, all_separations, sky, task
from tests.unit.training_world import settings as training_settings
from tests.unit.training_world import world

NAMES = [f"1-1-{k}" for k in range(6)]
PRICED = {"classes": ["galaxy", "star"], "by": "field", "fields": [], "test_fraction": 0.34,
          "tile_arcmin": 2.0, "match_arcsec": 1.0, "patch_arcsec": PATCH, "magnitude": "mag",
          "bin_mag": 1.0, "bootstrap": 100}  # fmt: skip


@pytest.fixture(scope="module")
def by_fields():
    split = {"by": "field", "train": NAMES[2:], "val": NAMES[:1], "test": NAMES[1:2], "draws": 4}
    catalog = sky(fields=6)
    return catalog, *make_split(
        catalog, None, task(**split, balance="natural", order="fields"), seed=0
    )


@pytest.fixture(scope="module")
def careless():
    catalog = sky(fields=4).assign(mag=np.tile([18.2, 19.4, 20.1], 1000)[: len(sky(fields=4))])
    catalog["complete"] = catalog["edge_px"] > 12
    return catalog, *price.make_priced(catalog, PRICED, draws=3, seed=1)


def part_of(parts, protocol, draw, part):
    chosen = parts[(parts["protocol"] == protocol) & (parts["draw"] == draw)]
    return chosen.loc[chosen["part"] == part, "object_id"]


# --- budgets of whole fields ----------------------------------------------------------------------
def test_a_budget_of_fields_is_read():
    assert [fields_in(x) for x in ("1 field", "12 fields", "all", 40)] == [1, 12, None, None]
    assert fields_in("0 fields") is None and fields_in("2 fieldss") is None


def test_fields_follow_each_other_and_validation_stays(by_fields):
    catalog, manifest, draws, _ = by_fields
    field = catalog.set_index("object_id")["field"]
    pool = manifest[manifest["part"] == "pool"]["object_id"]
    orders = []
    for draw in range(4):
        before, seen = set(), []
        for n in (1, 2, 3, 4):
            train, val = members(draws, draw, f"{n} fields")
            chosen = set(field[train])
            assert len(chosen) == n and before <= chosen and set(field[val]) == {NAMES[0]}
            assert len(train) == field[pool].isin(chosen).sum()  # whole fields
            seen += sorted(chosen - before)
            before = chosen
        assert len(members(draws, draw, "all")[0]) == len(train) == len(pool)
        orders.append(tuple(seen))
    assert len(set(orders)) > 1
    with pytest.raises(FewskyError, match="wanted 5 fields"):
        members(draws, 0, "5 fields")


def test_networks_and_opponents_learn_from_the_same_fields(by_fields):
    catalog, manifest, draws, _ = by_fields
    budgets = ["1 field", "3 fields", "all"]
    table = labelled(catalog, manifest, ["galaxy", "star"])
    told = {"experiment": "e", "classes": ["galaxy", "star"], "budgets": budgets, "folds": 0}
    found = runs(told, table, draws, 2)
    split = {"split": {"folds": 0}}
    fits = [one for _, one, _ in list_fits(manifest, draws, split, 2, budgets)]
    assert [run.budget for run in found] == fits and len(set(fits)) == 3
    assert [len(run.parts["train"]) + len(run.parts["val"]) for run in found] == fits


def test_objects_are_not_ranked_by_field_unasked(by_fields):
    split = {"by": "field", "train": NAMES[2:], "val": NAMES[:1], "test": NAMES[1:2]}
    _, draws, _ = make_split(sky(fields=6), None, task(**split), seed=0)
    assert "field" not in draws
    with pytest.raises(FewskyError, match="order: fields"):
        members(draws, 0, "1 field")


def test_fields_need_a_split_that_ranks_them():
    split = {"order": "fields", "by": "field", "val": ["a"], "folds": 0, "balance": "natural"}
    check_order("tasks.t.split", split)
    for wrong in ({"by": "sky"}, {"val": []}, {"folds": 5}, {"balance": "class"}):
        with pytest.raises(FewskyError, match="order: objects"):
            check_order("tasks.t.split", {**split, **wrong})
    item = {"budgets": ["1 field", "3 fields"], "task": "t"}
    check_field_budgets("e", item, {"split": {**split, "train": ["b", "c", "d"]}})
    with pytest.raises(FewskyError, match="at most 2 fields"):
        check_field_budgets("e", item, {"split": {**split, "train": ["b", "c"]}})
    with pytest.raises(FewskyError, match="object by object"):
        check_field_budgets("e", item, {"split": {"order": "objects", "train": ["b"] * 3}})


# --- the middle of a patch ------------------------------------------------------------------------
def test_the_middle_is_what_a_smaller_patch_would_hold():
    field = np.arange(60 * 60, dtype=np.float32).reshape(1, 60, 60)
    large, small = (field[:, 30 - k : 31 + k, 25 - k : 26 + k] for k in (24, 7))
    assert np.array_equal(middle(large, 15), small)
    assert middle(large, 49) is not None and np.array_equal(middle(large, None), large)


# --- careful and careless splits ------------------------------------------------------------------
def test_every_split_has_equal_counts_of_class_and_magnitude(careless):
    catalog, parts, leaks = careless
    assert set(parts["protocol"]) == set(price.PROTOCOLS)
    known = catalog.set_index("object_id")
    cell = known["label"] + np.floor(known["mag"]).astype(str)
    assert not parts.duplicated(["protocol", "draw", "object_id"]).any()
    counts = parts.assign(cell=cell[parts["object_id"]].to_numpy())
    counts = counts.groupby(["draw", "part", "cell", "protocol"]).size().unstack("protocol")
    assert (counts.nunique(axis=1) == 1).all() and len(counts) == 3 * 2 * 2 * 3
    assert leaks.groupby("draw")[["n_train", "n_test"]].nunique().eq(1).all().all()


def test_the_careful_split_leaks_nothing_and_the_others_what_they_say(careless):
    catalog, parts, leaks = careless
    known, found = catalog.set_index("object_id"), leaks.groupby("protocol").mean()
    for draw in range(3):
        train, test = (
            known.loc[part_of(parts, "careful", draw, part)] for part in ("train", "test")
        )
        assert all_separations(train, test).min() > DIAGONAL
        assert train["complete"].all() and test["complete"].all()
        assert not set(train["field"]) & set(test["field"])
        assert not train["thing"].duplicated().any() and not test["thing"].duplicated().any()
    assert (found.loc["careful", ["test_copied", "test_shared", "test_border"]] == 0).all()
    assert found.loc["random", "test_copied"] > 0 == found.loc["random-once", "test_copied"]
    assert found.loc["random-once", "test_shared"] > 0
    assert found.loc["overlap", "test_copied"] > 0
    assert found.loc["copies", "test_shared"] == 0 == found.loc["border", "test_shared"]
    assert found.loc["border", "test_border"] > 0 == found.loc["overlap", "test_border"]


def test_second_detections_stay_on_one_side(careless):
    catalog, parts, _ = careless
    thing = catalog.set_index("object_id")["thing"]
    again = 0
    for draw in range(3):
        sides = [set(thing[part_of(parts, "copies", draw, part)]) for part in ("train", "test")]
        assert not sides[0] & sides[1]
        train = thing[part_of(parts, "copies", draw, "train")]
        again += int(train.duplicated().sum())
    assert again > 0


def test_tested_fields_share_sky_with_training_and_never_with_each_other(careless):
    catalog, parts, _ = careless
    field = catalog.set_index("object_id")["field"]
    for draw in range(3):
        tested = sorted(field[part_of(parts, "careful", draw, "test")].unique())
        numbers = [int(name[-1]) for name in tested]
        assert tested and all(b - a > 1 for a, b in pairwise(numbers))


def test_what_the_detections_cannot_tell_is_left_out():
    catalog = sky(fields=1, objects=600, overlap=False)
    parts, leaks = price.make_priced(
        catalog, {**PRICED, "by": "sky", "match_arcsec": 0.001}, draws=2, seed=0
    )
    assert set(parts["protocol"]) == {"careful", "random", "overlap"}
    assert (leaks.loc[leaks["protocol"] == "careful", "test_shared"] == 0).all()
    with pytest.raises(FewskyError, match="at least 2 groups by field"):
        price.make_priced(catalog, PRICED, draws=1, seed=0)


def test_the_same_seed_gives_the_same_splits(careless):
    catalog, parts, _ = careless
    again, _ = price.make_priced(catalog, PRICED, draws=3, seed=1)
    fewer, _ = price.make_priced(catalog, PRICED, draws=1, seed=1)
    assert again.equals(parts)
    assert fewer.equals(parts[parts["draw"] == 0].reset_index(drop=True))


# --- probes and prices ----------------------------------------------------------------------------
def remembered(catalog, parts):
    """Predictions of one who knows no star from a galaxy but knows every patch it has seen."""
    known, rows = catalog.set_index("object_id"), []
    for (protocol, draw), cell in parts.groupby(["protocol", "draw"]):
        train, test = (
            known.loc[cell.loc[cell["part"] == part, "object_id"]] for part in ("train", "test")
        )
        seen = within(test["ra"], test["dec"], train["ra"], train["dec"], 1.0)
        star = (test["label"] == "star").to_numpy()
        p = np.where(seen, star, 0.2 + 0.1 * np.random.default_rng(draw).random(len(test)))
        told = {"object_id": test.index, "label": test["label"].to_numpy()}
        rows.append(
            pd.DataFrame({"protocol": protocol, "draw": draw, **told, "p_galaxy": 1 - p,
                          "p_star": p})
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_memory_of_copies_is_what_a_careless_split_rewards(careless):
    catalog, parts, _ = careless
    table = score_price({"parrot": remembered(catalog, parts)}, catalog, PRICED, seed=0)
    own = table[(table["tested"] == "own") & (table["metric"] == "accuracy")]
    own = own.set_index("protocol")
    assert own["careful"].nunique() == 1
    assert own.loc["random", "verdict"] == own.loc["overlap", "verdict"] == "overstates"
    assert own.loc["random", "lower"] > 0
    shared = (catalog["label"] == "star").mean()
    assert own.loc["random", "careful"] == pytest.approx(1 - shared, abs=0.05)
    for harmless in ("random-once", "copies", "border"):
        assert abs(own.loc[harmless, "difference"]) < 0.05
    seen = set(table.loc[table["tested"] == "shared", "protocol"])
    assert {"overlap", "copies"} <= seen and "random" not in seen


def test_on_shared_objects_the_same_answers_cost_nothing(careless):
    catalog, parts, _ = careless
    table = remembered(catalog, parts)
    truth = (table["label"] == "star").astype(float) * 0.6 + 0.2
    table = table.assign(p_star=truth, p_galaxy=1 - truth)
    found = score_price({"fixed": table}, catalog, PRICED, seed=0)
    shared = found[found["tested"] == "shared"]
    assert len(shared) and (shared["difference"] == 0).all()
    assert (shared["verdict"] == "cannot be told").all()


def test_an_opponent_sees_the_training_part_and_no_more(careless):
    catalog, parts, _ = careless
    leaky = catalog.assign(feat_a=(catalog["label"] == "star") + 0.0)
    settings = {"opponent": {"family": "forest", "columns": ["feat_*"], "options": {}},
                "classes": ["galaxy", "star"]}  # fmt: skip
    found = price_opponent(settings, leaky, parts[parts["draw"] == 0])
    tested = parts[(parts["part"] == "test") & (parts["draw"] == 0)]
    assert len(found) == len(tested)
    assert ((found["p_star"] > 0.5) == (found["label"] == "star")).all()


def test_a_network_is_trained_on_padded_patches_without_validation(tmp_path):
    images, catalog, manifest, _ = world()
    catalog = catalog.merge(manifest[["object_id", "ra", "dec", "label"]], on="object_id")
    images[0, :, :3] = np.nan
    rng = np.random.default_rng(0)
    half = rng.permutation(catalog["object_id"])
    parts = pd.concat(
        pd.DataFrame({"protocol": name, "draw": 1, "object_id": half, "part": part})
        for name, part in (
            ("careful", np.repeat(["train", "test"], 60)),
            ("border", np.repeat(["test", "train"], 60)),
        )
    )
    told = training_settings(restore="last", max_epochs=8, psf="residual")
    found = price_network(told, images, catalog, parts, 1, tmp_path, "cpu", "code")
    assert found.groupby("protocol").size().to_dict() == {"border": 60, "careful": 60}
    own = found[found["protocol"] == "careful"]
    assert set(own["object_id"]) == set(half[60:])
    assert ((own["p_star"] > 0.5) == (own["label"] == "star")).mean() > 0.9
    again = price_network(told, images, catalog, parts, 1, tmp_path / "b", "cpu", "code")
    assert again.equals(found)


def test_labels_of_a_split_are_joined_by_key():
    _, catalog, manifest, _ = world(n=8)
    catalog = catalog.merge(manifest[["object_id", "ra", "dec", "label"]], on="object_id")
    cell = pd.DataFrame({"object_id": catalog["object_id"][::-1], "part": ["train", "test"] * 4})
    made, draws = as_split(catalog, cell, 3)
    parts = made.set_index("object_id")["part"]
    wanted = cell.set_index("object_id")["part"].replace({"train": "pool"})
    assert (parts == wanted[parts.index]).all() and set(draws["role"]) == {"train"}


# --- growth ---------------------------------------------------------------------------------------
def test_a_straight_line_over_doublings_has_its_slope():
    fields = [1, 2, 4, 8]
    base = np.array([0.6, 0.7, 0.8, 0.9])
    whole = base + np.array([[0.0], [0.02], [-0.02]])
    resamples = resample(5, 3, 200, np.random.default_rng(0))
    noise = np.random.default_rng(1).normal(0, 0.005, (200, 3, 1))
    rows = growth(Curve(whole, whole + noise), fields, [9, 20, 40, 80], resamples, 5, "mcc")
    found = pd.DataFrame(rows).set_index("quantity")
    assert found.loc["per_doubling", "value"] == pytest.approx(0.1)
    assert found.loc["last_step", "value"] == pytest.approx(0.1)
    assert found.loc["score", "value"].tolist() == pytest.approx(base.tolist())
    assert found.loc["per_doubling", "lower"] > 0  # what all sizes share is no doubt about growth
    assert len(growth(Curve(whole[:, :1], (whole + noise)[..., :1]), [1], [9], resamples, 5,
                      "mcc")) == 1  # fmt: skip


# --- the configuration ----------------------------------------------------------------------------
def plan(**changes):
    task_of = {"t": {"classes": ["a", "b"], "dataset": "d"}, "u": {"classes": ["a", "b"]}}
    network = {"task": "t", "model": {"name": "compact", "crop": 15}, "recipe": {}, "weights": None}
    items = {
        "small": network,
        "large": {**network, "model": {"name": "compact", "crop": 25}},
        "one": {"task": "t", "budgets": ["1 field", "2 fields"], "opponent": {}},
        "two": {"task": "t", "budgets": ["1 field"], "opponent": {}},
        "other": {"task": "u", "budgets": ["1 field", "2 fields"], "opponent": {}},
        "started": {**network, "weights": "w"},
    }
    datasets = {"d": {"edge": "drop", "survey": "s"}, "f": {"edge": "flag", "survey": "s"}}
    return SimpleNamespace(
        experiments=items, tasks=task_of, datasets=datasets, surveys={"s": {"fields": ["1-1-1"]}}
    )


def block(**changes):
    probes = {"dataset": "f", "probes": {"one": 20, "small": 20, "two": None}, "fields": []}
    told = {"fields": ["one"], "sizes": ["small", "large"], "price": probes}
    return {**told, **changes}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fields": ["one", "other"]}, "one task"),
        ({"fields": ["one", "two"]}, "same budgets"),
        ({"sizes": ["large", "small"]}, "smallest first"),
        ({"sizes": ["one"]}, "model.crop"),
        ({"price": {"dataset": "d", "probes": {"one": 2}, "fields": []}}, "edge: flag"),
        ({"price": {"dataset": "f", "probes": {"started": 2}, "fields": []}}, "started"),
        ({"price": {"dataset": "f", "probes": {"one": 2}, "fields": ["9-9-9"]}}, "field"),
        ({"price": {"dataset": "f", "probes": {"one": None}, "fields": []}}, "0 probes"),
    ],
)
def test_wrong_settings_end_in_one_line(changes, words):
    check_scale("paper.star-galaxy.scale", block(), plan())
    with pytest.raises(FewskyError, match=words):
        check_scale("paper.star-galaxy.scale", block(**changes), plan())
