"""The atlas: its experiments, its figures and its tables."""

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.text import Text
from snakemake.utils import update_config

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.figures import style
from fewsky.figures.atlas import (
    COLOURS,
    area,
    curve,
    load_curves,
    looks_of,
    moved,
    panels_of,
    starts_of,
    ticks,
)
from fewsky.metrics.paying import labels_saved
from fewsky.models.samples import runs
from fewsky.paper.captions import read_caption
from fewsky.pretexts_shown import tabulated
from fewsky.studied import of_the_study, with_kinds
from tests.conftest import ROOT
from tests.unit.small_atlas import BUDGETS, METRIC, WORTH, bare, demo, rows_of
from tests.unit.small_results import run_script

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


# --- figures and tables ---------------------------------------------------------------------------
def drawn(results, script):
    """Run a script; its outputs and the figure as saved."""
    seen = []

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", save)
        patch.setitem(style.RC, "savefig.dpi", 60)  # few pixels, for speed
        return run_script(results[0], script, *results[1][script]), seen[0]


@pytest.mark.parametrize("results", [demo, bare], ids=["demo", "bare"])
@pytest.mark.parametrize("script", PLOTS)
def test_every_figure(script, results):
    _, fig = drawn(results(), script)
    assert fig.get_size_inches()[0] in (style.COLUMN, style.PAGE)
    fig.draw_without_rendering()
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert [t.get_text() for t in words if t.get_fontsize() < SMALLEST_PT] == []
    stamps = [t for t in words if t.get_text().startswith("SIMULATED")]
    assert len(stamps) == (results is demo)
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert box.x0 > -0.01 and box.y0 > -0.01
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01
    [legend] = [*fig.legends, *filter(None, (ax.get_legend() for ax in fig.axes))]
    place, filled = legend.get_window_extent(), [ax for ax in fig.axes if ax.axison]
    assert not any(place.overlaps(ax.get_tightbbox().padded(-1)) for ax in filled)
    assert len(filled) == len(results()[1][script][1]["tasks"])
    assert place.x0 >= 0 and place.x1 <= fig.bbox.x1


def test_a_panel_a_task_a_colour_a_start_a_line_a_way():
    _, fig = drawn(demo(), "plot_atlas")
    titles = [ax.get_title(loc="left")[4:] for ax in fig.axes if ax.axison]
    assert titles == list(BUDGETS)
    [rows] = panels_of(rows_of("mergers", WORTH)).values()
    looks = looks_of(rows)
    assert len({look["color"] for look in looks.values()}) == len(WORTH)
    assert len({look["marker"] for look in looks.values()}) == len(WORTH)
    [ax] = [ax for ax in fig.axes if ax.get_title(loc="left").endswith("mergers")]
    found = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert {line.get_marker() for line in ax.lines} == {look["marker"] for look in looks.values()}
    frozen = {line.get_markerfacecolor() for line in ax.lines if line.get_linestyle() == ":"}
    assert frozen == {"white"}, "a curve of frozen features can be told without its line"
    assert len(found) == len(ax.lines) == len(rows)
    assert (looks["none"]["color"], "--") in found and ax.get_xscale() == "log"
    assert len(ax.collections) == len(rows), "each curve has its band"


def test_panels_of_one_question_share_their_height():
    _, fig = drawn(demo(), "plot_atlas")
    limits = {ax.get_title(loc="left")[4:]: ax.get_ylim() for ax in fig.axes if ax.axison}
    others = {limit for title, limit in limits.items() if title != "mergers"}
    assert len(others) == 1 and limits["mergers"] not in others


def test_few_labels_show_the_starts_of_the_study():
    _, fig = drawn(demo(), "plot_ssl_lowdata")
    words = {text.get_text() for text in fig.legends[0].get_texts()}
    assert words == {"nothing", "ImageNet", "properties, catalogue", "contrastive",
                     "frozen, probe", "LP-FT", "fine-tuned"}  # fmt: skip
    assert len({ax.get_ylim() for ax in fig.axes}) == 1


def of_few_labels(kind):
    """The job of the figure of few labels with one start, by a name of its own."""
    folder, jobs = bare()
    inputs, told = jobs["plot_ssl_lowdata"]
    rows = [row | {"start": "ours", "kind": kind} if row["against"] else row
            for row in told["rows"]]  # fmt: skip
    return folder, {"plot_ssl_lowdata": (inputs, {**told, "rows": rows})}


def test_starts_of_the_study_are_those_by_what_they_learned():
    _, fig = drawn(of_few_labels("properties"), "plot_ssl_lowdata")
    assert [text.get_text() for text in fig.legends[0].get_texts()][:2] == ["nothing", "ours"]
    assert len(fig.axes[0].containers) == 3, "nothing, and the start frozen and by LP-FT"


def test_few_labels_without_a_start_of_the_study_are_refused():
    with pytest.raises(AssertionError, match=r"lowdata: wanted tasks with a start.*found true-pn"):
        drawn(of_few_labels("masked"), "plot_ssl_lowdata")


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


SHIPPED = {
    "config": (),
    "demo": ("profiles/demo/overrides.yaml",),
    "sample": ("profiles/sample/overrides.yaml", "profiles/sample/mergers.yaml"),
}


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request):
    """A plan as Snakemake lays its files: those of a profile first, all over the Snakefile's."""
    config, overlay = (yaml.safe_load((ROOT / "config.yaml").read_text()) for _ in range(2))
    for name in SHIPPED[request.param]:
        update_config(overlay, yaml.safe_load((ROOT / name).read_text()))
    update_config(config, overlay)
    return resolve(config)


def test_looks_differ_in_each_panel_of_what_is_shipped(shipped):
    few = [row for row in shipped.atlas if row["task"] in lowdata_of(shipped)]
    for rows in (shipped.atlas, of_the_study(with_kinds(shipped, few))):
        panels = panels_of(rows)
        looks = looks_of([row for own in panels.values() for row in own])
        for title, own in panels.items():
            starts = starts_of(own)
            assert "none" in starts and len(starts) > 1, title
            for key in ("color", "marker"):
                assert len({looks[name][key] for name in starts}) == len(starts), title
            assert style.GREY not in {look["color"] for look in looks.values()}


def lowdata_of(plan):
    return plan.paper["self-supervision"]["lowdata"]


def test_few_labels_have_a_start_in_what_is_shipped(shipped):
    tasks = lowdata_of(shipped)
    rows = with_kinds(shipped, [row for row in shipped.atlas if row["task"] in tasks])
    found = of_the_study(rows)
    assert tasks and {row["task"] for row in found if row["start"] != "none"} == set(tasks)
    assert {row["start"] for row in rows if row["kind"] == "properties"} <= {
        row["start"] for row in found
    } | {row["start"] for row in rows if not row["against"].endswith("-none-tuned")}


def test_a_network_of_its_own_has_a_panel_with_its_own_nothing():
    own = [
        {"task": "t", "start": start, "way": "tuned", "experiment": start, "words": "",
         "against": against}
        for start, against in (("none", ""), ("none-timm-vgg16", ""), ("a", "none"),
                               ("b", "none-timm-vgg16"))
    ]  # fmt: skip
    panels = panels_of(own)
    assert {title: list(starts_of(rows)) for title, rows in panels.items()} == {
        "t": ["none", "a"], "t, vgg16": ["none", "b"]
    }  # fmt: skip


def test_more_starts_than_colours_differ_by_their_pair():
    rows = [{"start": f"s{k:02d}", "words": "", "panel": "t"} for k in range(14)]
    looks = looks_of(rows).values()
    assert len({tuple(look.values()) for look in looks}) == 14
    assert {look["color"] for look in looks} == set(COLOURS)


def test_curves_that_are_moved_stay_with_their_budget():
    every = [50, 100, 5000, 6000]
    places = np.array([moved(every, k, 9, every) for k in range(9)])
    assert (np.diff(places, axis=0) > 0).all() and places[4] == pytest.approx(every)
    assert (places[-1, :-1] < places[0, 1:]).all(), "no point passes one of the next budget"
    assert moved([30], 0, 1, [30]) == pytest.approx([30])


def test_unknown_starts_have_words_and_a_colour_of_their_own():
    rows = [{"start": name, "way": "probe", "words": words, "panel": "t"}
            for name, words in (("stars", "labels of stars"), ("none", ""), ("x", ""))]  # fmt: skip
    assert starts_of(rows) == {"none": "nothing", "stars": "labels of stars", "x": "x"}
    assert len({look["color"] for look in looks_of(rows).values()}) == 3


def test_ticks_keep_the_ends_apart():
    found = ticks([20, 50, 100, 200, 395])
    assert (found[0], found[-1]) == (20, 395) and 100 in found
    assert ticks([1000, 1010]) == [1000, 1010] and ticks([30]) == [30] and ticks([]) == []
    assert 350 not in ticks([20, 100, 350, 395])


def shown(task, start, way, read=curve):
    """What the figures read of one experiment of the synthetic atlas."""
    table = load_curves([demo()[0] / f"metrics/{task}.curves.csv"])
    return read(table, {"task": task, "experiment": f"atlas-{task}-{start}-{way}"}, METRIC)


def test_a_curve_leaves_out_its_area_and_other_measures():
    found = shown("mergers", "pretext", "tuned")
    assert found["budget"].tolist() == BUDGETS["mergers"] and (found["value"] > 0.4).all()
    assert found["value"].min() < shown("mergers", "pretext", "tuned", area)["value"] < 0.95
    with pytest.raises(FewskyError, match=r"mergers\.curves\.csv: wanted balanced_accuracy of"):
        shown("mergers", "pretext", "guessed")


def table_of(results, script):
    outputs = run_script(results[0], script, *results[1][script])
    return pd.read_csv(outputs.csv, dtype=str, keep_default_na=False)


def test_the_table_of_starts_is_that_of_the_largest_budget():
    table = table_of(demo(), "tabulate_ssl_starts")
    assert len(table) == len(BUDGETS) * len(WORTH) and set(table["Data"]) == {"SIMULATED"}
    [row] = table[(table["Task"] == "mergers") & (table["Start"] == "ImageNet")].to_dict("records")
    assert row["Labels"] == "3000" and row["Test objects"] == "400"
    one = shown("mergers", "imagenet", "lpft")
    value = one.loc[one["budget"] == 3000, "value"].iloc[0]
    assert row["LP-FT"] == f"{value:.3f} [{value - 0.02:.3f}, {value + 0.02:.3f}]"
    [nothing] = table[(table["Task"] == "mergers") & (table["Start"] == "nothing")].to_dict(
        "records"
    )
    assert nothing["Frozen, probe"] == "–" and nothing["Fine-tuned"].startswith("0.")


def test_the_table_of_the_atlas_agrees_with_its_curves():
    table = table_of(demo(), "tabulate_ssl_atlas")
    assert len(table) == len(BUDGETS) * (1 + 3 * (len(WORTH) - 1))
    own = table[(table["Task"] == "mergers") & (table["Way"] == "fine-tuned")].set_index("Start")
    none, start = shown("mergers", "none", "tuned"), shown("mergers", "pretext", "tuned")
    told, under = own.loc["properties, catalogue"], shown("mergers", "pretext", "tuned", area)
    gain = under["gain"]
    assert gain > 0.03, "the areas differ by what the start is worth"
    assert told["Area gained"] == f"{gain:.3f} [{gain - 0.02:.3f}, {gain + 0.02:.3f}]"
    assert told["Could be told"] == "0.028"
    assert told["Labels"] == "50–3,000" and told["Draws"] == "5"
    assert told["Labels saved"] == f"{labels_saved(start, none):,.0f}"
    assert labels_saved(start, none) == pytest.approx(WORTH["pretext"], rel=0.25)
    assert own.loc["nothing", "Area gained"] == own.loc["nothing", "Labels saved"] == "–"


def test_one_draw_has_no_interval_and_no_end_of_paying():
    table = table_of(bare(), "tabulate_ssl_atlas").set_index("Way")
    assert "Data" not in table
    assert "[" not in table.loc["LP-FT", "Area"] and table.loc["LP-FT", "Stops paying at"] == "–"


@pytest.mark.parametrize(
    "name", ["fig_atlas", "fig_ssl_lowdata", "tab_ssl_starts", "tab_ssl_atlas"]
)
def test_captions_can_be_shown(name):
    [paragraph] = read_caption(ROOT / f"report/captions/{name}.rst")
    assert {run["kind"] for run in paragraph} == {"text"}


@pytest.mark.parametrize("script", [*PLOTS, *TABLES])
def test_the_same_bytes_twice(script):
    def made():
        outputs = run_script(bare()[0], script, *bare()[1][script])
        return {end: Path(path).read_bytes() for end, path in outputs.items()}

    assert made() == made()
