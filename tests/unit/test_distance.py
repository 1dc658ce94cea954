"""The section on distance as an input: its checks, its tables, its answer and its text."""

import numpy as np
import pandas as pd
import pytest
import yaml
from paper_run import FIGURES, REPORT, TABLES, make_paper, make_shown
from small_results import ROOT, SCORING, run_script

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.experiments import merge
from fewsky.files import save_json, save_table
from fewsky.metrics.comparisons import compare_task, list_pairs
from fewsky.metrics.scores import score_task
from fewsky.paper import distance
from fewsky.paper.collect import collect
from fewsky.paper.numbers_star_galaxy_distance import of_redshifts
from fewsky.paper.typeset import read_content, set_paper

BLOCK = {"without": "large-none", "flagged": "large-rotation", "flag": "large-combined",
         "drawn": "large-ours", "mean": None, "forest": "forest"}  # fmt: skip
OURS = ("tab_sdss_distance", "tab_sdss_distance_pairs")
CLASSES = ["galaxy", "star"]
GAIN, CARRIER = distance.GAIN, distance.CARRIER


def compared(*verdicts):
    """Comparisons as a metrics table has them: flagged against without, then against the flag."""
    pairs = zip((GAIN, CARRIER, distance.REST), verdicts, strict=False)
    return [
        {"a": BLOCK[a], "b": BLOCK[b], "primary": False, "metric": "mcc", "difference": 0.04,
         "lower": 0.01, "upper": 0.07, "p": 0.01, "p_holm": np.nan, "minimum_detectable": 0.03,
         "verdict": verdict, "n_replicates": 5, "note": "exploratory"}
        for (a, b), verdict in pairs
    ]  # fmt: skip


# --- the answer -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("verdicts", "answer"),
    [
        (("better", "cannot be told"), "flag"),
        (("better", "worse"), "flag"),
        (("better", "better"), "both"),
        (("cannot be told", "better"), "no gain"),
        (("worse", "cannot be told"), "no gain"),
        ((), "no gain"),
    ],
)
def test_the_answer_follows_the_verdicts(verdicts, answer):
    rows = distance.asked(BLOCK, compared(*verdicts))
    assert distance.answer(rows) == answer and len(rows) == len(verdicts)


def test_a_comparison_is_turned_to_its_question():
    row = compared("better")[0]
    back = {**row, "a": row["b"], "b": row["a"], "verdict": "worse", "difference": -0.04}
    found = distance.asked(BLOCK, [{**back, "lower": -0.07, "upper": -0.01}])[0]
    assert found["verdict"] == "better" and found["difference"] == 0.04
    assert (found["lower"], found["upper"]) == (0.01, 0.07)
    assert list(distance.shown(BLOCK)) == ["without", "flagged", "flag", "drawn", "forest"]


def test_who_has_a_redshift_is_counted(tmp_path):
    known = np.repeat([1.0, 0.0], [8, 12])
    table = {"label": ["galaxy"] * 10 + ["star"] * 9 + [""], "redshift_known": known}
    redshift = np.where(known > 0, 0.3, np.nan)
    save_table(pd.DataFrame({**table, "redshift": redshift}), tmp_path / "catalog.parquet")
    found = of_redshifts([tmp_path / "catalog.parquet"])
    assert found["distance.galaxy.share"]["value"] == 0.8
    assert found["distance.star.share"]["text"] == "0.0%"
    assert found["distance.agreement"]["value"] == pytest.approx(17 / 19)
    assert found["distance.objects"]["value"] == 19


# --- the tables -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Metrics and comparisons of networks of which two know the catalogue's label outright."""
    folder, rng = tmp_path_factory.mktemp("tables"), np.random.default_rng(3)
    n, task = 240, {"classes": CLASSES}
    manifest = pd.DataFrame({"object_id": [f"o{k}" for k in range(n)], "part": "test", "fold": -1})
    manifest = manifest.assign(label=rng.choice(CLASSES, n), group=np.arange(n) // 12)
    manifest = manifest.assign(ra=np.arange(n) * 0.01, dec=0.0)
    star = (manifest["label"] == "star").to_numpy()
    skill = {"without": 1.0, "flagged": 9.0, "flag": 9.0, "drawn": 1.0, "forest": 9.0}
    predictions = {}
    for part, size in skill.items():
        for draw in range(3):
            odds = np.where(star, size, -size) + rng.normal(0, 1.5, n)
            p = 1 / (1 + np.exp(-odds))
            table = manifest[["object_id", "part", "fold", "label"]]
            predictions[BLOCK[part], draw] = table.assign(budget=50, p_galaxy=1 - p, p_star=p)
    catalog = manifest[["object_id"]].assign(modelmag_r=rng.uniform(18, 22, n), snr_r=9.0)
    catalog = catalog.assign(neighbour_arcsec=20.0)
    found = score_task(predictions, manifest, catalog, None, task, SCORING, seed=0)
    pairs = list_pairs(sorted({name for name, _ in predictions}), [])
    table = compare_task(predictions, manifest, task, pairs, SCORING, seed=0)
    record = {"outputs": {}, "simulated": True}
    for name, content in (("t", found), ("t.comparisons", table)):
        save_table(content, folder / f"{name}.csv")
        save_json(record, folder / f"{name}.provenance.json")
    return folder


def test_tables_show_the_leak(scored):
    settings = {"distance": BLOCK}
    outputs = run_script(scored, "tabulate_sdss_distance", {"metrics": [str(scored / "t.csv")]},
                         settings)  # fmt: skip
    table = pd.read_csv(outputs.csv).set_index("Experiment")
    mcc = table["MCC"].str.split(" ").str[0].astype(float)
    assert mcc[BLOCK["flag"]] > 0.95 > mcc[BLOCK["without"]]
    assert (table["Data"] == "SIMULATED").all()
    inputs = {"comparisons": [str(scored / "t.comparisons.csv")]}
    outputs = run_script(scored, "tabulate_sdss_distance_pairs", inputs, settings)
    pairs = pd.read_csv(outputs.csv).set_index(["A", "B"])["Verdict on A"]
    assert pairs[BLOCK["flagged"], BLOCK["without"]] == "better"
    assert pairs[BLOCK["flagged"], BLOCK["flag"]] == "cannot be told"
    assert pairs[BLOCK["drawn"], BLOCK["without"]] == "cannot be told"
    assert len(pairs) == 5  # the mean is not among the experiments


# --- the text -------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["photoz", "specobj"])
@pytest.mark.parametrize(
    "verdicts", [("better", "cannot be told", "worse"), ("better", "better", "better"),
                 ("cannot be told",) * 3]
)  # fmt: skip
def test_the_text_holds_whatever_was_found(verdicts, kind, tmp_path):
    truth = kind == "photoz"
    settings, files = make_paper(tmp_path, truth=truth)
    told = settings["star-galaxy"]
    told["chapter"]["distance"], told["survey"]["redshifts"] = BLOCK, kind
    known = np.repeat([0.0, 1.0, 0.0], [250, 320, 9])
    objects = {"field": "1-1-5", "label": ["star"] * 250 + ["galaxy"] * 320 + [""] * 9}
    objects |= {"redshift": known / 4, "redshift_known": known}
    save_table(pd.DataFrame(objects), files["catalogs"]["sdss-ugriz-25px"][0])
    path = files["comparisons"]["star-galaxy-large"]
    save_table(pd.DataFrame(compared(*verdicts)).drop(columns="note"), path)
    found = collect(settings, files)
    found["facts"]["simulated"] = truth
    save_json(found, tmp_path / "numbers.json")
    names = [*FIGURES, *TABLES, *OURS]
    shown = make_shown(tmp_path, truth, FIGURES, (*TABLES, *OURS))
    title = {"title": "A title", "chapters": ["star-galaxy"]}
    title |= {key: dict.fromkeys(names, "x") for key in ("scripts", "blocks")}
    content = read_content(tmp_path / "numbers.json", *shown, tmp_path / "captions", title)
    set_paper(REPORT, {**content, "versions": {"numpy": "2"}}, tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


# --- the configuration ----------------------------------------------------------------------------
def configuration(**changes):
    config = {}
    for name in ("config.yaml", "profiles/demo/overrides.yaml"):
        config = merge(config, yaml.safe_load((ROOT / name).read_text()))
    return merge(config, changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"surveys": {"sdss": {"redshifts": "none"}}}, "wanted surveys.sdss.redshifts to be"),
        ({"paper": {"star-galaxy": {"distance": {"flag": "sg-distance-none"}}}},
         "distance.flag: wanted an experiment with a redshift or its flag"),
        ({"paper": {"star-galaxy": {"distance": {"without": "sg-distance-flag"}}}},
         "distance.without: wanted an experiment with no redshift"),
        ({"paper": {"star-galaxy": {"distance": {"drawn": "sg-distance-mean"}}}},
         "wanted an experiment with missing: drawn; found mean"),
        ({"paper": {"star-galaxy": {"distance": {"mean": "sg-large-ours"}}}}, "wanted experiments"),
        ({"paper": {"star-galaxy": {"distance": {"forest": "sg-distance-none"}}}}, "an opponent"),
        ({"experiments": {"sg-large-ours": {"model": {"missing": "flag"}}}}, "columns in extra"),
        ({"experiments": {"sg-distance-mean": {"model": {"drawn_by": "modelmag_r"}}}},
         "wanted missing: drawn"),
    ],
)  # fmt: skip
def test_settings_that_do_not_agree_are_one_line(changes, said):
    with pytest.raises(FewskyError, match=said) as error:
        resolve(configuration(**changes))
    assert "\n" not in str(error.value)


def test_the_section_can_be_left_out():
    plan = resolve(configuration(paper={"star-galaxy": {"distance": None}}))
    assert plan.paper["star-galaxy"]["distance"] is None
