"""Ensembles: weights from validation alone, joined by key, and what is refused."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.models.ensemble import best_weights, combine
from tests.conftest import ROOT

CLASSES = ["a", "b"]
PARTS = ["train"] * 4 + ["val"] * 40 + ["test"] * 40
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def member(skill, seed, draws=(0, 1), flipped_test=False, budget=84):
    """Predictions whose log-odds are 2 `skill` the right way, but for noise of 1."""
    rng = np.random.default_rng(seed)
    tables = []
    for draw in draws:
        truth = np.arange(len(PARTS)) % 2
        odds = 2 * skill * (2 * truth - 1) + rng.normal(size=len(PARTS))
        p = 1 / (1 + np.exp(-odds))
        if flipped_test:
            p = np.where(np.array(PARTS) == "test", 1 - p, p)
        tables.append(pd.DataFrame({
            "draw": draw, "object_id": [f"o{k}" for k in range(len(PARTS))], "part": PARTS,
            "budget": budget, "fold": -1, "label": np.array(CLASSES)[truth],
            "p_a": 1 - p, "p_b": p,
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def test_equal_weights_are_the_mean_by_key_whatever_the_order_of_rows():
    one, two = member(1, 0), member(1, 1)
    shuffled = two.sample(frac=1, random_state=0)
    table, runs = combine({"one": one, "two": shuffled}, CLASSES, "equal")
    np.testing.assert_allclose(table["p_b"], (one["p_b"] + two["p_b"]) / 2, atol=1e-6)
    assert [run["weights"] for run in runs] == [{"one": 0.5, "two": 0.5}] * 2
    assert table[["draw", "object_id"]].equals(one[["draw", "object_id"]])


def test_weights_are_the_best_of_a_fine_grid_and_ignore_the_test_part():
    good, bad = member(1.5, 0), member(0.1, 1)
    _, runs = combine({"good": good, "bad": bad}, CLASSES, "validation")
    own = good[(good["draw"] == 0) & (good["part"] == "val")]
    other = bad[(bad["draw"] == 0) & (bad["part"] == "val")]
    truth = (own["label"] == "b").to_numpy()
    right = [np.where(truth, t["p_b"], t["p_a"]) for t in (own, other)]
    grid = np.linspace(0, 1, 1001)
    losses = [-np.log(w * right[0] + (1 - w) * right[1]).mean() for w in grid]
    assert abs(runs[0]["weights"]["good"] - grid[np.argmin(losses)]) < 2e-3
    assert runs[0]["objects"] == 40
    wrong_test = member(1.5, 0, flipped_test=True)
    _, same = combine({"good": wrong_test, "bad": bad}, CLASSES, "validation")
    assert same == runs


def test_only_draws_that_all_have_are_combined():
    table, runs = combine(
        {"one": member(1, 0, (0, 1, 2)), "two": member(1, 1, (1, 2))}, CLASSES, "equal"
    )
    assert set(table["draw"]) == {1, 2} and len(runs) == 2


def test_only_the_budgets_asked_for_and_the_parts_of_all_are_combined():
    few, many = member(1, 0, budget=42), member(1, 0)
    one = pd.concat([few, many, many.head(3).assign(object_id=["x", "y", "z"], part="unused")])
    two = member(1, 1)
    table, runs = combine({"one": one, "two": two}, CLASSES, "equal", ["all"])
    assert set(table["budget"]) == {84} and set(table["part"]) == {"train", "val", "test"}
    assert [run["budget"] for run in runs] == [84, 84]
    both = pd.concat([two, member(1, 1, budget=42)])
    table, runs = combine({"one": one, "two": both}, CLASSES, "equal", [42])
    assert set(table["budget"]) == {42} and len(runs) == 2


def test_a_draw_s_weights_do_not_depend_on_other_draws_or_the_order_of_members():
    one, two, three = (member(skill, k) for k, skill in enumerate((1.5, 1.0, 0.2)))
    _, runs = combine({"one": one, "two": two, "three": three}, CLASSES, "validation")
    _, turned = combine({"three": three, "one": one, "two": two}, CLASSES, "validation")
    for run, other in zip(runs, turned, strict=True):
        assert run["weights"] == pytest.approx(other["weights"], abs=1e-3)
        assert sum(run["weights"].values()) == pytest.approx(1, abs=1e-5)
        assert min(run["weights"].values()) >= 0
    alone = {
        name: t[t["draw"] == 1] for name, t in {"one": one, "two": two, "three": three}.items()
    }
    assert combine(alone, CLASSES, "validation")[1] == runs[1:]


@pytest.mark.parametrize(
    ("two", "message"),
    [
        (member(1, 1, (5, 6)), "wanted draws that all have; found none"),
        (
            member(1, 1).iloc[:-3],
            "wanted in two the predictions of all 168 objects.*3 of them missing",
        ),
        (pd.concat([member(1, 1), member(1, 1)]), "found an object twice"),
        (member(1, 1).assign(label="a"), "found other labels"),
        (
            pd.concat([member(1, 1), member(1, 1).tail(2).assign(object_id=["x", "y"])]),
            "found 2 others",
        ),
    ],
)
def test_members_that_do_not_match_are_one_line(two, message):
    with pytest.raises(FewskyError, match=message):
        combine({"one": member(1, 0), "two": two}, CLASSES, "equal")


def test_no_validation_objects_is_one_line():
    with pytest.raises(
        FewskyError, match="wanted validation objects to find weights on; found none"
    ):
        best_weights(np.zeros((2, 0, 2)), np.zeros(0, int), ["one", "two"])


@pytest.mark.parametrize(
    ("ensemble", "message"),
    [
        (
            {"of": ["g10-simple", "g10-nothing"]},
            "ensemble.of: wanted an experiment of this file; found 'g10-nothing'",
        ),
        (
            {"of": ["g10-simple", "pn-lpft"]},
            "wanted an experiment of the task galaxy10-nine; found pn-lpft",
        ),
        ({"of": ["g10-simple", "mine"]}, "found a circle"),
        ({"of": ["g10-simple"]}, "ensemble.of"),
    ],
)
def test_bad_ensembles_are_one_line(ensemble, message):
    config = copy.deepcopy(CONFIG)
    config["experiments"]["mine"] = {"task": "galaxy10-nine", "ensemble": ensemble}
    with pytest.raises(FewskyError, match=message):
        resolve(config)
