"""The chapter on Galaxy10: its numbers, what its text concludes, its pages, and its settings."""

import json
from types import SimpleNamespace

import pandas as pd
import paper_run
import pn_run
import pytest
import typst
from g10_run import BUDGET, NINE, chapter_of, make_paper, settings, shown_of
from paper_run import REPORT, make_shown

from fewsky.chapters import check_chapters
from fewsky.console import FewskyError
from fewsky.files import load_json, save_json
from fewsky.metrics.printed import hard_label_auroc
from fewsky.paper import numbers_galaxy10_study as study
from fewsky.paper import numbers_runs as runs
from fewsky.paper.chapter_galaxy10 import MAKERS
from fewsky.paper.collect import MAKERS as SHARED
from fewsky.paper.collect import collect
from fewsky.paper.numbers import constants, published
from fewsky.paper.typeset import read_content, set_paper, stage

CHAPTER = "galaxy10"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return collect(*make_paper(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def printed():
    known = {**published(REPORT / "published.csv"), **constants(REPORT / "constants.csv")}
    return {key: item["value"] for key, item in study.of_study(known).items()}


def value(found, key):
    return found["numbers"][f"g10.{key}"]["value"]


# --- what the printed numbers imply -------------------------------------------------------------
def test_the_printed_parts_add_up_to_the_file_without_the_class_left_out(printed):
    assert printed["g10.study.test"] == 2931
    assert printed["g10.study.total"] == printed["g10.study.left"] == 21_768
    assert printed["g10.study.test.misprinted"] == 3011
    shares = [printed[f"g10.study.{part}.share"] for part in ("train", "val", "test")]
    assert shares == pytest.approx([0.720, 0.145, 0.135], abs=5e-4)
    assert printed["g10.study.tight.tested"] < 0.13 < 0.14 < printed["g10.study.medium.tested"]


def test_the_listed_numbers_of_images_show_the_exchanged_digits(printed):
    assert printed["g10.study.listed.sum"] == 21_830


def test_the_weights_of_the_classes_are_those_of_nine_classes(printed):
    """N / (C n_c) for all classes: the inverses add up to one but for four printed digits."""
    assert printed["g10.study.weights.sum"] == pytest.approx(1, abs=1e-3)
    assert study.weights_sum({"a": 2.0, "b": 2 / 3}) == pytest.approx(1)


def test_weights_of_vgg16_are_counted_from_its_layers(printed):
    names = ("head", "all", "block5", "printed")
    found = [printed[f"g10.study.vgg.{name}"] for name in names]
    assert found == [131_721, 14_846_409, 7_211_145, 7_221_145]


def test_five_folds_cannot_reach_a_twentieth(printed):
    assert printed["g10.study.wilcoxon.least"] == 0.0625


@pytest.mark.parametrize(("row", "area"), [("simple", 0.765), ("dropout-bn", 0.858)])
def test_the_printed_areas_are_those_of_decided_classes(row, area, printed):
    low, high = (printed[f"g10.study.hard.{row}.{end}"] for end in ("low", "high"))
    assert low < area < high < low + 0.02


def test_an_area_of_decided_classes_is_the_mean_of_recall_and_specificity():
    assert hard_label_auroc([1.0, 0.5], [0.5, 1.0], [20, 10]) == pytest.approx(0.75)


# --- numbers ------------------------------------------------------------------------------------
def test_every_number_has_a_maker_and_no_key_of_another_chapter(found, tmp_path):
    others = collect(*paper_run.make_paper(tmp_path / "sg"))["numbers"]
    others |= collect(*pn_run.make_paper(tmp_path / "pn"))["numbers"]
    own = {key for key in found["numbers"] if key.split(".")[0] not in SHARED}
    for key in own:
        assert ".".join(key.split(".")[:2]) in MAKERS, key
        assert found["numbers"][key]["source"], key
    assert own and not own & set(others)


def test_images_are_counted_in_the_catalogues_of_both_releases(found):
    assert value(found, "objects.all") == 225
    assert value(found, "objects.used") == 225 - value(found, "objects.edge-on-boxy-bulge") == 221
    assert value(found, "objects2.merging") == 40
    assert value(found, "survey2.size") == 128
    # 60 round galaxies against eight cigar-shaped ones; the four of the class left out do not count
    assert value(found, "objects.uneven") == 60 / 8


def test_an_epoch_is_told_against_its_labels(found):
    room = "balance.g10-full"
    told = {key: value(found, f"{room}.{key}") for key in ("labels", "repeated", "left_out")}
    assert told == {"labels": 120, "repeated": 40, "left_out": 40}


def test_folds_are_those_of_the_first_draw(found):
    """Two hundredths more a fold for the second network, one for the first, from 0.55 and 0.5."""
    assert value(found, "cv.folds") == 5
    assert value(found, "cv.scratch.accuracy") == pytest.approx(0.52)
    assert value(found, "cv.vgg.accuracy") == pytest.approx(0.59)
    assert value(found, "cv.vgg.accuracy.spread") == pytest.approx(0.0316, abs=1e-4)
    assert value(found, "cv.wilcoxon") == value(found, "cv.least") == 0.0625


def test_weights_of_an_ensemble_are_over_draws(found):
    ends = [value(found, f"weight.g10-vgg{end}") for end in ("", ".least", ".most")]
    assert ends == pytest.approx([0.4, 0.3, 0.5])


def test_a_diverged_trial_is_counted_and_not_chosen(found):
    told = [value(found, f"search.{key}") for key in ("trials", "complete")]
    assert told == [6, 5]
    assert value(found, "search.parameters") == 50_000
    assert value(found, "search.highest") == pytest.approx(0.74)
    assert value(found, "search.labels") == BUDGET


def test_maps_are_compared_with_all_layers_anew(found):
    assert value(found, "sanity.g10-drop-bn.spearman") == pytest.approx(0.1)
    assert value(found, "sanity.g10-drop-bn.spearman.first") == pytest.approx(0.7)
    assert value(found, "sanity.g10-drop-bn.n") == 2


def test_the_noise_that_few_twins_tell_is_wide():
    """Of 100 twins of two classes 18 differ, e = 0.1; ten times as many tell it better."""
    few, many = (
        runs.of_twins({"twins": n, "twin_label_agreement": 0.82, "label_noise": 0.1}, 2)
        for n in (100, 1000)
    )
    ends = [(one["label_noise.lower"][0], one["label_noise.upper"][0]) for one in (few, many)]
    assert ends[0][0] < ends[1][0] < 0.1 < ends[1][1] < ends[0][1]
    assert runs.of_twins({"twins": 0}, 2)["label_noise"][0] is None


# --- facts --------------------------------------------------------------------------------------
def test_questions_are_answered_with_the_first_part_first(found):
    """The later of two names was held against the earlier; a question may ask it the other way."""
    rows = found["facts"][CHAPTER]["findings"]["imbalance"]
    told = {(row["a"], row["b"]): row["verdict"] for row in rows}
    assert told["g10-full", "g10-plain"] == "better"
    assert told["g10-simple", "g10-full"] == "worse"
    assert [row["difference"] for row in rows if row["verdict"] == "worse"] == ["−0.031"] * 2


def test_networks_are_held_against_the_best_opponent(found):
    [row] = found["facts"][CHAPTER]["findings"]["best"]
    assert (row["a"], row["b"]) == ("g10-found", "g10-forest")


def test_the_ensemble_is_held_against_members_and_equal_weights(found):
    facts = found["facts"][CHAPTER]
    named = [row["b"] for row in facts["findings"]["ensemble"]]
    assert named == ["g10-drop-bn", "g10-vgg", "g10-equal"]
    assert [row["primary"] for row in facts["findings"]["ensemble"]] == [True, False, False]
    assert facts["named"] == []  # what was named stands with the ensemble already


def test_how_far_weights_are_trained(found):
    assert found["facts"][CHAPTER]["tuned"] == {
        "g10-features": "features", "g10-vgg": "tuned", "g10f-vgg": "tuned"
    }  # fmt: skip


def test_a_control_that_tells_classes_apart_warns(found, tmp_path):
    assert found["facts"][CHAPTER]["warnings"] == []
    [words, *_] = collect(*make_paper(tmp_path, nuisance=0.75))["facts"][CHAPTER]["warnings"]
    assert "g10-nuisance" in words and ".75" in words


def test_sky_is_auditable_only_where_there_are_positions(found):
    told = found["facts"][CHAPTER]["auditable"]
    assert told["decals"] and not told["main"]


# --- pages --------------------------------------------------------------------------------------
def content_of(folder, simulated=False, **told):
    by_chapter, files = make_paper(folder, **told)
    collected = collect(by_chapter, files)
    collected["facts"]["simulated"] = simulated
    save_json(collected, folder / "numbers.json")
    figures, tables = shown_of(by_chapter[CHAPTER]["chapter"])
    names = [*figures, *tables]
    text = {"title": "A title", "chapters": [CHAPTER]}
    text |= {"scripts": dict.fromkeys(names, "scripts/x.py")}
    text |= {"blocks": dict.fromkeys(names, f"paper.{CHAPTER}")}
    shown = make_shown(folder, simulated, figures, tables)
    content = read_content(folder / "numbers.json", *shown, folder / "captions", text)
    return {**content, "versions": {"numpy": "2.4.6"}}


CASES = {
    "full": {},
    "simulated": {"simulated": True, "truth": True, "source": "experiment", "nuisance": 0.75},
    "nothing is told": {"verdict": "cannot be told", "twins": 0, "source": "random"},
    "worse": {"verdict": "worse"},
    "nothing optional": {"without": ("all",)},
    "no split of the study, no search": {"without": ("legacy_task", "search")},
    "no folds, no maps": {"without": ("folds_task", "explain")},
    "neither ten nor decals": {"without": ("ten_task", "decals_task")},
    "tasks without experiments": {"without": ("ten", "decals", "export")},
    "no ensemble": {"without": ("ensemble", "imbalance")},
    "no reports": {"without": ("reports", "scratch", "ensemble_control")},
}
# What falls away with a task or an experiment, since it would be about it.
WITH = {"legacy_task": ("legacy",), "folds_task": ("cv",), "ten_task": ("ten",),
        "decals_task": ("decals",), "ensemble": ("ensemble_control",)}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_chapter_is_set_whatever_the_run_has(case, tmp_path):
    told = dict(CASES[case])
    told["without"] = [k for key in told.get("without", ()) for k in (key, *WITH.get(key, ()))]
    content = content_of(tmp_path, **told)
    (tmp_path / "staged").mkdir()
    main = str(stage(REPORT, content, tmp_path / "staged"))
    found = json.loads(typst.query(main, "figure", field="label", root=str(tmp_path / "staged")))
    names = {*content["figures"], *content["tables"]}
    assert {label.strip("<>") for label in found} == names


def test_a_missing_number_ends_with_its_maker(tmp_path):
    content = content_of(tmp_path, without=("all",))
    del content["numbers"]["g10.objects.used"]
    with pytest.raises(FewskyError, match=r"galaxy10.typ:\d+.*g10.objects.used.*rule cut_images"):
        set_paper(REPORT, content, tmp_path / "paper.pdf")


# --- settings -----------------------------------------------------------------------------------
def plan(**changes):
    """A resolved configuration, as far as the check looks at it."""
    own = settings()
    datasets = {"g10-sdss": {"survey": "g10-sdss"}, "g10-decals": {"survey": "g10-decals"}}
    tasks = {name: {"dataset": "g10-sdss"} for name in own["tasks"]}
    tasks["decals"] = {"dataset": "g10-decals"}
    return SimpleNamespace(
        paper={"chapters": [CHAPTER], CHAPTER: chapter_of() | changes},
        surveys={"g10-sdss": {}, "g10-decals": {}}, datasets=datasets, tasks=tasks,
        experiments=own["experiments"],
    )  # fmt: skip


def test_settings_that_agree_pass():
    check_chapters(plan())
    check_chapters(plan(scratch=None, search=None, export=[], reports={"simple": None}))


FAULTS = {
    "no such experiment": ({"main": ["g10-simpel"]}, ["main", "'g10-simpel'", "'g10-simple'"]),
    "no such ensemble": ({"ensemble": "g10-mixed"}, ["ensemble", "'g10-mixed'"]),
    "experiment of another task": (
        {"scratch": {"simple": "g10f-vgg"}},
        ["scratch", "paper.galaxy10.task, nine", "g10f-vgg of nine-folds"],
    ),
    "folds of no task": ({"folds_task": None}, ["cv", "folds_task, None", "g10f-drop-bn"]),
    "no such task": ({"ten_task": "eleven"}, ["ten_task", "'eleven'"]),
    "no ensemble": ({"ensemble": "g10-vgg"}, ["an ensemble", "g10-vgg without the key 'ensemble'"]),
    "no search": ({"search": "g10-simple"}, ["search", "g10-simple without the key 'search'"]),
    "opponent exported": ({"export": ["g10-forest"]}, ["export", "network", "g10-forest"]),
    "same survey twice": (
        {"decals_task": "ten", "decals": []},
        ["decals_task", "another survey than g10-sdss", "ten on g10-sdss"],
    ),
    "other survey": ({"ten_task": "decals", "ten": []}, ["ten_task", "decals on g10-decals"]),
    "no such survey": ({"survey": "sdss"}, ["paper.galaxy10.survey", "'sdss'"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_settings_is_one_line(fault):
    changes, words = FAULTS[fault]
    with pytest.raises(FewskyError) as caught:
        check_chapters(plan(**changes))
    line = str(caught.value)
    assert "\n" not in line and "wanted" in line and "found" in line
    assert all(word in line for word in words), line


def test_class_names_of_the_text_are_those_of_the_files():
    """Every class that the chapter gives other words is one of the survey's."""
    from fewsky.surveys.galaxy10 import CLASSES

    text = (REPORT / "chapters/galaxy10.typ").read_text()
    words = text.split("#let class-words = (")[1].split("\n)")[0]
    named = {part.split('"')[1] for part in words.replace("\n", " ").split(",") if '": "' in part}
    assert named and named <= {name for names in CLASSES.values() for name in names}
    assert set(NINE) <= set(CLASSES["sdss"])


def test_published_rows_that_the_text_needs_have_a_source():
    table = pd.read_csv(REPORT / "published.csv", dtype=str)
    own = table[table["claim"].str.startswith(("gd22-", "pandya23-", "dagli23-"))]
    assert len(own) == 3 and own["source"].notna().all()
    assert not table["claim"].duplicated().any()


def test_the_numbers_are_kept_in_one_file(found, tmp_path):
    save_json(found, tmp_path / "numbers.json")
    assert load_json(tmp_path / "numbers.json")["facts"][CHAPTER]["findings"]["folds"]
