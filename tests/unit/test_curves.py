"""Curves of score against number of labels: their intervals, their pairing, what they say."""

import runpy
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.files import load_table, save_table
from fewsky.metrics.comparisons import compare_task
from fewsky.metrics.contrasts import COLUMNS as OF_CONTRASTS
from fewsky.metrics.contrasts import score_contrasts
from fewsky.metrics.curves import COLUMNS, Curve, area, score_curves, tabulate, with_area
from fewsky.metrics.paying import labels_needed, labels_saved, stops_paying
from fewsky.metrics.scores import score_task, shared_resamples
from tests.unit.small_results import ROOT, Named
from tests.unit.test_metrics import SETTINGS, TASK, pick, run

BUDGETS = [20, 100, 500]
LEVELS = {"none": [0.45, 0.52, 0.58], "good": [0.55, 0.58, 0.58]}  # chance of a right decision
ROWS = [
    {"experiment": name, "start": name, "way": "tuned", "against": "none" if k else ""}
    for k, name in enumerate(LEVELS)
]
METRIC = "balanced_accuracy"


# --- intervals, on decisions whose chances are known ----------------------------------------------
def decided(rng, groups, draws, each, of_group, of_draw):
    """{experiment: whether it decides rightly, (budget, draw, group, object of the group)}.

    The chance to be right is the level, moved by an amount of the group and one of the draw, half
    of each shared by both experiments; they are uniform with mean 0, so the levels are the truth.
    """

    def moved():
        of_a_group = rng.uniform(-of_group / 2, of_group / 2, (groups, 1))
        return of_a_group + rng.uniform(-of_draw / 2, of_draw / 2, (draws, 1, 1))

    shared, found = moved(), {}
    for name, levels in LEVELS.items():
        chances = np.array(levels)[:, None, None, None] + shared + moved()
        luck = rng.random((draws, groups, each))  # decisions change little from budget to budget
        found[name] = luck < chances
    return found


def estimated(right, bootstrap=200):
    """The table of curves of accuracy, its index start and budget."""
    _, draws, groups, each = next(iter(right.values())).shape
    resamples = shared_resamples(groups, draws, bootstrap, 0)

    def values(weights, one):  # (b, draw, budget, metric)
        found = np.einsum("bg,kdg->bdk", weights, one.sum(-1, dtype=float))
        return with_area(found[..., None] / (weights.sum(1)[:, None, None, None] * each), BUDGETS)

    curves = {
        name: Curve(values(np.ones((1, groups)), one)[0], values(resamples.groups, one))
        for name, one in right.items()
    }
    table = tabulate(curves, BUDGETS, [METRIC], ROWS, resamples, groups)
    return table.set_index(["start", "budget"])


def truths():
    """The true value and gain of every start and point; the gain of `none` is not known."""
    curves = {name: np.array(levels)[:, None] for name, levels in LEVELS.items()}
    curves = {name: with_area(levels, BUDGETS)[:, 0] for name, levels in curves.items()}
    return {
        (name, budget): pair
        for name, curve in curves.items()
        for budget, *pair in zip([0, *BUDGETS], curve, curve - curves["none"], strict=True)
    }


def coverage(trials, groups, draws, each=10, alone=False, **spread):
    """The shares of intervals that hold the truth: of values, and of gains.

    With `alone` every object counts as a group of its own.
    """
    rng, told, value, gain = np.random.default_rng(groups + draws), truths(), [], []
    for _ in range(trials):
        right = decided(rng, groups, draws, each, **spread)
        if alone:
            right = {name: one.reshape(*one.shape[:2], -1, 1) for name, one in right.items()}
        for key, row in estimated(right).iterrows():
            value.append(row["lower"] <= told[key][0] <= row["upper"])
            if key[0] != "none":
                gain.append(row["gain_lower"] <= told[key][1] <= row["gain_upper"])
    return np.mean(value), np.mean(gain)


@pytest.mark.parametrize(
    ("groups", "draws", "spread"),
    [(20, 5, {"of_group": 0.3, "of_draw": 0.04}), (10, 3, {"of_group": 0.2, "of_draw": 0.1})],
)
def test_the_intervals_cover_as_often_as_they_say(groups, draws, spread):
    # 120 trials, whose points hang together, know a share to 2 points at most: .95 - 3 x .02; what
    # is peculiar to an object in one draw is counted more than once, so they may cover more often.
    value, gain = coverage(120, groups, draws, **spread)
    assert min(value, gain) >= 0.89


def test_objects_of_a_group_do_not_count_as_many():
    """Twenty groups of thirty objects that stand or fall together tell less than 600 objects."""
    spread = {"of_group": 0.4, "of_draw": 0.0, "each": 30}
    grouped, alone = (coverage(50, 20, 5, alone=alone, **spread) for alone in (False, True))
    assert min(grouped) >= 0.86
    assert max(alone) < 0.8


def test_what_both_share_cancels_in_the_gain():
    """Both starts are hurt by the same hard groups and draws: the pair sees through that."""
    rng = np.random.default_rng(0)
    hard = rng.uniform(-0.4, 0.4, (12, 1)) + rng.uniform(-0.05, 0.05, (5, 1, 1))
    luck = rng.random((5, 12, 20))
    right = {
        name: luck < np.array(levels)[:, None, None, None] + hard for name, levels in LEVELS.items()
    }
    found = estimated(right).loc["good"]
    width = found["upper"] - found["lower"]
    assert (found["gain_upper"] - found["gain_lower"] < 0.5 * width).all()
    assert (found.loc[[0, 20, 100], "gain_lower"] > 0).all()
    other = estimated({**right, "good": right["good"][:, :, ::-1]}).loc["good"]
    assert other["gain"].to_numpy() == pytest.approx(found["gain"].to_numpy())
    assert (other["gain_lower"] < 0).all(), "groups that no longer agree"
    assert (other["gain_detectable"] > 2 * found["gain_detectable"]).all()


def test_the_area_is_a_mean_over_the_logarithm():
    of = lambda *values: np.array(values)[:, None]  # noqa: E731
    assert area(of(0.7, 0.7, 0.7), [10, 100, 1000]) == pytest.approx(0.7)
    assert area(of(0.2, 0.5, 0.8), [10, 100, 1000]) == pytest.approx(0.5)  # straight
    assert area(of(0.0, 0.0, 1.0), [10, 20, 80]) == pytest.approx(1 / 3)  # a step twice as wide
    assert area(np.ones((4, 2, 3, 5)), [10, 20, 80]).shape == (4, 2, 5)


# --- from prediction tables -----------------------------------------------------------------------
def rows_of(*names):
    """Rows of the atlas in which the poor one learns from nothing."""
    starts = {"poor": "none", **{name: name for name in names}}
    return [
        {"experiment": n, "start": start, "way": "tuned", "against": "poor" * (n != "poor")}
        for n, start in starts.items()
    ]


def curves(found, manifest, names=("good", "same"), **told):
    own = {key: table for key, table in found.items() if key[0] in ("poor", *names)}
    settings = {"metric": METRIC, "bootstrap": 200, **told}
    return score_curves(own, manifest, TASK, rows_of(*names), settings, seed=0)


def test_they_are_those_of_the_metrics_and_of_the_comparisons():
    """The same resamples: value and interval as `score` has them, gains as `compare` has them."""
    found, manifest, catalog, _ = run(draws=4)
    table = curves(found, manifest, metric="auroc")
    assert list(table.columns) == COLUMNS
    assert set(table["metric"]) == {"auroc", "accuracy", "balanced_accuracy", "macro_f1", "mcc"}
    assert sorted(set(table["budget"])) == [0, 100, 300]
    assert set(table["draws"]) == {4} and set(table["n"]) == {300}
    scored = score_task(found, manifest, catalog, None, TASK, SETTINGS, seed=0)
    where = {"draw": -1, "part": "test", "subset": "all"}
    for row in table[table["budget"] > 0].itertuples():
        own = {"experiment": row.experiment, "budget": row.budget, "metric": row.metric}
        told = pick(scored, **where, **own)[["value", "lower", "upper"]].to_numpy()
        assert told == pytest.approx(np.array([[row.value, row.lower, row.upper]]), abs=1e-12)
    pairs = [{"a": "good", "b": "poor", "metric": "mcc", "primary": False}]
    [pair] = compare_task(found, manifest, TASK, pairs, SETTINGS, seed=0).to_dict("records")
    [own] = pick(table, experiment="good", metric="mcc", budget=300).to_dict("records")
    ours = [own[key] for key in ("gain", "gain_lower", "gain_upper", "gain_p", "gain_detectable")]
    theirs = [pair[key] for key in ("difference", "lower", "upper", "p", "minimum_detectable")]
    assert ours == pytest.approx(theirs)
    assert table[table["start"] == "none"][["gain", "gain_lower", "gain_p"]].isna().all(axis=None)


def test_a_start_is_held_against_the_nothing_of_its_own_network():
    found, manifest, *_ = run(draws=2)
    rows = rows_of("same", "good")
    own = {"same": "", "good": "same"}  # same is another network from nothing, good starts it
    rows = [{**row, "against": own.get(row["experiment"], row["against"])} for row in rows]
    used = {key: table for key, table in found.items() if key[0] != "control"}
    table = score_curves(used, manifest, TASK, rows, {"metric": METRIC, "bootstrap": 200}, seed=0)
    values = table[table["metric"] == METRIC].pivot(index="budget", columns="experiment")
    gain = values["value"]["good"] - values["value"]["same"]
    assert values["gain"]["good"].to_numpy() == pytest.approx(gain.to_numpy())
    assert values["gain"][["same", "poor"]].isna().all(axis=None)


def test_they_are_on_the_draws_that_all_have():
    """Probes have all draws of the split, trainings those of the atlas."""
    found, manifest, *_ = run(draws=4)
    few = {key: table for key, table in found.items() if key[0] == "good" or key[1] < 2}
    table = curves(few, manifest)
    two = {key: table for key, table in found.items() if key[1] < 2}
    pd.testing.assert_frame_equal(table, curves(two, manifest))
    assert set(table["draws"]) == {2}
    apart = {key: t for key, t in found.items() if key[1] == (0 if key[0] == "good" else 1)}
    with pytest.raises(FewskyError, match="wanted a draw that all have"):
        curves(apart, manifest)


def test_all_is_one_budget_though_draws_differ_by_a_few():
    found, manifest, *_ = run(draws=3)
    for (_, draw), table in found.items():
        table.loc[table["budget"] == 300, "budget"] += draw
    assert sorted(set(curves(found, manifest)["budget"])) == [0, 100, 301]


def test_one_budget_has_no_area_and_one_draw_an_interval_over_objects():
    found, manifest, *_ = run(draws=1, budgets=(100,))
    table = curves(found, manifest)
    assert set(table["budget"]) == {100} and table["lower"].notna().all()
    everything = manifest.assign(group="one")
    assert curves(found, everything)[["lower", "gain_lower"]].isna().all(axis=None)


def test_the_job_reads_trainings_by_draw_and_probes_of_all_draws(tmp_path):
    found, manifest, *_ = run(draws=3)
    save_table(manifest, tmp_path / "manifest.csv")
    probes = [table.assign(draw=k) for (name, k), table in found.items() if name == "good"]
    tables = {"good/draw-all": pd.concat(probes)}
    tables |= {f"poor/draw-{k}": found["poor", k] for k in range(2)}
    paths = [tmp_path / f"models/{place}/predictions.parquet" for place in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        save_table(table, path)
    names = {"table": "t.curves.csv", "contrasts": "t.contrasts.csv", "provenance": "t.json"}
    out = Named({key: str(tmp_path / name) for key, name in names.items()})
    settings = {
        "metric": METRIC,
        "bootstrap": 200,
        "seed": 0,
        "task": TASK,
        "rows": rows_of("good"),
        "pairs": [pair_of("good", "poor", "other")],
        "others": ["other"],
    }
    given = SimpleNamespace(
        input=Named(predictions=list(map(str, paths)), manifest=str(tmp_path / "manifest.csv"),
                    others=[str(tmp_path / "manifest.csv")]),
        output=out, log=[str(tmp_path / "log")],
        params=SimpleNamespace(settings=settings, code="0"),
    )  # fmt: skip
    runpy.run_path(str(ROOT / "scripts/score_curves.py"), init_globals={"snakemake": given})
    two = {key: table for key, table in found.items() if key[1] < 2}
    expected = curves(two, manifest, names=("good",))
    pd.testing.assert_frame_equal(load_table(out.table), expected, check_dtype=False)
    found = load_table(out.contrasts)
    assert set(found["draws"]) == {2} and len(found) == 3
    gains = expected[(expected["experiment"] == "good") & (expected["metric"] == METRIC)]
    pairs = load_table(out.contrasts).set_index("budget")
    told = {"difference": "gain", "lower": "gain_lower", "upper": "gain_upper", "p": "gain_p"}
    for column, gain in told.items():
        wanted = gains.set_index("budget")[gain]
        assert pairs[column].to_dict() == pytest.approx(wanted.to_dict())


# --- starts held against each other ---------------------------------------------------------------
def pair_of(a, b, task="t"):
    return {"a": a, "b": b, "way": "tuned", "task": task}


def contrasts(found, manifest, pairs, others=None, **told):
    settings = {"metric": METRIC, "bootstrap": 200, **told}
    return score_contrasts(found, manifest, others or {}, TASK, pairs, settings, seed=0)


def test_a_contrast_is_the_difference_of_two_curves_on_the_same_resamples():
    found, manifest, *_ = run(draws=4)
    table = contrasts(found, manifest, [pair_of("good", "poor"), pair_of("same", "good")])
    assert list(table.columns) == OF_CONTRASTS and set(table["metric"]) == {METRIC}
    gains = curves(found, manifest).query("metric == @METRIC and experiment == 'good'")
    own = table[table["a"] == "good"]
    for ours, theirs in (("difference", "gain"), ("lower", "gain_lower"), ("upper", "gain_upper"),
                         ("p", "gain_p"), ("detectable", "gain_detectable")):  # fmt: skip
        assert own[ours].to_numpy() == pytest.approx(gains[theirs].to_numpy())
    assert own["budget"].tolist() == [0, 100, 300] and set(own["draws"]) == {4}
    assert contrasts(found, manifest, []).empty


def test_a_pair_is_seen_where_intervals_overlap():
    """Both are hurt by the same objects: their intervals overlap, their difference is clear."""
    rng = np.random.default_rng(2)
    manifest = pd.DataFrame({"object_id": [f"o{k}" for k in range(400)], "part": "test",
                             "group": [f"g{k // 20}" for k in range(400)],
                             "label": np.tile(TASK["classes"], 200)})  # fmt: skip
    hard = np.repeat(rng.uniform(0, 0.6, 20), 20)
    found = {}
    for draw in range(3):
        luck = rng.random(400)
        for name, more in (("good", 0.06), ("poor", 0.0)):
            right = luck > hard - more
            first = np.where((manifest["label"] == TASK["classes"][0]) == right, 0.9, 0.1)
            table = manifest[["object_id", "label", "part"]].assign(budget=100, fold=-1)
            found[name, draw] = table.assign(**{f"p_{TASK['classes'][0]}": first,
                                                f"p_{TASK['classes'][1]}": 1 - first})  # fmt: skip
    [row] = contrasts(found, manifest, [pair_of("good", "poor")]).to_dict("records")
    assert row["lower"] > 0 and row["p"] < 0.05
    table = curves(found, manifest, names=("good",)).query("metric == @METRIC")
    ends = table.set_index("experiment")
    assert ends.loc["good", "lower"] < ends.loc["poor", "upper"]


def test_two_tasks_are_paired_where_they_test_and_see_the_same():
    found, manifest, *_ = run(draws=2)
    pairs = [pair_of("good", "poor", "other")]
    whole = contrasts(found, manifest, pairs, {"other": manifest})
    pd.testing.assert_frame_equal(whole, contrasts(found, manifest, [pair_of("good", "poor")]))
    fewer = manifest.drop(manifest.index[manifest["part"] == "test"][0])
    assert contrasts(found, manifest, pairs, {"other": fewer}).empty
    apart = manifest.assign(group=[f"x{k}" for k in range(len(manifest))])
    assert contrasts(found, manifest, pairs, {"other": apart}).empty
    seen = dict(found)
    table = found["poor", 1].copy()
    table.loc[table.index[table["part"] == "train"][0], "object_id"] = "another"
    seen["poor", 1] = table
    assert contrasts(seen, manifest, pairs, {"other": manifest}).empty


def test_what_cannot_be_paired_is_refused():
    found, manifest, *_ = run(draws=2)
    other = dict(found)
    other["good", 1] = found["good", 1].query("budget == 300")
    with pytest.raises(
        FewskyError, match=r"curve of good: wanted the budgets \[100, 300\] of poor"
    ):
        curves(other, manifest)
    other = dict(found)
    other["good", 1] = found["good", 1].drop(index=found["good", 1].index[-1])
    with pytest.raises(FewskyError, match="wanted one test part"):
        curves(other, manifest)
    for metric in ("log_loss", "acuracy"):
        with pytest.raises(FewskyError, match=f"grows with skill.*found {metric}"):
            curves(found, manifest, metric=metric)


# --- what they say --------------------------------------------------------------------------------
def curve(values, budgets, gains=None, reach=0.02):
    gains = np.full(len(values), np.nan) if gains is None else np.asarray(gains)
    return pd.DataFrame({"budget": budgets, "value": values, "gain_lower": gains - reach})


@pytest.mark.parametrize(
    ("gains", "stop"),
    [
        ([0.1, 0.1, 0.0, 0.0], 300),
        ([0.1, 0.0, 0.1, 0.0], 1000),  # what counts is where it stops for good
        ([0.0, 0.0, 0.0, 0.0], 30),
        ([-0.1, 0.0, 0.0, 0.0], 30),
        ([0.1, 0.1, 0.1, 0.1], np.inf),
        ([0.0, 0.0, 0.0, 0.1], np.inf),
    ],
)
def test_where_a_start_stops_paying(gains, stop):
    budgets = [30, 100, 300, 1000]
    assert stops_paying(curve([0.6] * 4, budgets, gains)) == stop
    assert np.isnan(stops_paying(curve([0.6] * 4, budgets)))


def test_labels_are_read_off_the_curve_of_nothing():
    budgets = [10, 100, 1000]
    none = curve([0.5, 0.7, 0.9], budgets)
    assert labels_needed(none, 0.7) == pytest.approx(100)
    assert labels_needed(none, 0.8) == pytest.approx(10**2.5)
    assert labels_needed(none, 0.95) == np.inf and labels_needed(none, 0.4) == pytest.approx(10)
    assert labels_saved(curve([0.6, 0.8, 1.0], budgets), none) == pytest.approx(10**1.5 - 10)
    assert labels_saved(curve([0.4, 0.6, 0.8], budgets), none) == pytest.approx(0)
    dip = curve([0.5, 0.8, 0.75, 0.9], [10, 100, 200, 400])
    assert labels_needed(dip, 0.79) < 100, "the first time counts"
