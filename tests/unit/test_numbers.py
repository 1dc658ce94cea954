"""Numbers of the text: formats, sources, and what each kind of file contributes."""

import re
import shutil
import subprocess

import pandas as pd
import pytest
from paper_run import make_run, metrics

from fewsky.files import save_table
from fewsky.paper.chapter_star_galaxy import MAKERS, RANGE, collect
from fewsky.paper.numbers import UNDEFINED, number, shown, tex
from fewsky.paper.numbers_scores import bins, comparisons, of_metrics


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return collect(*make_run(tmp_path_factory.mktemp("run")))


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.7228, ".3f", "0.723"),
        (-0.0041, "+.3f", "−0.004"),
        (-0.0001, ".3f", "0.000"),
        (-0.0001, "+.3f", "0.000"),
        (0.0, ".3f", "0.000"),
        (5.6e-10, ".4f", "<0.0001"),
        (15129.0, ",d", "15,129"),
        (0.315, ".1%", "31.5%"),
        (6.2e-4, ".2g", "0.00062"),
    ],
)
def test_a_value_is_printed_with_its_format(value, form, text):
    assert number(value, form, "x")["text"] == text


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_not_known_is_undefined(value):
    assert number(value, ".3f", "x") == {"text": UNDEFINED, "value": None, "source": "x"}


def test_no_negative_zero():
    assert shown(-0.0, ".1f") == "0.0"


def test_every_number_names_its_source_and_its_room_has_a_maker(found):
    for key, item in found["numbers"].items():
        assert item["source"], key
        assert key.split(".")[0] in MAKERS, key


def test_published_matrices_give_the_published_scores(found):
    """Ruhmer's two confusion matrices, whose accuracy and MCC his report prints rounded."""
    numbers = found["numbers"]
    assert numbers["reading.improved.accuracy"]["value"] == pytest.approx(0.89926, abs=5e-6)
    assert numbers["reading.improved.mcc"]["value"] == pytest.approx(0.72280, abs=5e-6)
    assert numbers["reading.base.mcc"]["value"] == pytest.approx(0.25665, abs=5e-6)
    assert numbers["reading.improved.zero.n"]["text"] == "911"
    assert numbers["reading.improved.one.recall"]["text"] == "0.658"


def test_published_densities_follow_from_counts_and_the_frame(found):
    """1489 x 2048 pixels of 0.396 arcsec are 0.0369 square degrees."""
    area = 1489 * 2048 * (0.396 / 3600) ** 2
    density = found["numbers"]["reading.improved.one.density"]["value"]
    assert density == pytest.approx(310 / area, rel=1e-3)


def test_our_galaxies_are_set_against_both_published_classes(tmp_path):
    """320 galaxies in one frame are nearer to Ruhmer's 310 of class one than to his 911."""
    found = collect(*make_run(tmp_path, truth=False))
    assert found["numbers"]["objects.galaxy"]["value"] == 320
    assert found["facts"]["nearer"] == "one"


def test_a_simulated_sky_has_no_say_in_densities(found):
    assert "objects.galaxy.density" not in found["numbers"]
    assert found["facts"]["nearer"] == ""


def test_the_combined_augmentation_repeats_itself(found):
    assert found["numbers"]["augment.views"]["value"] == 48
    assert found["numbers"]["augment.distinct"]["value"] == 32


def test_counts_and_shares_come_from_the_audit(found):
    numbers = found["numbers"]
    assert numbers["split.large.test"]["text"] == "330"
    assert numbers["split.large.test.star_share"]["text"] == "33.3%"
    assert numbers["split.large.nearest_arcsec"]["value"] == 812.4
    assert numbers["split.large.mode_accuracy"]["value"] == pytest.approx(2 / 3)


def test_scores_are_those_over_all_draws_at_the_largest_budget(tmp_path):
    table = metrics(["net"], truth=False)
    smaller = table.assign(budget=100, value=0.1)
    path = tmp_path / "task.csv"
    save_table(pd.concat([table, smaller]), path)
    numbers = of_metrics(path, ["net"])
    assert numbers["score.net.mcc"]["value"] == 0.5
    assert numbers["score.net.mcc.lower"]["value"] == 0.45
    assert numbers["score.net.budget"]["value"] == 900
    assert numbers["score.net.snr>5.mcc"]["value"] == 0.5


def test_bins_are_quoted_for_the_named_experiments_only(found):
    keys = [key for key in found["numbers"] if ".r 18.0-18.5." in key]
    assert {key.split(".")[1] for key in keys} == {"large-combined", "small-none"}


def test_bins_are_told_in_words(tmp_path):
    names = [
        "all",
        "r 18.0-18.5",
        "neighbour 0-5 arcsec",
        "neighbour 20-inf arcsec",
        "neighbour r -inf-18",
    ]
    table = pd.DataFrame({"experiment": "net", "subset": names})
    save_table(table, tmp_path / "task.csv")
    told = {
        word: [item["words"] for item in bins(tmp_path / "task.csv", "net", pattern)]
        for word, pattern in {
            "r": f"r {RANGE}",
            "arcsec": f"neighbour {RANGE} arcsec",
            "mag": f"neighbour r {RANGE}",
        }.items()
    }
    assert told == {"r": ["18.0 to 18.5"], "arcsec": ["0 to 5", "above 20"], "mag": ["below 18"]}


def test_named_comparisons_stand_first_with_their_verdicts(found):
    pairs = found["facts"]["comparisons"]
    assert [pair["named"] for pair in pairs] == [True, False, False, False]
    assert (pairs[0]["a"], pairs[0]["verdict"]) == ("large-rotation", "cannot be told")
    assert pairs[0]["lower"] == "−0.004"
    assert (pairs[0]["p"], pairs[-1]["p_holm"]) == ("= 0.130", UNDEFINED)


def test_a_very_small_p_is_a_bound(tmp_path):
    row = {"a": "x", "b": "y", "metric": "mcc", "primary": True, "verdict": "better",
           "difference": 0.2, "lower": 0.1, "upper": 0.3, "minimum_detectable": 0.05,
           "n_replicates": 10, "p": 3e-120, "p_holm": 0.02}  # fmt: skip
    save_table(pd.DataFrame([row]), tmp_path / "task.comparisons.csv")
    (told,) = comparisons(tmp_path / "task.comparisons.csv", [])
    assert (told["p"], told["p_holm"]) == ("< 0.001", "= 0.020")


def test_kinds_tell_opponents_from_controls(found):
    kinds = found["facts"]["kinds"]
    assert kinds["forest"] == "opponent"
    assert kinds["seeing-only"] == "nuisance"
    assert kinds["mode"] == "trivial"
    assert kinds["large-combined"] == "network"


def test_without_truth_no_number_is_against_it(tmp_path):
    found = collect(*make_run(tmp_path, truth=False))
    assert not found["facts"]["truth"]
    assert not [key for key in found["numbers"] if key.startswith("truth.")]


def test_macros_escape_percent_and_minus(found):
    text = tex({"a.b": number(-0.315, ".1%", "x")})
    assert r"\csname fewsky@a.b\endcsname{$-$31.5\%}" in text
    assert len(re.findall("expandafter", tex(found["numbers"]))) == len(found["numbers"])


@pytest.mark.skipif(shutil.which("pdftex") is None, reason="no TeX on this machine")
def test_macros_are_read_by_latex(found, tmp_path):
    (tmp_path / "numbers.tex").write_text(tex(found["numbers"]))
    (tmp_path / "a.tex").write_text(
        r"\documentclass{article}\input{numbers}\begin{document}\fewsky{score.forest.mcc}\end{document}"
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=batchmode", "a.tex"], cwd=tmp_path, check=False
    )
    assert done.returncode == 0
