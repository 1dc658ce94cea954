"""The chapter on self-supervision: its numbers, what its text concludes, and its pages."""

import json

import g10_run
import paper_run
import pn_run
import pytest
import typst
from paper_run import REPORT, make_shown
from ssl_run import make_paper, settings, shown_of
from ssl_tables import GAINS

from fewsky.console import FewskyError
from fewsky.files import load_table, save_json, save_table
from fewsky.paper.atlas_told import apart, counted, told_atlas
from fewsky.paper.chapter_self_supervision import MAKERS
from fewsky.paper.collect import MAKERS as SHARED
from fewsky.paper.collect import collect
from fewsky.paper.pretexts_told import start_kind
from fewsky.paper.typeset import read_content, set_paper, stage

CHAPTER = "self-supervision"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return collect(*make_paper(tmp_path_factory.mktemp("run")))


def value(found, key):
    return found["numbers"][f"ssl.{key}"]["value"]


def facts(found):
    return found["facts"][CHAPTER]


# --- numbers ------------------------------------------------------------------------------------
def test_every_number_has_a_maker_and_no_key_of_another_chapter(found, tmp_path):
    others = {}
    for name, run in (("sg", paper_run), ("pn", pn_run), ("g10", g10_run)):
        others |= collect(*run.make_paper(tmp_path / name))["numbers"]
    own = {key for key in found["numbers"] if key.split(".")[0] not in SHARED}
    for key in own:
        assert ".".join(key.split(".")[:2]) in MAKERS, key
        assert found["numbers"][key]["source"], key
    assert own and not own & set(others)


def test_ends_of_a_curve_are_those_of_the_chapter_s_measure(found):
    assert [value(found, f"labels.sg.{end}") for end in ("least", "most")] == [20, 100]
    room = "curve.atlas-sg-magnitudes-lpft"
    told = [value(found, f"{room}.least.gain{end}") for end in ("", ".lower", ".upper")]
    assert told == list(GAINS["better"])
    assert value(found, f"{room}.most.gain") == GAINS["cannot be told"][0]
    assert value(found, f"{room}.stops") == 100  # better with 20 labels, no longer with 100
    assert "ssl.curve.atlas-sg-none-tuned.least.gain" not in found["numbers"]


def test_an_area_is_no_number_of_labels(found, tmp_path):
    """The area stands at budget 0, and is neither an end of the curve nor where it stops paying."""
    room = "curve.atlas-sg-magnitudes-lpft"
    assert value(found, f"{room}.area.gain") == GAINS["better"][0]
    told, files = make_paper(tmp_path)
    for path in files["curves"].values():
        table = load_table(path)
        save_table(table[table["budget"] == 100], path)  # one budget alone has no area
    one = collect(told, files)
    assert value(one, "labels.sg.least") == 100
    assert f"ssl.{room}.area" not in one["numbers"]
    assert facts(one)["atlas"]["against_nothing"]["properties"]["area"]["answer"] == "open"


def test_what_was_kept_out_is_told_over_all_tasks(found):
    room = "kept.p-magnitudes"
    told = [value(found, f"{room}.{key}") for key in ("tasks", "taken.least", "taken.most", "left")]
    assert told == [2, 3, 5, 0]
    kept = facts(found)["kept"]["p-magnitudes"]
    assert kept["by"] == ["position", "image"] and kept["bare"] == ["nine"] and kept["beside"]
    assert not facts(found)["kept"]["p-sky"]["beside"]


def test_errors_of_a_pretext_are_those_of_its_worst_and_best_target(found):
    ends = [value(found, f"error.magnitudes.r2.{end}") for end in ("least", "most")]
    assert ends == pytest.approx([0.3, 0.9])
    assert value(found, "error.sky-magnitudes.over.most") == 4.0
    assert facts(found)["weak"] == ["magnitudes", "measured"]


def test_objects_of_a_pretext_are_one_class_whose_twins_tell_nothing(found):
    assert value(found, "split.p-free.pool") == 40
    assert value(found, "split.p-free.label_noise") is None


# --- facts --------------------------------------------------------------------------------------
def test_starts_are_told_by_what_they_have_learned():
    told = settings()
    kinds = {name: start_kind(name, told) for name in told["weights"]}
    assert kinds == {
        "imagenet": "published",
        "nothing": "random",
        "w-colours": "properties",
        "w-contrastive": "contrastive",
        "w-magnitudes": "properties",
        "w-masked": "masked",
        "w-measured": "measured",
        "w-raw": "properties",
    }


@pytest.mark.parametrize(
    ("verdicts", "answer"),
    [
        ([], "untested"),
        (["better", "better"], "all"),
        (["better", "cannot be told"], "some"),
        (["better", "worse"], "mixed"),
        (["worse", "cannot be told"], "worse"),
        (["cannot be told"], "open"),
    ],
)
def test_verdicts_together_give_one_answer(verdicts, answer):
    told = counted(verdicts)
    assert told["answer"] == answer and told["all"] == len(verdicts)
    assert told["better"] + told["worse"] + told["open"] == told["all"]


def test_intervals_that_overlap_tell_nothing():
    def number(key, low, high):
        return {f"{key}.lower": {"value": low}, f"{key}.upper": {"value": high}}

    numbers = number("a", 0.5, 0.6) | number("b", 0.61, 0.7) | number("c", 0.59, 0.7)
    assert [apart("a", "b", numbers), apart("b", "a", numbers)] == ["worse", "better"]
    assert apart("a", "c", numbers) == apart("a", "none", numbers) == "cannot be told"


def test_the_text_follows_the_study_s_way_and_counts_all(found):
    atlas = facts(found)["atlas"]
    assert atlas["way"] == "lpft"
    assert {one["way"] for task in atlas["tasks"] for one in task["starts"]} == {"lpft"}
    # three properties starts of the catalogue, on sg, nine and both of S-PLUS, in one way each
    assert atlas["against_nothing"]["properties"]["least"]["better"] == 4
    assert atlas["against_nothing"]["properties"]["most"]["answer"] == "open"
    assert atlas["all"]["least"]["all"] == value(found, "chance.all") == 16
    assert value(found, "chance.expected") == pytest.approx(16 * 0.025)


def test_properties_are_held_against_published_weights_of_the_same_task(found):
    rows = facts(found)["atlas"]["against_published"]
    assert {(row["task"], row["start"]) for row in rows} == {
        ("sg", "magnitudes"),
        ("sg", "measured"),
    }
    assert {row["least"] for row in rows} == {"cannot be told"}  # both gain alike


@pytest.mark.parametrize("verdict", list(GAINS))
def test_answers_follow_the_intervals(verdict, tmp_path):
    told = facts(collect(*make_paper(tmp_path, verdict=verdict)))["atlas"]
    answer = {"better": "all", "worse": "worse", "cannot be told": "open"}[verdict]
    assert told["against_nothing"]["properties"]["least"]["answer"] == answer


def test_without_scored_curves_there_is_no_atlas():
    rows = [{"task": "sg", "start": "none", "way": "tuned", "experiment": "a", "weights": None}]
    assert told_atlas(rows, {}, {}) is None
    assert told_atlas(rows, {}, {"ssl.curve.a.least": {"value": 0.7}}) is None


def test_starts_that_see_more_than_pixels_are_told(found):
    [one] = facts(found)["seen"]
    assert {start["weights"]: start["knn_accuracy"] for start in one["starts"]} == {
        "pixels": "cannot be told",
        "imagenet": "cannot be told",
        "w-magnitudes": "better",
    }
    assert facts(found)["seen_counts"]["answer"] == "all"


def test_nebulae_go_from_coarse_to_fine_with_contrastive_first(found):
    told = facts(found)["nebulae"]
    assert [size["size"] for size in told["sizes"]] == [16, 64]
    pairs = [(row["a"], row["b"]) for row in told["sizes"][0]["findings"]]
    assert pairs == [
        ("pn-16-contrastive", "pn-16-none"),
        ("pn-16-contrastive", "pn-16-masked"),
    ]
    assert [one["words"] for one in told["sizes"][0]["bins"]] == ["0 to 2.5", "above 2.5"]


def test_a_split_that_was_not_enforced_comes_last(found):
    assert [(one["task"], one["enforced"]) for one in facts(found)["real"]] == [
        ("mg", True),
        ("mg-random", False),
    ]


def test_a_control_that_tells_classes_apart_warns(found, tmp_path):
    assert facts(found)["warnings"] == []
    [words] = facts(collect(*make_paper(tmp_path, nuisance=0.75)))["warnings"]
    assert "mg-nuisance" in words


# --- pages --------------------------------------------------------------------------------------
def content_of(folder, simulated=False, unmade=(), **told):
    by_chapter, files = make_paper(folder, **told)
    collected = collect(by_chapter, files)
    collected["facts"]["simulated"] = simulated
    save_json(collected, folder / "numbers.json")
    figures, tables = (
        [name for name in some if name not in unmade]
        for some in shown_of(by_chapter[CHAPTER]["chapter"])
    )
    names = [*figures, *tables]
    text = {"title": "A title", "chapters": [CHAPTER]}
    text |= {"scripts": dict.fromkeys(names, "scripts/x.py")}
    text |= {"blocks": dict.fromkeys(names, f"paper.{CHAPTER}")}
    shown = make_shown(folder, simulated, figures, tables)
    content = read_content(folder / "numbers.json", *shown, folder / "captions", text)
    return {**content, "versions": {"numpy": "2.4.6"}}


CASES = {
    "full": {},
    "simulated": {"simulated": True, "truth": True, "nuisance": 0.75},
    "nothing is told": {"verdict": "cannot be told"},
    "worse": {"verdict": "worse"},
    "nothing optional": {"without": ("all",)},
    "no published weights": {"published": False, "without": ("representations",)},
    "no atlas": {"without": ("atlas", "targets", "lowdata", "starts")},
    "no nebulae, no real images": {"without": ("nebulae", "real")},
    "figures that are not made": {
        "unmade": ("tab_ssl_pretext", "fig_ssl_targets", "fig_ssl_embed")
    },
    "no pretexts named": {"without": ("pretexts", "representations")},
    "nebulae alone": {
        "without": ("pretexts", "atlas", "targets", "lowdata", "starts", "representations", "real")
    },
    "real images alone": {
        "without": (
            "pretexts",
            "atlas",
            "targets",
            "lowdata",
            "starts",
            "representations",
            "nebulae",
        )
    },
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
    content = content_of(tmp_path)
    del content["numbers"]["ssl.labels.sg.least"]
    with pytest.raises(FewskyError, match=r"self-supervision.typ:\d+.*ssl.labels.*score_curves"):
        set_paper(REPORT, content, tmp_path / "paper.pdf")
