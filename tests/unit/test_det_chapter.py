"""The chapter on detection: its numbers, what its text concludes, its pages, and its settings."""

import json
from types import SimpleNamespace

import pandas as pd
import paper_run
import pytest
import typst
from det_run import CLASSES, FIELD, chapter_of, make_paper, settings, shown_of
from paper_run import REPORT, make_shown

from fewsky.chapters import check_chapters
from fewsky.console import FewskyError
from fewsky.files import save_json
from fewsky.paper import collect as whole
from fewsky.paper.chapter_detection import MAKERS, collect
from fewsky.paper.numbers import constants, published
from fewsky.paper.numbers_detection import of_study
from fewsky.paper.typeset import read_content, set_paper, stage

CHAPTER = "detection"


def collected(folder, **told):
    """Numbers, facts and makers of a paper with this chapter alone."""
    by_chapter, files = make_paper(folder, **told)
    own = by_chapter[CHAPTER]
    found = collect(own, {**files, "catalogs": files["catalogs"]["gz2"]})
    shared = {
        **published(files["published"]), **constants(files["constants"]),
        **whole.of_protocol(own["scoring"]), **whole.of_archive(files["raw"]["gz2"]),
    }  # fmt: skip
    return own, {
        "numbers": {**shared, **found["numbers"]},
        "facts": {CHAPTER: found["facts"]},
        "makers": {**whole.MAKERS, **found["makers"]},
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return collected(tmp_path_factory.mktemp("run"))[1]


def value(found, key):
    return found["numbers"][f"det.{key}"]["value"]


# --- what the printed numbers imply -------------------------------------------------------------
def test_the_printed_recall_allows_loose_boxes_or_crowds(found):
    """(10 x .62 - 1) / 9 and 1 / .62."""
    assert value(found, "study.strict.ssd") == pytest.approx(0.578, abs=1e-3)
    assert value(found, "study.crowd.ssd") == pytest.approx(1.613, abs=1e-3)
    known = published(REPORT / "published.csv")
    told = {key: item["value"] for key, item in of_study(known).items()}
    assert told["det.study.images"] == 2000 and told["det.study.archive"] == 243_437


def test_published_rows_have_a_source():
    table = pd.read_csv(REPORT / "published.csv", dtype=str)
    own = table[table["table"].isin(["det", "det-data"])]
    assert len(own) == 7 and own["source"].notna().all()
    assert not table["claim"].duplicated().any()


# --- numbers ------------------------------------------------------------------------------------
def test_every_number_has_a_maker_and_no_key_of_another_chapter(found, tmp_path):
    others = whole.collect(*paper_run.make_paper(tmp_path / "sg"))["numbers"]
    own = {key for key in found["numbers"] if key.split(".")[0] not in whole.MAKERS}
    for key in own:
        assert ".".join(key.split(".")[:2]) in MAKERS, key
        assert found["numbers"][key]["source"], key
    assert own and not own & set(others)


def test_boxes_are_counted_by_where_they_come_from(found):
    assert [value(found, f"boxes.{key}") for key in ("all", "true", "proposed")] == [100, 100, 0]
    assert value(found, "boxes.difficult") == 5
    assert value(found, "boxes.side") == pytest.approx(30)
    assert value(found, "boxes.side.low") == pytest.approx(12, abs=0.1)


def test_one_detection_an_image_cannot_recall_all_boxes(found):
    """36 images with 60 boxes."""
    assert value(found, "sample.most_ar_1") == pytest.approx(0.6)
    assert value(found, "sample.crowd") == pytest.approx(60 / 36)


def test_scores_are_those_of_most_labels_and_of_each_view(found):
    assert value(found, "score.det-ssd.map_50") == 0.5
    assert value(found, "score.det-ssd.budget") == 80
    assert value(found, "off.det-effdet.map_50") == pytest.approx(0.5)
    assert value(found, "folds.detf-ssd.map_50") == 0.5


def test_few_labels_are_told_of_what_was_trained_on_two_numbers(found):
    assert found["facts"][CHAPTER]["few"] == [
        "det-central",
        "det-effdet",
        "det-ssd",
        "det-ssd-none",
    ]
    ends = [value(found, f"few.det-ssd.{end}.map_50") for end in ("least", "most")]
    assert ends == pytest.approx([0.3, 0.5])
    assert value(found, "few.det-ssd.least.images") == 20


def test_bins_end_where_their_names_say(found):
    edges = {key: value(found, f"edge.{key}") for key in ("small", "large", "bright", "faint")}
    assert edges == {"small": 14.2, "large": 30.1, "bright": 15.0, "faint": 16.0}


def test_folds_are_those_of_the_first_draw(found):
    assert value(found, "cv.folds") == 5
    assert value(found, "cv.detf-ssd.map_50") == pytest.approx(0.52)
    assert value(found, "cv.detf-effdet.map_50.spread") == pytest.approx(0.0158, abs=1e-4)


def test_a_frame_is_complete_down_to_its_first_poor_bin(found):
    """A bin with half of its galaxies beyond a poorer one does not count."""
    room = f"frame.{FIELD}.det-ssd"
    assert value(found, f"{room}.half") == 18.0
    assert value(found, f"{room}.galaxy.found") == 32
    assert value(found, f"{room}.pure.galaxy") == 0.75
    assert value(found, f"{room}.detections") == 48


def test_words_that_pandas_takes_for_truth_values_stay_words(found):
    assert found["facts"][CHAPTER]["reference"] == "true"


# --- facts --------------------------------------------------------------------------------------
def test_networks_are_held_against_one_box_in_the_middle(found):
    findings = found["facts"][CHAPTER]["findings"]
    pairs = [(row["a"], row["b"], row["verdict"]) for row in findings["central"]]
    networks = ["det-ssd", "det-ssd-none", "det-effdet"]
    assert pairs == [(name, "det-central", "better") for name in networks]
    assert [row["metric"] for row in findings["central_off"]] == ["off_centre_map_50"] * 3
    assert [row["primary"] for row in findings["central"]] == [True, False, False]


def test_a_start_is_held_against_the_same_network_from_nothing(found):
    findings = found["facts"][CHAPTER]["findings"]
    assert [(row["a"], row["b"]) for row in findings["starts"]] == [("det-ssd", "det-ssd-none")]
    assert [(row["a"], row["b"]) for row in findings["networks"]] == [("det-ssd", "det-effdet")]


def test_the_rule_behind_proposed_boxes_is_no_opponent(tmp_path):
    _, found = collected(tmp_path, source="proposed", boxes="proposed")
    facts = found["facts"][CHAPTER]
    assert "det-segments" not in facts["ranked"]
    assert facts["findings"]["segments"] == []


def test_classes_are_ranked_by_what_is_found_and_rightly_named(found):
    assert found["facts"][CHAPTER]["named_classes"] == CLASSES[::-1]


# --- pages --------------------------------------------------------------------------------------
def content_of(folder, simulated=False, **told):
    own, found = collected(folder, **told)
    found["facts"]["simulated"] = simulated
    save_json(found, folder / "numbers.json")
    figures, tables = shown_of(own["chapter"])
    names = [*figures, *tables]
    text = {"title": "A title", "chapters": [CHAPTER]}
    text |= {"scripts": dict.fromkeys(names, "scripts/x.py")}
    text |= {"blocks": dict.fromkeys(names, f"paper.{CHAPTER}")}
    shown = make_shown(folder, simulated, figures, tables)
    content = read_content(folder / "numbers.json", *shown, folder / "captions", text)
    return {**content, "versions": {"numpy": "2.4.6"}}


CASES = {
    "full": {},
    "simulated": {"simulated": True, "weights": "random"},
    "proposed": {"source": "proposed", "boxes": "proposed"},
    "corrected": {"source": "corrected", "boxes": "folder"},
    "nothing is told": {"verdict": "cannot be told"},
    "worse": {"verdict": "worse", "few": False},
    "nothing optional": {"without": ("all",), "off": 0.0},
    "a network alone": {"without": ("all",), "main": ["det-ssd"], "off": 0.0},
    "no folds": {"without": ("folds_task", "cv")},
    "named, without frames": {"without": ("frames",)},
    "frames, without names": {"without": ("named", "export")},
}


@pytest.mark.parametrize("case", CASES)
def test_the_chapter_is_set_whatever_the_run_has(case, tmp_path):
    content = content_of(tmp_path, **CASES[case])
    (tmp_path / "staged").mkdir()
    main = str(stage(REPORT, content, tmp_path / "staged"))
    found = json.loads(typst.query(main, "figure", field="label", root=str(tmp_path / "staged")))
    names = {*content["figures"], *content["tables"]}
    assert {label.strip("<>") for label in found} == names


def test_a_missing_number_ends_with_its_maker(tmp_path):
    content = content_of(tmp_path, without=("all",))
    del content["numbers"]["det.boxes.all"]
    with pytest.raises(FewskyError, match=r"detection.typ:\d+.*det.boxes.all.*rule find_boxes"):
        set_paper(REPORT, content, tmp_path / "paper.pdf")


# --- settings -----------------------------------------------------------------------------------
def plan(**changes):
    """A resolved configuration, as far as the check looks at it."""
    own = settings()
    colours = {"bands": ["red", "green", "blue"]}
    surveys = {"gz2": colours, "galaxy10-sdss": colours, "grey": {"bands": ["red"]},
               "sdss": {"bands": list("ugriz"), "fields": [FIELD]}}  # fmt: skip
    datasets = {"gz2": {"survey": "gz2"}, "g10": {"survey": "galaxy10-sdss"},
                "grey": {"survey": "grey"}}  # fmt: skip
    classes = {"classes": CLASSES}
    others = {"nine": "g10", "pale": "grey", "bare": "gz2"}
    tasks = own["tasks"] | {name: {"dataset": of, **classes} for name, of in others.items()}
    network = {"model": {"name": "compact"}, "recipe": {"augment": "d4"}}
    experiments = {
        **own["experiments"], "g10-ours": {"task": "nine", **network},
        "pale-ours": {"task": "pale", **network},
    }  # fmt: skip
    return SimpleNamespace(
        paper={"chapters": [CHAPTER], CHAPTER: chapter_of() | changes},
        surveys=surveys, datasets=datasets, tasks=tasks, experiments=experiments,
    )  # fmt: skip


def test_settings_that_agree_pass():
    check_chapters(plan())
    check_chapters(plan(named=None, frames=None, export=[], folds_task=None, cv=[]))


def frames(**changes):
    return {"frames": chapter_of()["frames"] | changes}


def naming(**changes):
    return {"named": chapter_of()["named"] | changes}


FAULTS = {
    "no such experiment": ({"main": ["det-sdd"]}, ["main", "'det-sdd'", "'det-ssd'"]),
    "experiment of another task": ({"shown": "detf-ssd"}, ["shown", "detf-ssd of galaxies-folds"]),
    "folds of no task": ({"folds_task": None}, ["cv", "folds_task, None", "detf-ssd"]),
    "a task without boxes": (
        {"task": "bare", "main": [], "shown": None, "export": []},
        ["task with boxes", "bare"],
    ),
    "opponent exported": ({"export": ["det-central"]}, ["export", "network", "det-central"]),
    "opponent named": (naming(detector="det-central"), ["named.detector", "det-central"]),
    "named by a detector": (
        naming(classifier="det-effdet"), ["named.classifier", "with classes", "det-effdet"],
    ),
    "named by another kind of images": (
        naming(classifier="pale-ours"), ["named.classifier", "red, green, blue", "found red"],
    ),
    "no such field": (frames(fields=["94-1-13"]), ["frames.fields", "'94-1-13'"]),
    "no such band": (frames(composite={"bands": ["i", "r", "x"]}), ["composite.bands", "'x'"]),
    "a box in the middle of a frame": (
        frames(detectors=["det-central"]), ["frames.detectors", "det-central", "central-box"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_settings_is_one_line(fault):
    changes, words = FAULTS[fault]
    with pytest.raises(FewskyError) as caught:
        check_chapters(plan(**changes))
    line = str(caught.value)
    assert "\n" not in line and "wanted" in line and "found" in line
    assert all(word in line for word in words), line
