"""The chapter on self-supervision as it is set, and what its sentences say."""

import json
from functools import cache

import pytest
import typst
from paper_run import REPORT, make_shown
from ssl_run import make_paper, shown_of

from fewsky.console import FewskyError
from fewsky.files import save_json
from fewsky.paper.collect import collect
from fewsky.paper.typeset import read_content, set_paper, stage

CHAPTER = "self-supervision"


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


# --- sentences ----------------------------------------------------------------------------------
def words_in(node):
    """The text of what typst.query gives, spaces between."""
    if isinstance(node, list):
        return "".join(map(words_in, node))
    if not isinstance(node, dict):
        return ""
    if node.get("func") == "space":
        return " "
    if "text" in node and isinstance(node["text"], str):
        return node["text"]
    return "".join(words_in(value) for value in node.values())


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    """The text of the chapter by case; `probes` has no start that is trained."""
    cases = {
        "full": {},
        "truth": {"simulated": True, "truth": True},
        "no real images": {"without": ("real",)},
        "probes": {"only": ("probe",)},
        "unpaired": {"paired": False},
    }

    @cache
    def text(case):
        folder = tmp_path_factory.mktemp("sentences")
        content = content_of(folder, **cases[case])
        (folder / "staged").mkdir()
        main = str(stage(REPORT, content, folder / "staged"))
        kinds = ("par", "list")
        found = [typst.query(main, kind, root=str(folder / "staged")) for kind in kinds]
        return " ".join(words_in([json.loads(one) for one in found]).split())

    return text


def test_every_started_task_is_told_with_its_way(sentences):
    text = sentences("full")
    assert "No start was tried" not in text
    assert "magnitudes, LP-FT (" in text and "magnitudes, frozen (" in text
    assert "measured, frozen (" in text and "masked, frozen (" in text
    assert "Holm" in text and "not every start in every task and way" in text


def test_equal_steps_are_told_of_trained_starts_only(sentences):
    assert "has as many steps" in sentences("full") and "of steps" in sentences("full")
    text = sentences("probes")
    assert "as many steps" not in text and "of steps" not in text
    assert "equal numbers of labels, and not at equal cost" in text


def test_splits_that_are_not_enforced_are_named(sentences):
    assert "Not so mg-random, parted at random" in sentences("full")
    assert "Not so" not in sentences("no real images")


def test_no_price_of_a_leak_is_claimed(sentences):
    text = sentences("full")
    assert "It is no price of the leak" in text and "shown for the price" not in text


def test_real_images_have_their_auroc(sentences):
    text = sentences("full")
    assert ", the AUROC 0.600 (0.550 to 0.650) for mg-net." in text
    assert ", the AUROC 0.620 (0.570 to 0.670) for mg-forest." in text
    assert "for atlas-sg-magnitudes-probe." in text


def test_fewer_pixels_are_told_where_it_is_so(sentences):
    assert "fewer pixels" not in sentences("full"), "no survey of these tells its own"


def test_sources_are_no_bright_stars(sentences):
    text = sentences("full")
    assert "counts all sources" in text and "contrastive less random is" in text
    assert text.index("At 16 pixels, from fields") < text.index("At 64 pixels, from fields")


def test_truth_is_told_beside_the_catalogue(sentences):
    assert "truth the MCC" in sentences("truth")
    assert "truth the MCC" not in sentences("full")


def test_raw_bands_that_cannot_be_paired_fall_back_on_intervals(sentences):
    assert "less splus-colours" in sentences("full")
    assert "cannot be paired" in sentences("unpaired") and "overlap" in sentences("unpaired")
