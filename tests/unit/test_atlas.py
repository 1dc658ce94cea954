"""The atlas: its experiments."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.models.samples import runs
from fewsky.pretexts_shown import tabulated
from tests.conftest import ROOT
from tests.unit.small_atlas import METRIC

PLOTS = ("plot_atlas", "plot_ssl_lowdata")
TABLES = ("tabulate_ssl_starts", "tabulate_ssl_atlas")
SMALLEST_PT = 7


# --- the experiments ------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def paper():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def changed(paper, **blocks):
    """The configuration with a small atlas, its keys replaced, and no chapter that shows more."""
    config = copy.deepcopy(paper)
    config["paper"]["chapters"].remove("self-supervision")
    config["atlas"] = {
        "draws": 3,
        "ways": {"probe": {"views": 1}, "lpft": {"use": "atlas-lpft"},
                 "tuned": {"use": "atlas-tuned"}, "none": {"use": "atlas-scratch"}},
        "starts": {"imagenet": {"weights": "pn-resnet50"}},
        "model": "timm-resnet50",
        "tasks": {"true-pn": {"budgets": [20, "all"]}},
        **blocks,
    }  # fmt: skip
    return config


def test_the_block_becomes_experiments(paper):
    plan = resolve(changed(paper))
    names = [f"atlas-true-pn-{one}" for one in ("none-tuned", "imagenet-probe", "imagenet-lpft",
                                                "imagenet-tuned")]  # fmt: skip
    assert [row["experiment"] for row in plan.atlas] == names
    none, probe, lpft, tuned = (plan.experiments[name] for name in names)
    for item in (none, probe, lpft, tuned):
        assert (item["task"], item["budgets"]) == ("true-pn", [20, "all"])
        assert item["draws"] == (None if item is probe else 3)  # probes are one job for all draws
        assert item["about"]
    assert none["model"]["name"] == "timm-resnet50" and none["weights"] is None
    assert none["recipe"]["optimizer"] == "adamw" and none["recipe"]["unfreeze"] == "all"
    assert (probe["probe"]["weights"], probe["probe"]["views"]) == ("pn-resnet50", 1)
    assert probe["probe"]["c"], "the defaults of a probe are filled in"
    assert lpft["start"] == {"from": names[1]} and lpft["depth"] == 1
    assert tuned["start"] == {"weights": "pn-resnet50"} and tuned["depth"] == 0
    assert {item["weights"] for item in (probe, lpft, tuned)} == {"pn-resnet50"}


def test_without_the_block_nothing_is_added(paper):
    config = changed(paper)
    config["atlas"] = None
    plan = resolve(config)
    assert plan.atlas == [] and not [n for n in plan.experiments if n.startswith("atlas-")]
    del config["atlas"]
    assert resolve(config).experiments == plan.experiments


def test_a_task_may_have_its_own_starts_weights_model_and_bands(paper):
    own = {"starts": ["imagenet"], "weights": {"imagenet": "sg-resnet50"}, "model": "compact"}
    own |= {"budgets": [100], "bands": ["i", "r", "g"]}
    tasks = {"star-galaxy-large": own, "true-pn": {"budgets": [20], "starts": []}}
    starts = {
        "imagenet": {"weights": "pn-resnet50"},
        "other": {"weights": "pn-vgg16"},
        "gone": None,
    }
    plan = resolve(changed(paper, tasks=tasks, starts=starts))
    found = {row["experiment"]: plan.experiments[row["experiment"]] for row in plan.atlas}
    assert [row["start"] for row in plan.atlas if row["task"] == "true-pn"] == ["none"]
    own = {name: item for name, item in found.items() if "star-galaxy" in name}
    assert len(own) == 5 and all(item["model"]["bands"] == ["i", "r", "g"] for item in own.values())
    assert own["atlas-star-galaxy-large-none-tuned"]["model"]["name"] == "compact"
    nothing = own["atlas-star-galaxy-large-none-timm-resnet50-tuned"]
    assert nothing["model"]["name"] == "timm-resnet50" and nothing["weights"] is None
    assert own["atlas-star-galaxy-large-imagenet-lpft"]["weights"] == "sg-resnet50"


def test_a_way_that_is_left_out_is_not_made(paper):
    ways = {"probe": {}, "none": {"use": "atlas-scratch"}}
    plan = resolve(changed(paper, ways=ways))
    assert [row["way"] for row in plan.atlas] == ["tuned", "probe"]


def test_a_task_and_a_start_may_take_fewer_ways(paper):
    starts = {
        "imagenet": {"weights": "pn-resnet50"},
        "other": {"weights": "pn-vgg16", "ways": ["probe"]},
    }
    tasks = {
        "true-pn": {"budgets": [20], "ways": ["lpft", "probe"]},
        "true-pn-shift": {"budgets": [20]},
    }
    rows = resolve(changed(paper, tasks=tasks, starts=starts)).atlas
    found = {(row["task"], row["start"], row["way"]) for row in rows if row["against"]}
    own = {("imagenet", "probe"), ("imagenet", "lpft"), ("other", "probe")}
    assert found == {("true-pn", *one) for one in own} | {
        ("true-pn-shift", *one) for one in {*own, ("imagenet", "tuned")}
    }


def test_a_task_may_take_fewer_ways_of_one_start_and_fewer_draws(paper):
    starts = {name: {"weights": "pn-resnet50"} for name in ("imagenet", "other", "third")}
    some = {"other": ["probe"], "third": None}
    tasks = {"true-pn": {"budgets": [20], "ways": some, "draws": 2}, "true-pn-shift": TASK}
    plan = resolve(changed(paper, tasks=tasks, starts=starts))
    found = {row["experiment"] for row in plan.atlas if row["start"] == "other"}
    often = {f"atlas-true-pn-shift-other-{way}" for way in ("probe", "lpft", "tuned")}
    assert found == {"atlas-true-pn-other-probe", *often}
    for start in ("imagenet", "third"):
        assert f"atlas-true-pn-{start}-tuned" in plan.experiments
    draws = {plan.experiments[row["experiment"]]["draws"] for row in plan.atlas
             if row["task"] == "true-pn" and row["way"] != "probe"}  # fmt: skip
    assert draws == {2}
    assert plan.experiments["atlas-true-pn-shift-none-tuned"]["draws"] == 3


def test_each_start_is_held_against_nothing_of_its_own_network(paper):
    starts = {
        "imagenet": {"weights": "pn-resnet50"},
        "deep": {"weights": "pn-vgg16"},
        "wide": {"weights": "pn-backbone", "ways": ["probe"]},
    }
    plan = resolve(changed(paper, starts=starts))
    assert {row["start"]: row["against"] for row in plan.atlas} == {
        "none": "", "none-timm-vgg16": "", "none-timm-inception-resnet-v2": "",
        "imagenet": "atlas-true-pn-none-tuned", "deep": "atlas-true-pn-none-timm-vgg16-tuned",
        "wide": "atlas-true-pn-none-timm-inception-resnet-v2-tuned",
    }  # fmt: skip
    for row in plan.atlas:
        if row["against"]:
            own, nothing = (plan.experiments[row[key]] for key in ("experiment", "against"))
            assert own["model"]["name"] == nothing["model"]["name"] and nothing["weights"] is None
            assert (nothing["draws"], nothing["budgets"]) == (3, own["budgets"])


def test_the_paper_crosses_starts_ways_and_tasks(paper):
    plan = resolve(paper)
    ways = {}
    for row in plan.atlas:
        ways.setdefault((row["task"], row["start"]), []).append(row["way"])
    tasks = ["star-galaxy-rgb", "true-pn", "galaxy10-nine", "galaxy10-decals", "sg", "sgq", "mg",
             "ef-2", "ef-4", "ef-15"]  # fmt: skip
    every = ["probe", "lpft", "tuned"]
    for task in tasks:
        for start in ("imagenet", "magnitudes", "measured"):
            taken = every[:2] if task in ("sg", "galaxy10-nine") else every
            assert ways[task, start] == taken
        for start in ("contrastive", "masked"):
            assert ways[task, start] == (every if task == "sgq" else every[:1])
    assert ways["splus-sgq", "label-the-sky"] == every[:2]
    assert ways["splus-sgq", "none-timm-vgg16"] == ["tuned"]
    often = [plan.experiments[row["experiment"]]["draws"] for row in plan.atlas]
    assert {draws for draws in often if draws is not None} == {5}
    # A limit of steps would end what learns from nothing before its epochs, where labels are many.
    nothing = plan.experiments["atlas-sg-none-tuned"]["recipe"]
    assert (nothing["max_steps"], nothing["max_epochs"]) == (None, 40)


def test_pretexts_of_other_networks_are_shown_beside_their_median(paper):
    plan = resolve(paper)
    shown = plan.paper["self-supervision"]
    for name, model in (
        ("resnext", "timm-resnext50_32x4d"),
        ("efficientnet", "timm-efficientnet_b0"),
    ):
        pretext = f"specobj-magnitudes-{name}"
        assert pretext in shown["pretexts"] and pretext in shown["targets"]
        assert plan.experiments[pretext]["model"]["name"] == model
        [told] = tabulated(plan, [pretext])
        assert told["median"] == "specobj-magnitudes-median"
        [row] = [row for row in plan.atlas if row["start"] == name]
        assert plan.experiments[row["against"]]["model"]["name"] == model


TASK = {"budgets": [20]}
RECIPES = {"probe": {}, "none": {"use": "atlas-scratch"}}
FAULTS = {
    "task": ({"tasks": {"true-pm": TASK}}, ["atlas.tasks.true-pm", "Did you mean 'true-pn'"]),
    "start of a task": (
        {"tasks": {"true-pn": {**TASK, "starts": ["imagnet"]}}},
        ["atlas.tasks.true-pn.starts", "'imagnet'", "imagenet"],
    ),
    "weights": (
        {"starts": {"imagenet": {"weights": "resnet"}}},
        ["atlas.starts.imagenet.weights", "'resnet'"],
    ),
    "weights of a task": (
        {"tasks": {"true-pn": {**TASK, "weights": {"imagenet": "nope"}}}},
        ["atlas.tasks.true-pn.weights.imagenet", "'nope'"],
    ),
    "reserved start": ({"starts": {"none": {"weights": "pn-vgg16"}}}, ["atlas.starts.none"]),
    "recipe": ({"ways": {**RECIPES, "tuned": {"use": "tuned"}}}, ["atlas.ways.tuned.use"]),
    "lpft without its probe": (
        {"ways": {"lpft": {"use": "atlas-lpft"}, "none": {"use": "atlas-scratch"}}},
        ["atlas.ways", "probe"],
    ),
    "lpft of a task without its probe": (
        {"tasks": {"true-pn": {**TASK, "ways": ["lpft"]}}},
        ["atlas.tasks.true-pn.ways", "probe"],
    ),
    "lpft of a start without its probe": (
        {"starts": {"imagenet": {"weights": "pn-resnet50", "ways": ["lpft", "tuned"]}}},
        ["atlas.starts.imagenet.ways", "probe"],
    ),
    "ways of a start of a task": (
        {"tasks": {"true-pn": {**TASK, "ways": {"imagnet": ["probe"]}}}},
        ["atlas.tasks.true-pn.ways", "'imagnet'", "imagenet"],
    ),
    "lpft of one start of a task without its probe": (
        {"tasks": {"true-pn": {**TASK, "ways": {"imagenet": ["lpft"]}}}},
        ["atlas.tasks.true-pn.ways", "probe"],
    ),
    "draws of a task": (
        {"tasks": {"true-pn": {**TASK, "draws": 50}}},
        ["atlas.tasks.true-pn.draws", "at most 10", "50"],
    ),
    "a start named as a training from nothing": (
        {"starts": {"none-timm-vgg16": {"weights": "pn-vgg16"}}},
        ["atlas.starts.none-timm-vgg16"],
    ),
    "key of a recipe": ({"ways": {**RECIPES, "none": {"rate": 1}}}, ["atlas.ways.none", "'rate'"]),
    "draws": ({"draws": 50}, ["atlas.draws", "at most 10", "true-pn", "50"]),
    "folds": ({"tasks": {"true-pn-folds": TASK}}, ["atlas.tasks.true-pn-folds", "10 folds"]),
    "band": (
        {"tasks": {"true-pn": {**TASK, "bands": ["i", "z"]}}},
        ["atlas.tasks.true-pn.bands", "i, r, b", "'z'"],
    ),
    "budget": ({"tasks": {"true-pn": {"budgets": [1]}}}, ["atlas.tasks.true-pn.budgets"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_the_key_of_the_atlas(paper, fault):
    blocks, words = FAULTS[fault]
    with pytest.raises(FewskyError) as caught:
        resolve(changed(paper, **blocks))
    line = str(caught.value)
    assert line.startswith("config: atlas.") and "found" in line and "\n" not in line
    assert all(word in line for word in words), line


def test_the_name_of_another_experiment_is_refused(paper):
    config = changed(paper)
    config["experiments"]["atlas-true-pn-none-tuned"] = config["experiments"]["pn-lp"]
    with pytest.raises(FewskyError, match=r"atlas\.tasks\.true-pn.*atlas-true-pn-none-tuned"):
        resolve(config)


def test_the_chapter_shows_tasks_of_the_atlas_only(paper):
    config = changed(paper)
    told = {"survey": "hash", "dataset": "pn-sss", "atlas": True, "starts": ["true-pn"]}
    config["paper"]["chapters"] = ["self-supervision"]
    config["paper"]["self-supervision"] = told
    assert resolve(config).paper["self-supervision"]["metric"] == METRIC
    config["paper"]["self-supervision"] = {**told, "lowdata": ["galaxy10-nine"]}
    with pytest.raises(FewskyError, match=r"self-supervision\.lowdata: wanted a task of the atlas"):
        resolve(config)
    config["paper"]["self-supervision"], config["atlas"] = {**told, "starts": []}, None
    with pytest.raises(FewskyError, match=r"self-supervision\.atlas: wanted the block atlas"):
        resolve(config)


@pytest.mark.parametrize(
    ("budget", "words"), [(500, "at most 30 labels"), (28, "scarcest class b")]
)
def test_a_budget_beyond_the_pool_or_the_smallest_class_is_named(budget, words):
    """Twenty of a and ten of b: with equal classes there are 20 labels."""
    label = np.array(["a"] * 20 + ["b"] * 10)
    ids = [f"o{k}" for k in range(30)]
    table = pd.DataFrame(
        {"label": label, "part": "pool", "fold": -1, "row": range(30),
         "target": (label == "b").astype(int)}, index=pd.Index(ids, name="object_id"),
    )  # fmt: skip
    order = [k for pair in zip(range(10), range(20, 30), strict=True) for k in pair]
    order += list(range(10, 20))
    draws = pd.DataFrame(
        {"draw": 0, "object_id": [ids[k] for k in order], "rank": range(30), "role": "train",
         "label": label[order], "even": np.arange(30) < 20}
    )  # fmt: skip
    told = {"experiment": "atlas-t-none-tuned", "folds": 0, "budgets": [budget],
            "classes": ["a", "b"]}  # fmt: skip
    with pytest.raises(FewskyError, match=words):
        runs(told, table, draws, 0)


def test_the_configuration_refuses_few_labels_without_a_start(paper):
    random = {"model": "timm-resnet50", "random": 0}
    paper = {**paper, "weights": {**paper["weights"], "only-random": random}}
    config = changed(paper, starts={"random": {"weights": "only-random"}})
    told = {"survey": "hash", "dataset": "pn-sss", "lowdata": ["true-pn"]}
    config["paper"]["chapters"] = ["self-supervision"]
    config["paper"]["self-supervision"] = told
    with pytest.raises(FewskyError, match=r"self-supervision\.lowdata: .*found true-pn without"):
        resolve(config)
    config["atlas"]["starts"] = {"any-name": {"weights": "pn-resnet50"}}
    assert resolve(config).atlas
