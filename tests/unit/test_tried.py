"""What was tried: the grid from the configuration, verdicts on known intervals, table and text."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml
from paper_run import REPORT, TABLES, make_paper, make_shown, metrics
from test_paper import TITLE

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.files import save_json, save_table
from fewsky.metrics.comparisons import list_pairs
from fewsky.paper.collect import collect
from fewsky.paper.numbers_star_galaxy_tried import of_tried
from fewsky.paper.tried import claim, judged, verdict
from fewsky.paper.typeset import read_content, set_paper
from fewsky.tried import changes, grids_of, told_tried, tried_experiments, tried_pairs
from tests.unit.small_results import ROOT, run_script

SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text())
TASK = "star-galaxy-tried"
# Row: difference, lower, upper, p, verdict of the comparison.
FOUND = {
    "norm": (0.05, 0.03, 0.07, 1e-4, "better"),
    "blocks": (0.03, 0.001, 0.06, 0.045, "better"),
    "kernel": (-0.06, -0.09, -0.03, 1e-3, "worse"),
    "rate": (0.001, -0.01, 0.012, 0.8, "cannot be told"),
    "unet": (0.01, -0.03, 0.05, 0.6, "cannot be told"),
}


def rows(names=FOUND):
    told = {"changed": "x", "side": 25}
    found = [{"name": "his", "against": "", "grid": "", **told}]
    found += [{"name": n, "against": "his", "grid": "what he names", **told} for n in names]
    found += [{"name": "forest", "against": "his", "grid": "", **told}]
    found[-2]["side"] = 65
    return found


def comparisons(names=FOUND):
    keys = ["difference", "lower", "upper", "p", "verdict"]
    table = pd.DataFrame([dict(zip(keys, FOUND[n], strict=True)) for n in [*names, "unet"]])
    table["a"] = [*names, "forest"]
    return table.assign(
        b="his", metric="mcc", primary=False, minimum_detectable=0.04, n_replicates=10,
        p_holm=np.nan,
    )  # fmt: skip


def plan_of(change=None):
    config = copy.deepcopy(SHIPPED)
    config["paper"]["star-galaxy"]["tried"] |= change or {}
    return resolve(config)


# --- configuration --------------------------------------------------------------------------------
def test_the_shipped_grid_covers_what_ruhmer_names():
    plan = plan_of()
    told = {row["name"]: row for row in told_tried(plan)["rows"]}
    changed = " ".join(row["changed"] for row in told.values())
    words = "batch norm, blocks, kernel, pool, unet-encoder, resnet, learning rate, dropout"
    words += ", spatial dropout, head dropout, l2, crop 49, crop 65"
    for word in words.split(", "):
        assert word in changed, word
    assert {row["side"] for row in told.values()} == {25, 49, 65}
    tasks = {plan.experiments[name]["task"] for name in told}
    assert tasks == {TASK} and plan.datasets["sdss-ugriz-65px"]["size"] == 65
    assert len(told) == len(tried_experiments(plan)) == len(tried_pairs(plan)) + 2


def test_each_row_of_the_first_grids_changes_one_thing_but_where_it_says_so():
    plan = plan_of()
    for grid in grids_of(plan):
        if "together" in grid["about"] or "augmentation" in grid["about"]:
            continue
        for name in grid["rows"]:
            told = changes(plan.experiments[name], plan.experiments[grid["against"]]).split(", ")
            # Another network is asked at three sides.
            assert len(told) == 1 or told[0] in ("unet-encoder", "resnet"), (name, told)


def test_changes_are_told_in_words():
    one = {"model": {"name": "a", "crop": 25}, "recipe": {"learning_rate": 0.001}}
    other = {"model": {"name": "b", "crop": 25, "batch_norm": True},
             "recipe": {"learning_rate": 0.01}}  # fmt: skip
    assert changes(other, one) == "b, batch norm yes, learning rate 0.01"
    assert changes(one, one) == ""


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"grids": [{"about": "x", "against": "sg-tried", "of": ["sg-small"]}]}, "one task"),
        ({"grids": [{"about": "x", "against": "sg-tried", "of": ["sg-tried"]}]}, "against itself"),
        ({"grids": [{"about": "x", "against": "sg-tried", "of": ["sg-tried-forest"]}],
          "beside": []}, "with a recipe"),
        ({"beside": ["sg-tried-norm"]}, "sg-tried-norm twice"),
        ({"grids": [{"about": "x", "against": "sg-tried", "of": ["sg-tride"]}]}, "sg-tride"),
        ({"margin": 0}, "margin"),
    ],
)  # fmt: skip
def test_a_grid_that_cannot_be_compared_is_one_line(change, line):
    with pytest.raises(FewskyError, match=line) as error:
        plan_of(change)
    assert "\n" not in str(error.value) and "tried" in str(error.value)


def test_without_the_block_or_the_chapter_there_is_no_grid():
    config = copy.deepcopy(SHIPPED)
    config["paper"]["star-galaxy"]["tried"] = None
    plan = resolve(config)
    assert tried_pairs(plan) == tried_experiments(plan) == [] and told_tried(plan) is None
    config = copy.deepcopy(SHIPPED)
    config["paper"]["chapters"] = ["galaxy10"]
    assert tried_pairs(resolve(config)) == []


def test_held_pairs_keep_their_order_and_primary_ones_are_not_repeated():
    held = [{"a": "z", "b": "a"}, {"a": "m", "b": "a"}]
    primary = [{"a": "a", "b": "m", "metric": "mcc"}]
    found = [(p["a"], p["b"], p["primary"]) for p in list_pairs([], primary, held=held)]
    assert found == [("a", "m", True), ("z", "a", False)]


# --- verdicts -------------------------------------------------------------------------------------
def test_verdicts_follow_intervals_and_the_declared_margin():
    assert verdict("cannot be told", 0.019, 0.02) == "no better"
    assert verdict("cannot be told", 0.02, 0.02) == "cannot be told"
    assert verdict("cannot be told", np.nan, 0.02) == "cannot be told"
    assert verdict("worse", 0.5, 0.02) == "worse" and verdict("better", 0.01, 0.02) == "better"
    assert verdict(np.nan, np.nan, 0.02) == ""


def test_rows_are_judged_and_the_correction_counts_them_only():
    table = judged(comparisons(), rows(), 0.02).set_index("name")
    assert table["verdict"].to_dict() == {
        "his": "", "norm": "better", "blocks": "better", "kernel": "worse", "rate": "no better",
        "unet": "cannot be told", "forest": "cannot be told",
    }  # fmt: skip
    # Holm over five rows: the smallest p times five, the next times four, then three.
    assert table["p_holm"][["norm", "kernel", "blocks"]].tolist() == pytest.approx(
        [5e-4, 4e-3, 0.135]
    )
    assert table["p_holm"][["his", "forest"]].isna().all()


def test_the_claim_fails_holds_or_cannot_be_told():
    found = claim(judged(comparisons(), rows(), 0.02))
    assert (found["verdict"], found["better"], found["nominal"]) == (
        "fails", ["norm"], ["norm", "blocks"],
    )  # fmt: skip
    assert sum(found["counts"].values()) == 5
    for names, told in ((["kernel", "rate"], "holds"), (["kernel", "unet"], "cannot be told"),
                        (["blocks", "rate", "kernel"], "cannot be told")):  # fmt: skip
        assert claim(judged(comparisons(names), rows(names), 0.02))["verdict"] == told


def test_a_row_without_a_comparison_has_no_verdict():
    table = judged(comparisons(["rate"]), rows(["rate", "kernel"]), 0.02).set_index("name")
    assert table["verdict"]["kernel"] == "" and np.isnan(table["p_holm"]["kernel"])


# --- table, numbers, text -------------------------------------------------------------------------
def test_numbers_tell_rows_and_differences(tmp_path):
    save_table(comparisons(), tmp_path / "c.csv")
    numbers, facts = of_tried({"margin": 0.02, "rows": rows()}, tmp_path / "c.csv")
    assert numbers["tried.rows"]["text"] == "5" and numbers["tried.margin"]["text"] == "0.02"
    assert numbers["tried.kernel.difference"]["text"] == "−0.060"
    assert numbers["tried.norm.difference.upper"]["value"] == 0.07
    assert (facts["highest"], facts["lowest"], facts["beside"]) == ("norm", "kernel", ["forest"])
    assert facts["grids"][0]["n"] == "5" and not facts["grids"][0]["one"]
    assert facts["larger"]["sides"] == ["65"] and facts["larger"]["one"]


@pytest.mark.parametrize("simulated", [True, False])
def test_the_table_prints_weights_scores_and_verdicts(simulated, tmp_path):
    names = [row["name"] for row in rows()]
    save_table(metrics(names, False), tmp_path / "metrics" / f"{TASK}.csv")
    save_table(comparisons(), tmp_path / "metrics" / f"{TASK}.comparisons.csv")
    for name in names[:-1]:
        card = {"experiment": name, "runs": [{"budget": 900, "parameters": 151297}]}
        save_json(card, tmp_path / "models" / name / "draw-0" / "model.json")
    mark = {"simulated": simulated, "outputs": {}}
    for stem in (TASK, f"{TASK}.comparisons"):
        save_json(mark, tmp_path / "metrics" / f"{stem}.provenance.json")
    inputs = {
        "metrics": [str(tmp_path / "metrics" / f"{TASK}.csv")],
        "comparisons": [str(tmp_path / "metrics" / f"{TASK}.comparisons.csv")],
        "cards": [str(tmp_path / f"models/{name}/draw-0/model.json") for name in names[:-1]],
    }
    told = {"margin": 0.02, "rows": rows()}
    outputs = run_script(tmp_path, "tabulate_sdss_tried", inputs, told)
    table = pd.read_csv(outputs.csv, dtype=str, keep_default_na=False).set_index("Experiment")
    assert list(table.index) == names and ("Data" in table) == simulated
    assert table["Weights"].tolist() == ["151,297"] * 6 + ["–"]
    assert table["MCC"].tolist()[:2] == ["0.500 [0.450, 0.550]", "0.550 [0.500, 0.600]"]
    assert table["Verdict"].tolist()[:3] == ["reference", "better", "better"]
    assert table["Difference in MCC"]["kernel"] == "−0.060 [−0.090, −0.030]"
    assert table["p, Holm"].tolist() == ["–", "< 0.001", "0.135", "0.004", "1.000", "1.000", "–"]


@pytest.mark.parametrize("names", [list(FOUND), ["rate"], ["kernel", "unet"]])
def test_the_text_tells_every_outcome_of_the_claim(names, tmp_path):
    """The paper is set; a number that is not there would end it."""
    settings, files = make_paper(tmp_path)
    own = settings["star-galaxy"]
    own["tried"] = {"margin": 0.02, "rows": rows(names)}
    own["tasks"][TASK] = own["tasks"]["star-galaxy-large"]
    told = [row["name"] for row in own["tried"]["rows"]]
    own["experiments"] |= {n: {**own["experiments"]["large-none"], "task": TASK} for n in told}
    for kind, table in (("metrics", metrics(told, True)), ("comparisons", comparisons(names))):
        files[kind][TASK] = tmp_path / kind / f"{TASK}.csv"
        save_table(table, files[kind][TASK])
    files["audits"][TASK] = files["audits"]["star-galaxy-large"]
    found = collect(settings, files)
    found["facts"]["simulated"] = True
    save_json(found, tmp_path / "numbers.json")
    figures, tables = make_shown(tmp_path, tables=[*TABLES, "tab_sdss_tried"])
    title = {**TITLE, "scripts": {**TITLE["scripts"], "tab_sdss_tried": "scripts/x.py"},
             "blocks": {**TITLE["blocks"], "tab_sdss_tried": "paper.star-galaxy"}}  # fmt: skip
    told = (tmp_path / "numbers.json", figures, tables, tmp_path / "captions", title)
    content = {**read_content(*told), "versions": {"numpy": "2.4.6"}}
    set_paper(REPORT, content, tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
    lacking = {k: v for k, v in content["numbers"].items() if k != "tried.rows"}
    with pytest.raises(FewskyError, match=r"star-galaxy-tried.typ:\d+.*tried.rows.*rule compare"):
        set_paper(REPORT, {**content, "numbers": lacking}, tmp_path / "paper.pdf")
