"""The configuration: strict, one clear line for a fault, defaults from the schema alone."""

import copy

import pytest
import yaml

from fewsky.config import canonical, resolve
from fewsky.console import FewskyError
from fewsky.experiments import expand
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def paper():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def changed(config, path, value):
    config = copy.deepcopy(config)
    *parents, last = path.split("/")
    place = config
    for parent in parents:
        place = place[parent]
    place[last] = value
    return config


S1 = "tasks/galaxy10-nine-s1/split"
FAULTS = {
    "counts enforced": (f"{S1}/by", "hash", ["split.counts", "by: random, audit: report", "hash"]),
    "counts of another class": (
        f"{S1}/counts/test",
        {"round-smooth": 3},
        ["split.counts.test", "a count for each of face-on-disk", "found round-smooth"],
    ),
    "unknown key": (
        "surveys/sdss/bandz",
        ["r"],
        ["surveys.sdss", "'bandz'", "Did you mean 'bands'"],
    ),
    "unknown block": ("survey", {}, ["top level", "'survey'", "surveys"]),
    "wrong type": ("datasets/sdss-ugriz-25px/size", "25", ["size", "integer", "the text '25'"]),
    "even patch": ("datasets/sdss-ugriz-25px/size", 24, ["size", "odd", "24"]),
    "text for a number": (
        "surveys/sdss/align/max_error_px",
        "1e-2",
        ["max_error_px", "number", "1.0e-2"],
    ),
    "no such survey": ("datasets/sdss-ugriz-25px/survey", "sds", ["'sds'", "Did you mean 'sdss'"]),
    "no such task": ("experiments/sg-small-base/task", "nowhere", ["task", "'nowhere'"]),
    "no such network": ("experiments/sg-small-base/model", {"name": "nope"}, ["nope"]),
    "no such recipe": (
        "experiments/sg-small-base/recipe",
        {"use": "ruhmer"},
        ["recipe", "'ruhmer'", "ruhmer2023"],
    ),
    "field in two parts": (
        "tasks/star-galaxy-small/split/test",
        ["8162-6-174"],
        ["8162-6-174", "train and test"],
    ),
    "random and enforced": ("tasks/star-galaxy-small/split/by", "random", ["audit: report"]),
    "field not read": ("tasks/star-galaxy-small/split/train", ["8162-6-999"], ["8162-6-999"]),
    "bad field name": ("surveys/sdss/fields", ["8162/6/80"], ["8162/6/80"]),
    "other tasks compared": (
        "paper/comparisons",
        [{"a": "sg-small-base", "b": "sg-large-forest"}],
        ["comparisons.0", "one task"],
    ),
    "figure of a field not read": (
        "paper/star-galaxy/field",
        "8162-6-1",
        ["paper.star-galaxy.field"],
    ),
    "results in braces": ("pathvars/results", "results/{x}", ["pathvars.results"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_that_names_place_and_mend(paper, fault):
    path, value, words = FAULTS[fault]
    with pytest.raises(FewskyError) as caught:
        resolve(changed(paper, path, value))
    line = str(caught.value)
    assert "\n" not in line
    assert "found" in line
    assert all(word in line for word in words), line


def test_circles_among_experiments_are_named():
    with pytest.raises(FewskyError, match=r"a -> b -> a|b -> a -> b"):
        expand({"a": {"extends": "b"}, "b": {"extends": "a"}})


def test_extends_takes_over_and_vary_multiplies():
    experiments, families = expand(
        {
            "base": {"task": "t", "recipe": {"augment": "none", "epochs": 3}},
            "more": {"extends": "base", "vary": {"recipe.augment": ["none", "d4"]}},
        }
    )
    assert families["more"] == ["more-none", "more-d4"]
    assert experiments["more-d4"]["recipe"] == {"augment": "d4", "epochs": 3}
    assert experiments["base"]["recipe"]["augment"] == "none"


def test_two_experiments_of_one_name_are_refused():
    with pytest.raises(FewskyError, match="a-1"):
        expand({"a": {"vary": {"x": [1]}}, "a-1": {}})


def test_key_order_does_not_reach_the_jobs(paper):
    turned = {key: paper[key] for key in reversed(list(paper))}
    assert repr(resolve(turned).experiments) == repr(resolve(paper).experiments)
    assert repr(canonical({"b": 1, "a": [{"d": 1, "c": 2}]})) == "{'a': [{'c': 2, 'd': 1}], 'b': 1}"


def test_whole_numbers_of_number_keys_are_floats(paper):
    plan = resolve(changed(paper, "surveys/sdss/align/max_error_px", 1))
    assert repr(plan.surveys["sdss"]["align"]["max_error_px"]) == "1.0"


def test_shards_do_not_move_when_a_field_is_added(paper):
    before = resolve(paper).shards["sdss"]
    fields = [*paper["surveys"]["sdss"]["fields"], "8162-6-300"]
    after = resolve(changed(paper, "surveys/sdss/fields", fields)).shards["sdss"]
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1
