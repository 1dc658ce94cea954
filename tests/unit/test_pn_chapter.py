"""The chapter on planetary nebulae: its numbers, the answer it gives, and its pages."""

import json

import paper_run
import pytest
import typst
from paper_run import REPORT, make_shown
from pn_run import FOLDS, figures_of, make_paper, tables_of

from fewsky.files import save_json
from fewsky.paper import hypothesis
from fewsky.paper.chapter_planetary_nebulae import MAKERS
from fewsky.paper.collect import MAKERS as SHARED
from fewsky.paper.collect import collect
from fewsky.paper.facts_planetary_nebulae import stage_of
from fewsky.paper.typeset import read_content, set_paper, stage

CHAPTER = "planetary-nebulae"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return collect(*make_paper(tmp_path_factory.mktemp("run")))


def facts_of(found):
    return found["facts"][CHAPTER]


def content_of(folder, chapters=(CHAPTER,), simulated=False, case="full", **told):
    """All that the text may read, for one chapter or both."""
    settings, files = make_paper(folder / "pn", case, **told)
    figures, tables = list(figures_of(case)), list(tables_of(case))
    if len(chapters) > 1:
        more, others = paper_run.make_paper(folder / "sg", truth=simulated)
        both = {"star-galaxy": more["star-galaxy"], CHAPTER: settings[CHAPTER]}
        settings = {name: both[name] for name in chapters}
        rooms = [room for room in files if isinstance(files[room], dict)]
        merged = {room: {**files[room], **others.get(room, {})} for room in rooms}
        files = {**others, **files, **merged}
        figures += paper_run.FIGURES
        tables += [name for name in paper_run.TABLES if name not in tables]
    found = collect(settings, files)
    found["facts"]["simulated"] = simulated
    save_json(found, folder / "numbers.json")
    shown = make_shown(folder, simulated, figures, tables)
    names = [*figures, *tables]
    told = {"title": "A title", "chapters": list(chapters)}
    told |= {"scripts": dict.fromkeys(names, "scripts/x.py")}
    told |= {"blocks": dict.fromkeys(names, f"paper.{CHAPTER}")}
    content = read_content(folder / "numbers.json", *shown, folder / "captions", told)
    return {**content, "versions": {"numpy": "2.4.6"}}


# --- numbers ------------------------------------------------------------------------------------
def test_every_number_has_a_maker_and_no_key_of_another_chapter(found, tmp_path):
    other = collect(*paper_run.make_paper(tmp_path))
    own = {key for key in found["numbers"] if key.split(".")[0] not in SHARED}
    for key in own:
        assert ".".join(key.split(".")[:2]) in MAKERS, key
        assert found["numbers"][key]["source"], key
    assert own and not own & set(other["numbers"])


def test_a_chapter_reads_the_files_of_its_own_tasks_only(tmp_path):
    """A star/galaxy task beside it neither adds numbers nor is asked for a nebula's columns."""
    settings, files = make_paper(tmp_path / "pn")
    _, others = paper_run.make_paper(tmp_path / "sg")
    alone = collect(settings, files)
    for room in ("audits", "metrics", "comparisons", "cards"):
        files[room] = {**others[room], **files[room]}
    assert collect(settings, files) == alone


def test_scores_of_the_parts_stand_apart(found):
    numbers = found["numbers"]
    assert numbers["pn.score.pn-lpft.mcc"]["value"] == pytest.approx(0.6)
    assert numbers["pn.hidden.pn-lpft.mcc"]["value"] == pytest.approx(0.61)
    assert numbers["pn.folds.pnf-both.mcc"]["value"] == pytest.approx(0.65)
    assert numbers["pn.folds.pnf-both.kind galaxy.accuracy"]["value"] == pytest.approx(0.65)
    assert numbers["pn.curve.pn-lp.50"]["value"] == pytest.approx(0.3)
    assert numbers["pn.score.pn-lpft.budget"]["value"] == 400
    assert "pn.score.pn-lpft.kind galaxy.accuracy" not in numbers


def test_counts_come_from_audit_and_catalogue(found):
    numbers = found["numbers"]
    assert numbers["pn.objects.all"]["value"] == 100
    assert numbers["pn.objects.kind galaxy"]["value"] == 17
    assert numbers["pn.objects.field ukst.share"]["text"] == "50%"
    assert numbers["pn.split.main.unlabelled"]["value"] == 400
    assert numbers["pn.split.folds.used"]["value"] == 1000
    assert numbers["pn.split.main.link_arcsec"]["value"] == pytest.approx(240 * 2**0.5)


def test_pseudo_labels_are_quoted_where_some_were_kept(found):
    """At a threshold of 0.99 none was kept, so that no accuracy is known."""
    assert facts_of(found)["thresholds"] == {"pn-lpft": ["0", "0.9"]}
    assert found["numbers"]["pn.pseudo.pn-lpft.0.9"]["text"] == "0.890"
    assert found["numbers"]["pn.pseudo.pn-lpft.0.9.lower"]["text"] == "0.700"


def test_objects_trained_on_do_not_count_as_inside(found):
    numbers = found["numbers"]
    assert numbers["pn.distortion.pns-ft.inside.n"]["value"] == 1
    assert numbers["pn.distortion.pns-ft.inside"]["text"] == "20%"
    assert numbers["pn.distortion.pns-ft.outside"]["text"] == "10%"


# --- facts --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("verdicts", "control", "answer"),
    [
        (["better", "better"], "better", "holds"),
        (["better", "better"], "cannot be told", hypothesis.EXPLAINED),
        (["better", "better"], "worse", hypothesis.EXPLAINED),
        (["better", "better"], None, hypothesis.EXPLAINED),
        (["better", "cannot be told"], "better", "cannot be told"),
        (["cannot be told", "cannot be told"], "better", "cannot be told"),
        (["better", "worse"], "better", "fails"),
        (["worse", "cannot be told"], "worse", "fails"),
        (["better"], "better", "cannot be told"),
        ([], None, "cannot be told"),
    ],
)
def test_the_verdicts_and_the_control_give_the_answer(verdicts, control, answer):
    assert hypothesis.answer(verdicts, control) == answer


@pytest.mark.parametrize(
    ("control", "answer"), [("better", "holds"), ("worse", hypothesis.EXPLAINED), (None, None)]
)
def test_the_answer_carries_the_control(control, answer, tmp_path):
    run = make_paper(tmp_path, verdicts=("better", "better"), control=control)
    told = facts_of(collect(*run))["hypothesis"]
    assert told["answer"] == (answer or hypothesis.EXPLAINED)
    assert (told["control"] or {}).get("verdict") == control


def test_a_plain_number_and_a_printed_one_are_turned_alike():
    row = {"a": "x", "b": "y", "difference": 0.25, "lower": -0.5, "upper": 1.0, "verdict": "better"}
    back = hypothesis.turned(row)
    assert (back["a"], back["b"], back["verdict"]) == ("y", "x", "worse")
    assert (back["difference"], back["lower"], back["upper"]) == (-0.25, -1.0, 0.5)
    assert hypothesis.turned(back) == row


def test_both_sides_of_the_hypothesis_have_their_labels_and_steps_told(found):
    """LP-FT and the student after it take 900 steps each, pseudo-labels alone 1800."""
    facts, numbers = facts_of(found), found["numbers"]
    assert facts["forms"] == {FOLDS["both"]: "self", FOLDS["pl"]: "self"}
    assert [numbers[f"pn.total.{name}.steps"]["value"] for name in facts["forms"]] == [1800, 1800]
    assert facts["variants"] == ["hard", "threshold"]
    assert facts["fold_labels"] == "400"


def test_only_a_split_by_radius_has_a_distance_that_links(tmp_path):
    settings, files = make_paper(tmp_path)
    settings[CHAPTER]["tasks"]["true-pn"]["split"]["link_arcsec"] = 30
    numbers = collect(settings, files)["numbers"]
    assert numbers["pn.split.main.link_arcsec"]["value"] == 30
    assert numbers["pn.split.shift.link_arcsec"]["value"] is None


def test_a_comparison_made_the_other_way_round_is_turned(found):
    told = facts_of(found)["hypothesis"]
    [more] = [row for row in told["beside"] if row["pair"] == ["both", "more_steps"]]
    assert (more["a"], more["b"]) == (FOLDS["both"], FOLDS["more_steps"])
    assert more["verdict"] == "better"
    assert (more["difference"], more["lower"], more["upper"]) == ("−0.031", "−0.066", "+0.004")
    assert hypothesis.negative("0.000") == hypothesis.negative("+0.000") == "0.000"


def test_the_answer_is_exploratory_unless_both_were_primary(found):
    rows = facts_of(found)["hypothesis"]["deciding"]
    assert not facts_of(found)["hypothesis"]["exploratory"]
    rows = [{**row, "primary": k == 0} for k, row in enumerate(rows)]
    assert hypothesis.told(FOLDS, rows)["exploratory"]
    assert hypothesis.told({}, rows) is None
    assert hypothesis.told(FOLDS, []) is None


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"probe": {"weights": "w"}}, "probe"),
        ({"start": {"from": "a"}}, "lp-ft"),
        ({"start": {"weights": "w"}}, "fine-tune"),
        ({"start": {"from": "a"}, "pseudo": {"labels": "hard"}}, "student"),
        ({"start": None, "pseudo": None}, "scratch"),
        ({"opponent": {"family": "forest", "control": "nuisance"}}, "nuisance"),
        ({"opponent": {"family": "mode", "control": "none"}}, "trivial"),
    ],
)
def test_stages(item, words):
    assert stage_of(item) == words


@pytest.mark.parametrize("source", ["published", "experiment", "random"])
def test_the_text_says_what_the_starting_weights_are(source, tmp_path):
    [weights] = facts_of(collect(*make_paper(tmp_path, source=source)))["weighed"]
    assert (weights["name"], weights["kind"], weights["about"]) == (
        "pn-backbone",
        source,
        "ImageNet",
    )


def test_a_control_that_tells_the_classes_apart_warns(found):
    """Its AUROC is 0.75 with a lower bound of 0.70, above what is tolerated."""
    [words] = facts_of(found)["warnings"]
    assert "pn-nuisance" in words and ".75" in words


# --- pages --------------------------------------------------------------------------------------
CASES = {
    "full": {},
    "simulated": {"simulated": True, "truth": True, "source": "experiment"},
    "holds": {"verdicts": ("better", "better")},
    "explained": {"verdicts": ("better", "better"), "control": "cannot be told"},
    "no control": {"verdicts": ("better", "better"), "control": None},
    "fails": {"verdicts": ("worse", "better"), "source": "random"},
    "minimal": {"case": "minimal"},
}


@pytest.mark.parametrize("case", CASES)
def test_the_chapter_is_set_whatever_the_run_has(case, tmp_path):
    set_paper(REPORT, content_of(tmp_path, **CASES[case]), tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


@pytest.mark.parametrize("chapters", [("star-galaxy", CHAPTER), (CHAPTER, "star-galaxy")])
def test_both_chapters_stand_in_one_paper(chapters, tmp_path):
    content = content_of(tmp_path, chapters)
    (tmp_path / "staged").mkdir()
    main = str(stage(REPORT, content, tmp_path / "staged"))
    told = json.loads(typst.query(main, "heading.where(level: 1)", root=str(tmp_path / "staged")))
    labels = [item.get("label") for item in told]
    assert [label for label in labels if label in (f"<{c}>" for c in chapters)] == [
        f"<{chapter}>" for chapter in chapters
    ]


def test_a_run_without_folds_and_shift_leaves_out_what_needs_them(tmp_path):
    content = content_of(tmp_path, case="minimal")
    assert content["facts"][CHAPTER]["hypothesis"] is None
    (tmp_path / "staged").mkdir()
    main = str(stage(REPORT, content, tmp_path / "staged"))
    root = str(tmp_path / "staged")
    shown = json.loads(typst.query(main, "figure", field="label", root=root))
    assert {"<fig_pn_sample>", "<fig_pn_data>", "<tab_pn_main>"} <= set(shown)
    assert not {"<fig_pn_kinds>", "<fig_pn_distortion>", "<tab_pn_hypothesis>"} & set(shown)
