"""The chapter on self-supervision: its numbers, and what its text concludes."""

from functools import cache

import g10_run
import paper_run
import pn_run
import pytest
from paper_run import REPORT
from ssl_run import make_paper, settings
from ssl_tables import GAINS

from fewsky.chapters import _check_real
from fewsky.console import FewskyError
from fewsky.contrasted import contrasted
from fewsky.files import load_table, save_table
from fewsky.paper.ablation_told import one_way, told_ablation
from fewsky.paper.atlas_told import apart, counted, told_atlas
from fewsky.paper.chapter_self_supervision import MAKERS
from fewsky.paper.collect import MAKERS as SHARED
from fewsky.paper.collect import collect
from fewsky.paper.facts_self_supervision import same_effort
from fewsky.paper.pretexts_told import is_coarse, start_kind
from fewsky.pretexts_shown import ablated
from tests.unit.shipped import WITH_ATLAS, shipped

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


def test_each_start_of_a_task_is_told_in_the_first_way_that_it_has(found):
    atlas = facts(found)["atlas"]
    assert atlas["ways"] == ["lpft", "probe"]
    told = {one["task"]: {s["start"]: s["way"] for s in one["starts"]} for one in atlas["tasks"]}
    assert told["sg"] == {
        "imagenet": "lpft",
        "magnitudes": "lpft",
        "contrastive": "lpft",
        "measured": "probe",
        "masked": "probe",
    }
    assert told["nine"] == {"magnitudes": "probe"}
    kinds = {"properties", "published", "measured", "contrastive", "masked"}
    assert set(atlas["against_nothing"]) == kinds


def test_counts_take_one_row_a_task_and_start(found):
    atlas = facts(found)["atlas"]
    # Starts from catalogued properties are on sg, nine and both of S-PLUS.
    assert atlas["against_nothing"]["properties"]["least"]["better"] == 4
    assert atlas["against_nothing"]["properties"]["most"]["answer"] == "open"
    every = sum(one["least"]["all"] for one in atlas["against_nothing"].values())
    assert atlas["alone"]["least"]["all"] == value(found, "chance.all") == every == 8
    assert value(found, "chance.expected") == pytest.approx(8 * 0.025)


def test_what_has_no_interval_is_not_expected_to_fall_out_by_chance(tmp_path):
    told, files = make_paper(tmp_path)
    table = load_table(files["curves"]["sg"])
    ends = ["gain_lower", "gain_upper", "gain_p"]
    save_table(table.assign(**dict.fromkeys(ends, float("nan"))), files["curves"]["sg"])
    one = collect(told, files)
    assert value(one, "chance.all") == facts(one)["atlas"]["alone"]["least"]["all"] == 3
    assert facts(one)["atlas"]["against_nothing"]["masked"]["least"]["answer"] == "open"


@pytest.mark.parametrize(("p", "answer"), [(0.01, "all"), (0.02, "open")])
def test_a_kind_is_judged_over_all_its_comparisons(p, answer, tmp_path):
    """Four gains of p = .02 are each better alone, and none of them after Holm's correction."""
    told = facts(collect(*make_paper(tmp_path, p=p)))["atlas"]
    assert told["against_nothing"]["properties"]["least"]["answer"] == answer
    assert told["alone"]["least"]["better"] == 8
    assert told["against_nothing"]["masked"]["least"]["answer"] == "all", "one comparison alone"


def test_properties_are_held_against_published_weights_in_pairs(found):
    rows = facts(found)["atlas"]["against_published"]
    assert {(row["task"], row["start"], row["way"], row["b"]) for row in rows} == {
        ("sg", "magnitudes", "lpft", "atlas-sg-imagenet-lpft"),
        ("sg", "measured", "probe", "atlas-sg-imagenet-probe"),
    }
    # Their intervals overlap, which says nothing: the pairs are better.
    assert {(row["least"], row["most"]) for row in rows} == {("better", "cannot be told")}
    for row in rows:
        assert value(found, f"{row['key'].removeprefix('ssl.')}.area") == GAINS["better"][0]


def test_pairs_with_published_weights_are_corrected_for_their_number(tmp_path):
    told = facts(collect(*make_paper(tmp_path, p=0.03)))["atlas"]
    assert told["published_counts"]["least"]["answer"] == "open"
    (tmp_path / "none").mkdir()
    bare = facts(collect(*make_paper(tmp_path / "none", paired=False)))["atlas"]
    assert bare["published_counts"]["least"]["answer"] == "untested"


def test_raw_bands_are_held_against_colours_in_pairs(found, tmp_path):
    [panel] = facts(found)["ablation"]
    assert panel["way"] == "lpft" and [row["start"] for row in panel["rows"]] == ["raw", "colours"]
    [pair] = panel["pairs"]
    assert pair["verdict"] == "better" and panel["counts"]["answer"] == "all"
    assert value(found, pair["key"].removeprefix("ssl.")) == GAINS["better"][0]
    [bare] = facts(collect(*make_paper(tmp_path, paired=False)))["ablation"]
    assert bare["pairs"] == [] and len(bare["rows"]) == 2


def test_a_panel_is_told_in_the_way_that_most_of_its_starts_have():
    def row(start, way):
        return {"start": start, "way": way}

    both = [row("a", "probe"), row("a", "lpft"), row("b", "probe"), row("b", "lpft")]
    assert {one["way"] for one in one_way(both)} == {"lpft"}
    found = one_way([*both, row("c", "probe")])
    assert [(one["start"], one["way"]) for one in found] == [
        ("a", "probe"),
        ("b", "probe"),
        ("c", "probe"),
    ]


def test_equal_steps_are_claimed_only_where_starts_are_trained():
    def row(start, way, effort):
        against = "" if start == "none" else "n"
        return {"task": "t", "start": start, "way": way, "effort": effort, "against": against}

    none, probe = row("none", "tuned", [40, 400]), row("a", "probe", [])
    assert not same_effort([none, probe])
    assert same_effort([none, probe, row("a", "lpft", [40, 400])])
    assert not same_effort([none, probe, row("a", "lpft", [20, 400])])


@pytest.mark.parametrize(
    ("size", "survey", "coarse"),
    [
        (64, {"field_arcsec": 50.688, "pixel_arcsec": 0.396}, True),
        (128, {"field_arcsec": 50.688, "pixel_arcsec": 0.396}, False),
        (25, {"pixel_arcsec": 0.396}, False),
    ],
)
def test_images_are_coarse_where_their_survey_has_more_pixels(size, survey, coarse):
    assert is_coarse({"size": size}, survey) == coarse


def test_the_gain_by_bin_is_that_of_contrastive_over_random(found):
    for size in facts(found)["nebulae"]["sizes"]:
        for one in size["bins"]:
            pair = [
                value(found, f"score.{size['parts'][start]}.{one['name']}.accuracy")
                for start in ("contrastive", "none")
            ]
            gain = value(found, one["gain"].removeprefix("ssl."))
            assert gain == pytest.approx(pair[0] - pair[1]) and gain != 0


@pytest.mark.parametrize("verdict", list(GAINS))
def test_answers_follow_the_intervals(verdict, tmp_path):
    told = facts(collect(*make_paper(tmp_path, verdict=verdict)))["atlas"]
    answer = {"better": "all", "worse": "worse", "cannot be told": "open"}[verdict]
    assert told["against_nothing"]["properties"]["least"]["answer"] == answer


def test_without_scored_curves_there_is_no_atlas():
    rows = [{"task": "sg", "start": "none", "way": "tuned", "experiment": "a", "against": ""}]
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
    told = [(one["task"], one["enforced"]) for one in facts(found)["real"]]
    assert told == [("mg", True), ("sg", True), ("mg-random", False)]


def test_a_start_of_the_atlas_can_stand_among_real_images(found):
    [one] = [one for one in facts(found)["real"] if one["task"] == "sg"]
    assert one["names"] == ["atlas-sg-magnitudes-probe"]
    assert facts(found)["opponents"]["atlas-sg-magnitudes-probe"] == "network"
    assert value(found, "score.atlas-sg-magnitudes-probe.auroc") is not None


def test_a_control_that_tells_classes_apart_warns(found, tmp_path):
    assert facts(found)["warnings"] == []
    [words] = facts(collect(*make_paper(tmp_path, nuisance=0.75)))["warnings"]
    assert "mg-nuisance" in words


# --- the configurations that are shipped --------------------------------------------------------
@cache
def settings_of(name):
    """The resolved plan of a configuration, its settings as the chapter has them, and all rows."""
    plan = shipped(name)
    told = {key: getattr(plan, key) for key in ("weights", "experiments", "tasks")}
    kinds = {weights: start_kind(weights, told) for weights in plan.weights}
    weights = {name: item["weights"] for name, item in plan.experiments.items()}
    rows = [{**row, "weights": weights[row["experiment"]]} for row in plan.atlas]
    return plan, kinds, rows


def gained(rows, places=("least", "most", "area")):
    """Numbers in which every start gains at every place, with a p of .001."""
    found = {"": 0.05, ".lower": 0.02, ".upper": 0.08, ".p": 0.001}
    keys = [f"ssl.curve.{row['experiment']}.{place}" for row in rows for place in places]
    numbers = {key: {"value": 0.7} for key in keys}
    return numbers | {f"{key}.gain{e}": {"value": v} for key in keys for e, v in found.items()}


@pytest.mark.parametrize("name", WITH_ATLAS)
def test_every_start_of_a_shipped_atlas_is_told_once(name):
    _, kinds, rows = settings_of(name)
    told = told_atlas(rows, kinds, gained(rows))
    started = {(row["task"], row["start"]) for row in rows if row["weights"]}
    found = [(one["task"], s["start"]) for one in told["tasks"] for s in one["starts"]]
    assert sorted(found) == sorted(started)
    assert [one["task"] for one in told["tasks"]] == list(dict.fromkeys(r["task"] for r in rows))
    assert {kinds[row["weights"]] for row in rows if row["weights"]} == set(told["against_nothing"])
    text = (REPORT / "chapters/self-supervision.typ").read_text()
    assert all(f'"{kind}": [' in text for kind in told["against_nothing"])
    counted = sum(one["least"]["better"] for one in told["against_nothing"].values())
    assert counted == told["alone"]["least"]["better"] == len(started)


@pytest.mark.parametrize("name", WITH_ATLAS)
def test_every_start_of_a_shipped_ablation_is_told(name):
    plan, _, rows = settings_of(name)
    shown = ablated(plan, plan.paper[CHAPTER]["targets"])
    told = told_ablation(shown, gained(rows))
    found = {(row["task"], row["start"]) for panel in told for row in panel["rows"]}
    assert found == {(row["task"], row["start"]) for row in shown}


@pytest.mark.parametrize("name", WITH_ATLAS)
def test_pairs_are_of_one_way_and_of_properties_wherever_weights_are_published(name):
    plan, kinds, rows = settings_of(name)
    of = {row["experiment"]: row for row in rows}
    pairs = contrasted(plan, plan.paper[CHAPTER]["targets"])
    assert set(pairs) == {row["task"] for row in rows}
    for task, own in pairs.items():
        for pair in own:
            a, b = of[pair["a"]], of[pair["b"]]
            assert a["way"] == b["way"] == pair["way"]
            assert (a["task"], b["task"]) == (task, pair["task"])
            assert kinds[a["weights"]] not in ("published", "random")
            assert kinds[b["weights"]] == "published" or a["task"] != b["task"]
    published = {
        (row["task"], row["way"], row["against"])
        for row in rows
        if kinds.get(row["weights"]) == "published"
    }
    held = {pair["a"] for own in pairs.values() for pair in own if pair["a"] in of}
    for row in rows:
        learned = kinds.get(row["weights"]) in ("properties", "measured")
        if (row["task"], row["way"], row["against"]) in published and learned:
            assert row["experiment"] in held, row


def test_raw_bands_of_the_whole_configuration_are_held_against_colours():
    plan, *_ = settings_of("config")
    pairs = contrasted(plan, plan.paper[CHAPTER]["targets"])
    found = {pair["a"] for own in pairs.values() for pair in own if pair["task"] == "splus-sgq-rgb"}
    bands = {f"atlas-splus-sgq{end}-splus-probe" for end in ("", "-5", "-3")}
    assert bands <= found
    assert "atlas-splus-sgq-label-the-sky-probe" not in found, "it is another network"


def test_experiments_of_a_hidden_atlas_are_refused_among_real_images():
    plan, *_ = settings_of("config")
    chapter = plan.paper[CHAPTER] | {"real": ["atlas-mg-mergers-probe"]}
    _check_real("here.real", chapter, plan)
    _check_real("here.real", chapter | {"atlas": False}, plan)  # mg is among the starts
    hidden = chapter | {"atlas": False, "lowdata": [], "starts": []}
    words = r"here\.real.*found atlas-mg-mergers-probe of mg.*atlas: true"
    with pytest.raises(FewskyError, match=words):
        _check_real("here.real", hidden, plan)
