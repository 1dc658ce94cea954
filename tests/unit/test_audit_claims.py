"""The claims: the file itself, what runs decide, the tables, and the numbers of the text."""

import pandas as pd
import pytest
import yaml
from paper_run import REPORT
from shipped import shipped
from small_results import ROOT
from test_paper import content_of

from fewsky.audit import claims as module
from fewsky.audit.check import carried_out
from fewsky.audit.claims import experiments_of, load_claims, resolved
from fewsky.audit.runs import judged
from fewsky.audit.sota import load_sota, placed
from fewsky.audit.table import COLUMNS, audited
from fewsky.audit.verdicts import FAILS, HOLDS, NOT_RUN, OPEN, SLIP, SPREAD, UNTOLD, VERDICTS
from fewsky.console import FewskyError
from fewsky.paper.claims import compared_rows, rows_of
from fewsky.paper.numbers_audit import collect
from fewsky.paper.tables import load_published
from fewsky.paper.typeset import set_paper

FILE = ROOT / "report/claims.yaml"
CLAIMS = load_claims(FILE)
ROWS = load_sota(ROOT / "report/sota.yaml")
BY_ID = {claim["id"]: claim for claim in CLAIMS}
# What arithmetic says of the findings that the audit started from.
EXPECTED = {
    "s1-vgg-head": HOLDS, "s1-vgg-all": HOLDS, "s1-vgg-block5": SLIP, "s1-support": SLIP,
    "s1-class-weights": HOLDS, "s1-areas": SLIP, "s1-signed-rank": SLIP, "s1-weighted-recall": SLIP,
    "s1-images": SLIP, "astronn-class-3": SLIP, "s2-parameters": HOLDS, "s2-mode": HOLDS,
    "s2-matrix-improved": HOLDS, "s2-matrix-base": HOLDS, "s2-two-runs": SPREAD, "s2-factor": SLIP,
    "s2-views": SLIP, "s2-diagonal": SLIP, "s2-class-numbers": SLIP, "s2-density": OPEN,
}  # fmt: skip


def bare(claims=CLAIMS):
    """The audit where no experiment is run."""
    return audited([{**claim, "ours": None} for claim in claims], {}, {}).set_index("claim")


def test_there_are_enough_claims_of_all_studies_and_many_are_decided_without_data():
    table = bare()
    assert len(table) >= 40 and {"S0", "S1", "S2", "S3"} <= set(table["study"])
    assert set(table["verdict"]) <= set(VERDICTS)
    assert (table["verdict"] != OPEN).sum() >= 20


def test_every_check_runs_and_gives_the_verdict_that_is_known():
    for claim in CLAIMS:
        if "check" in claim:
            told, verdict = carried_out(claim["check"])
            assert told and verdict in VERDICTS, claim["id"]
    assert bare().loc[list(EXPECTED), "verdict"].to_dict() == EXPECTED


@pytest.fixture(scope="module")
def plan():
    return shipped("config")


def test_every_experiment_of_a_claim_and_of_a_question_is_one_of_the_configuration(plan):
    for claim in CLAIMS:
        for name in experiments_of(claim, plan.families):
            assert name in plan.experiments, f"{claim['id']} names {name}"
    for row in ROWS:
        assert row["ours"]["experiment"] in plan.experiments


def test_every_printed_figure_of_a_question_stands_in_the_published_table():
    known = set(load_published(ROOT / "report/published.csv")["claim"])
    assert {row[key] for row in ROWS for key in ("study", "best")} - {None} <= known


def test_experiments_that_no_chapter_shows_are_not_run(plan):
    assert all(claim["ours"] is None for claim in resolved(CLAIMS, plan, []))
    found = {c["id"]: c["ours"] for c in resolved(CLAIMS, plan, ["star-galaxy-large"])}
    assert found["s2-mcc"]["reads"] == "metrics" and not found["s2-mcc"]["elsewhere"]
    assert found["s2-augmentation"]["reads"] == "comparisons"
    assert found["s1-best-variant"] is None and found["s3-few-labels"] is None
    assert found["s0-images"] is None
    assert {row["task"] for row in placed(ROWS, plan, ["galaxies"])} == {None, "galaxies"}


def test_curves_are_read_only_where_they_are_shown(plan):
    found = [
        {c["id"]: c["ours"] for c in resolved(CLAIMS, plan, ["sgq"], curved)}["s3-few-labels"]
        for curved in ([], ["sgq"])
    ]
    assert found[0] is None and found[1]["reads"] == "curves"


# --- runs -----------------------------------------------------------------------------------------
def metrics(**values):
    """Metrics of the experiment x: each (value, lower, upper) by its name."""
    rows = [
        {"experiment": "x", "draw": -1, "fold": -1, "budget": 9, "part": "test", "n": 99,
         "reference": "catalogue", "subset": "all", "metric": name,
         **dict(zip(("value", "lower", "upper"), told, strict=True))}
        for name, told in values.items()
    ]  # fmt: skip
    return {"metrics": {"t": pd.DataFrame(rows)}}


def comparisons(*rows):
    """Comparisons (a, b, difference, lower, upper, p, verdict) in MCC."""
    keys = ("a", "b", "difference", "lower", "upper", "p", "verdict")
    told = [dict(zip(keys, row, strict=True), metric="mcc", primary=True) for row in rows]
    return {"comparisons": {"t": pd.DataFrame(told)}}


OURS = {"task": "t", "reads": "metrics", "complete": True, "elsewhere": False, "experiment": "x"}
PAIR = {"task": "t", "reads": "comparisons", "complete": True, "elsewhere": False}


@pytest.mark.parametrize(
    ("ours", "told", "verdict"),
    [
        ({"rule": "near", "printed": "0.90"}, (0.8, 0.7, 0.91), SPREAD),
        ({"rule": "near", "printed": "0.90"}, (0.8, 0.7, 0.85), FAILS),
        ({"rule": "near", "printed": "0.90", "n": 50}, (0.8, 0.7, 0.85), SPREAD),
        ({"rule": "near", "printed": "0.90", "n": 50000}, (0.8, 0.7, 0.85), FAILS),
        ({"rule": "above", "printed": 0.6}, (0.8, 0.7, 0.9), HOLDS),
        ({"rule": "above", "printed": 0.8}, (0.8, 0.7, 0.9), UNTOLD),
        ({"rule": "above", "printed": 0.95}, (0.8, 0.7, 0.9), FAILS),
    ],
)
def test_scores_against_what_is_printed(ours, told, verdict):
    found = judged({**OURS, **ours, "metric": "mcc"}, metrics(mcc=told))
    assert found[1:4] == told and found.verdict == verdict and found.measure == "MCC"


def test_two_classes_in_order():
    ours = {**OURS, "rule": "ordered", "metrics": ["recall_star", "recall_galaxy"]}
    told = {"recall_star": (0.6, 0.5, 0.7), "recall_galaxy": (0.9, 0.8, 1.0)}
    assert judged(ours, metrics(**told)).verdict == HOLDS
    other = {**ours, "metrics": ours["metrics"][::-1]}
    assert judged(other, metrics(**told)).verdict == FAILS
    assert judged(ours, metrics(**{**told, "recall_galaxy": (0.9, 0.6, 1.0)})).verdict == UNTOLD


@pytest.mark.parametrize(
    ("verdict", "wanted"), [("better", HOLDS), ("worse", FAILS), ("cannot be told", UNTOLD)]
)
def test_a_direction_is_the_comparisons_and_may_be_turned(verdict, wanted):
    tables = comparisons(("a", "b", 0.1, 0.05, 0.2, 0.01, verdict))
    found = judged({**PAIR, "rule": "better", "a": "a", "b": "b", "metric": "mcc"}, tables)
    assert (found.value, found.verdict) == (0.1, wanted)
    turned = judged({**PAIR, "rule": "better", "a": "b", "b": "a", "metric": "mcc"}, tables)
    assert turned[1:4] == (-0.1, -0.2, -0.05)
    assert turned.verdict == {HOLDS: FAILS, FAILS: HOLDS}.get(wanted, wanted)
    assert judged({**PAIR, "rule": "better", "a": "a", "b": "c"}, tables) is None


def test_nothing_is_better_only_where_all_end_below_the_margin():
    ours = {**PAIR, "rule": "no_better", "of": ["a", "c"], "against": "b", "margin": 0.02}
    below = ("a", "b", -0.1, -0.2, 0.01, 0.3, "cannot be told")
    wide = ("c", "b", 0.0, -0.2, 0.2, 0.9, "cannot be told")
    worse = ("c", "b", -0.2, -0.3, -0.1, 0.01, "worse")
    won = ("c", "b", 0.2, 0.1, 0.3, 0.001, "better")
    told = [judged(ours, comparisons(below, row)).verdict for row in (wide, worse, won)]
    assert told == [UNTOLD, HOLDS, FAILS]
    assert judged(ours, comparisons(below)).verdict == UNTOLD  # one of two
    assert judged({**ours, "complete": False}, comparisons(below, worse)).verdict == UNTOLD
    # A single p of .04 of two is not better after Holm's correction.
    assert judged(ours, comparisons(below, (*won[:5], 0.04, "better"))).verdict == UNTOLD


@pytest.mark.parametrize(
    ("ends", "p", "verdict"),
    [((0.1, 0.3), 0.01, HOLDS), ((-0.3, -0.1), 0.01, FAILS), ((-0.1, 0.3), 0.3, UNTOLD)],
)
def test_a_start_is_judged_at_its_fewest_labels(ends, p, verdict):
    names = ("gain", "gain_lower", "gain_upper", "gain_p")
    rows = [
        {"experiment": "x", "metric": "balanced_accuracy", "budget": budget,
         **dict(zip(names, told, strict=True))}
        for budget, told in ((0, (9, 9, 9, 0)), (500, (9, 9, 9, 0)), (20, (0.2, *ends, p)))
    ]  # fmt: skip
    found = judged({**OURS, "rule": "gain"}, {"curves": {"t": pd.DataFrame(rows)}})
    assert (
        found.verdict == verdict and found[1:4] == (0.2, *ends) and "at 20 labels" in found.measure
    )


# --- the audit ------------------------------------------------------------------------------------
def one(simulated=False, **changes):
    claim = {**BY_ID["s2-mcc"], "ours": {**OURS, **BY_ID["s2-mcc"]["runs"], "experiment": "x"}}
    claim["ours"] |= changes.pop("ours", {})
    tables = metrics(mcc=(0.72, 0.70, 0.74))
    return audited([claim | changes], tables, {"t": simulated}).iloc[0]


def test_real_runs_decide_and_simulated_or_foreign_ones_do_not():
    assert one()["verdict"] == SPREAD
    demo = one(simulated=True)
    assert (demo["verdict"], demo["found"], demo["simulated"]) == (OPEN, SPREAD, True)
    assert "simulated" in demo["reason"]
    assert one(ours={"elsewhere": True})["verdict"] == OPEN
    closed = one(archive="its hand-drawn boxes")
    assert closed["verdict"] == OPEN and "hand-drawn" in closed["reason"]
    assert one(ours={"metric": "auroc"})["found"] == NOT_RUN


def test_the_table_says_what_is_simulated_and_nothing_else_does():
    table = pd.DataFrame([one(simulated=True), one()], columns=COLUMNS).fillna({"derived": ""})
    demo, real = rows_of(table)
    assert demo["Our runs"] == "SIMULATED MCC 0.720 [0.700, 0.740]"
    assert real["Our runs"] == "MCC 0.720 [0.700, 0.740]" and real["Verdict"] == SPREAD
    assert demo["Study"] == "Ruhmer" and demo["Re-derived"] == "–"
    rows = rows_of(bare().reset_index())
    assert not any("SIMULATED" in cell for row in rows for cell in row.values())
    assert max(len(cell) for row in rows for cell in row.values()) < 90


def test_numbers_add_up_and_slips_are_named(tmp_path):
    table = bare().reset_index()[COLUMNS]
    table.to_csv(tmp_path / "claims.csv", index=False)
    found = collect({"claims": [str(tmp_path / "claims.csv")]})
    values = {key.removeprefix("audit."): item["value"] for key, item in found["numbers"].items()}
    keys = ("holds", "spread", "slip", "fails", "untold", "open")
    assert sum(values[key] for key in keys) == values["claims"] == len(CLAIMS)
    for study in ("S0", "S1", "S2", "S3"):
        assert sum(values[f"{study}.{key}"] for key in keys) == values[study]
    slips = found["facts"]["claims"]["slips"]
    assert len(slips) == values["slip"] and all(s["derived"] for s in slips)
    assert values["studies"] == 4 and values["run"] == values["simulated"] == 0
    assert collect({})["facts"] == {"claims": None}


def test_questions_side_by_side():
    printed = load_published(ROOT / "report/published.csv").astype(str)
    rows = [{**row, "task": None} for row in ROWS]
    rows[0] |= {"task": "t", "ours": {"experiment": "x", "metric": "accuracy", "complement": True}}
    table = compared_rows(rows, metrics(accuracy=(0.9, 0.8, 0.95))["metrics"], printed)
    assert table[0]["Ours"] == "0.100 [0.050, 0.200]" and table[0]["Study"] == "0.899 (Ruhmer)"
    assert {row["Ours"] for row in table[1:]} == {NOT_RUN}
    assert any(row["Best published"] == "0.9967 (Kim)" for row in table)
    assert all(row["What differs"] for row in table)


# --- faults ---------------------------------------------------------------------------------------
GOOD = {"id": "a", "study": "S0", "where": "w", "claim": "c", "printed": "p",
        "read": {"found": "f", "verdict": "slip", "source": "s"}}  # fmt: skip


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ([{**GOOD, "study": "S9"}], "wanted a study among"),
        ([{k: v for k, v in GOOD.items() if k != "where"}], "wanted the key 'where'"),
        ([{k: v for k, v in GOOD.items() if k != "read"}], "wanted check, read or runs"),
        ([{**GOOD, "why": "x"}], "found 'why'"),
        ([{**GOOD, "read": {**GOOD["read"], "verdict": "wrong"}}], "wanted a verdict among"),
        ([{**GOOD, "runs": {"rule": "nearly"}}], "wanted a rule among"),
        ([{**GOOD, "runs": {"rule": "gain"}}], "wanted the key 'experiment'"),
        ([GOOD, GOOD], "found a twice"),
        ("text", "wanted a list under the key 'claims'"),
    ],
)
def test_a_fault_of_the_file_is_one_line(claims, fault, tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": claims}))
    with pytest.raises(FewskyError, match=fault) as error:
        load_claims(path)
    assert "\n" not in str(error.value)


def test_a_missing_or_broken_file_is_one_line(tmp_path):
    with pytest.raises(FewskyError, match="found none"):
        load_claims(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_text("rows: [")
    with pytest.raises(FewskyError, match="wanted YAML") as error:
        load_sota(tmp_path / "b.yaml")
    assert "\n" not in str(error.value)
    (tmp_path / "c.yaml").write_text("rows: [{question: q}]")
    with pytest.raises(FewskyError, match="wanted the key 'measure'"):
        load_sota(tmp_path / "c.yaml")


def test_reading_claims_imports_nothing_heavy():
    text = (ROOT / "scripts/fewsky/audit/claims.py").read_text()
    assert not {"numpy", "pandas", "scipy"} & set(text.split()) and module.__doc__


# --- the text ----------------------------------------------------------------------------------
def with_audit(folder, simulated, parts):
    """What the text reads, with some tables of the audit."""
    found = content_of(folder, simulated)
    claims = {"claims": []}
    if "tab_claims" in parts:
        bare().reset_index()[COLUMNS].to_csv(folder / "claims.csv", index=False)
        claims = {"claims": [str(folder / "claims.csv")]}
    told = collect(claims)
    shown = next(iter(found["tables"].values()))
    return {
        **found,
        "numbers": found["numbers"] | told["numbers"],
        "facts": {**found["facts"], "audit": told["facts"]},
        "tables": found["tables"] | dict.fromkeys(parts, shown),
    }


@pytest.mark.parametrize(
    ("simulated", "parts"),
    [(True, ["tab_claims", "tab_sota"]), (False, ["tab_claims"]), (False, ["tab_sota"])],
)
def test_the_text_holds_with_each_part(simulated, parts, tmp_path):
    set_paper(REPORT, with_audit(tmp_path, simulated, parts), tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
