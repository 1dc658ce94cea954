"""Measures against scikit-learn and published counts; the tidy table against its predictions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from fewsky.console import FewskyError
from fewsky.metrics.comparisons import compare_task, list_pairs
from fewsky.metrics.measures import Sample, class_measures, confusion_measures, matthews, measure
from fewsky.metrics.priors import best_threshold, decide_adjusted, find_prior, reweigh
from fewsky.metrics.rankings import purity_at_completeness, top_share
from fewsky.metrics.readings import both_readings
from fewsky.metrics.scores import score_task
from fewsky.metrics.subsets import match_truth, subset_masks

CLASSES = ["galaxy", "star"]


def predictions(rng, n=400, classes=3, groups=20, skill=1.0):
    truth = rng.integers(0, classes, n)
    raw = np.exp(rng.normal(0, 1, (n, classes)) + skill * np.eye(classes)[truth])
    probability = np.round(raw / raw.sum(1, keepdims=True), 2) + 1e-3
    probability /= probability.sum(1, keepdims=True)
    adjusted = rng.integers(0, classes, n)
    return Sample(truth, probability, adjusted, rng.integers(0, groups, n))


def by_hand(sample, weight, classes):
    """The measures by scikit-learn, objects weighted."""
    truth, stated, decided = sample.truth, sample.probability, sample.probability.argmax(1)
    told = {"sample_weight": weight, "zero_division": 0}
    mean = {
        "accuracy": reference.accuracy_score(truth, decided, sample_weight=weight),
        "balanced_accuracy": reference.balanced_accuracy_score(
            truth, decided, sample_weight=weight
        ),
        "mcc": reference.matthews_corrcoef(truth, decided, sample_weight=weight),
        "log_loss": reference.log_loss(truth, stated, sample_weight=weight),
        "macro_f1": reference.f1_score(truth, decided, average="macro", **told),
        "weighted_f1": reference.f1_score(truth, decided, average="weighted", **told),
        "weighted_precision": reference.precision_score(truth, decided, average="weighted", **told),
        "accuracy_prior_corrected": reference.accuracy_score(
            truth, sample.adjusted, sample_weight=weight
        ),
    }
    each = reference.precision_recall_fscore_support(truth, decided, **told)
    for name, values in zip(("precision", "recall", "f1"), each, strict=False):
        mean |= {f"{name}_{k}": value for k, value in enumerate(values)}
    ones = [1] if classes == 2 else range(classes)
    curves = [reference.roc_auc_score(truth == k, stated[:, k], sample_weight=weight) for k in ones]
    return {**mean, "auroc": np.mean(curves)}


@pytest.mark.parametrize("classes", [2, 3, 9])
def test_every_measure_agrees_with_scikit_learn_under_any_weights(classes):
    rng = np.random.default_rng(classes)
    samples = [predictions(rng, classes=classes) for _ in range(2)]
    weights = np.vstack([np.ones(20), rng.multinomial(20, np.full(20, 0.05), 3)]).astype(float)
    found = measure(samples, weights, [str(k) for k in range(classes)])
    for r, sample in enumerate(samples):
        for b, weight in enumerate(weights):
            for name, value in by_hand(sample, weight[sample.group], classes).items():
                assert found[name][b, r] == pytest.approx(value, abs=1e-12), name


def test_brier_score_of_two_classes_is_the_mean_square_error():
    sample = predictions(np.random.default_rng(0), classes=2)
    found = measure([sample], np.ones((1, 20)), CLASSES)["brier"][0, 0]
    assert found == pytest.approx(
        reference.brier_score_loss(sample.truth, sample.probability[:, 1])
    )


def test_block_size_changes_nothing():
    sample = predictions(np.random.default_rng(0), n=3000, classes=2)
    weights = np.random.default_rng(1).multinomial(20, np.full(20, 0.05), 200).astype(float)
    whole = measure([sample], weights, CLASSES)
    for b in (0, 77, 199):
        one = measure([sample], weights[b : b + 1], CLASSES)
        for name in ("auroc", "cal"):
            assert one[name][0, 0] == pytest.approx(whole[name][b, 0], abs=1e-12)


def test_calibrated_probabilities_have_small_calibration_errors():
    rng = np.random.default_rng(0)
    stated = rng.uniform(0, 1, 20_000)
    truth = (rng.random(20_000) < stated).astype(int)

    def errors(p):
        sample = Sample(truth, np.stack([1 - p, p], axis=1), truth, np.zeros(20_000, int))
        found = measure([sample], np.ones((1, 1)), CLASSES)
        return found["ece"][0, 0], found["cal"][0, 0]

    ece, cal = errors(stated)
    # Noise alone: .8 sqrt(p(1-p)/n) with n = 2,000 a bin (ECE) and 100 a window (CAL).
    assert ece < 0.015 and cal == pytest.approx(0.032, abs=0.006)
    assert min(errors(np.clip(stated + 0.2, 0, 1))) > 0.12


def test_sliding_windows_by_hand():
    stated, truth = np.array([0.1, 0.4, 0.6]), np.array([0, 1, 1])
    sample = Sample(truth, np.stack([1 - stated, stated], axis=1), truth, np.arange(3))
    whole = measure([sample], np.array([[1.0, 1, 1], [2, 0, 1]]), CLASSES)["cal"][:, 0]
    assert whole == pytest.approx([abs(-0.1 + 0.6 + 0.4) / 3, abs(-0.2 + 0.4) / 3])


def test_purity_at_a_prevalence_is_that_of_such_a_list():
    counts = np.array([[90, 10], [30, 70]])
    found = confusion_measures(counts, CLASSES, [10])
    # 10 galaxies to one star: .7 of a star found, 10 x .1 galaxies taken for one.
    assert found["purity_star_at_1:10"] == pytest.approx(0.7 / (0.7 + 10 * 0.1))
    assert found["purity_galaxy_at_1:10"] == pytest.approx(0.9 / (0.9 + 10 * 0.3))
    assert found["confusion_star_galaxy"] == 30
    assert found["hard_label_auroc"] == pytest.approx((0.9 + 0.7) / 2)


def test_a_class_never_decided_and_a_class_that_does_not_occur():
    recall, precision, f1, _ = class_measures(np.array([[5, 0, 0], [5, 0, 0], [0, 0, 0]]))
    assert recall[:2].tolist() == [1, 0] and precision[:2].tolist() == [0.5, 0]
    assert f1[1] == 0 and np.isnan([recall[2], precision[2], f1[2]]).all()
    assert matthews(np.array([[5, 0], [3, 0]])) == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(sum))
def test_matthews_agrees_with_its_two_class_formula(cells):
    counts = np.array(cells, float).reshape(2, 2)
    (tn, fp), (fn, tp) = counts
    below = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    wanted = (tp * tn - fp * fn) / below if below else 0
    assert matthews(counts) == pytest.approx(wanted)
    assert matthews(counts[::-1, ::-1]) == pytest.approx(wanted)


# Rows are true classes (Ruhmer's repository): the improved network, then the base one.
@pytest.mark.parametrize(
    ("counts", "accuracy", "mcc"),
    [([[894, 17], [106, 204]], 0.89926, 0.72280), ([[850, 61], [231, 79]], 0.76085, 0.25665)],
)
def test_published_matrices_give_the_published_numbers_in_both_readings(counts, accuracy, mcc):
    table = both_readings(counts, CLASSES, "as the text says")
    assert table["accuracy"].round(5).unique() == [accuracy]
    assert table["mcc"].round(5).unique() == [mcc]
    assert table["majority_share"].round(5).unique() == [0.74611]
    said, swapped = (one.set_index("class") for _, one in table.groupby("reading", sort=False))
    assert said.loc["star", "recall"] == swapped.loc["galaxy", "recall"] == counts[1][1] / 310
    assert said.loc["galaxy", "support"] == swapped.loc["star", "support"] == 911
    assert said.loc["star", "precision"] == counts[1][1] / (counts[0][1] + counts[1][1])


def test_prior_correction_finds_other_class_shares_without_labels():
    rng = np.random.default_rng(0)
    truth = (rng.random(20_000) < 0.1).astype(int)
    score = rng.normal(2.0 * truth, 1)
    star = 1 / (1 + np.exp(-(2 * score - 2)))  # the posterior for equal shares
    stated = np.stack([1 - star, star], axis=1)
    shares, corrected = find_prior(stated, [0.5, 0.5])
    assert shares[1] == pytest.approx(0.1, abs=0.01)
    true_posterior = 1 / (1 + 9 * np.exp(-(2 * score - 2)))
    assert corrected[:, 1] == pytest.approx(true_posterior, abs=0.02)
    seen = (rng.random(4000) < 0.5).astype(int)
    star_val = 1 / (1 + np.exp(-(2 * rng.normal(2.0 * seen, 1) - 2)))
    validated = np.stack([1 - star_val, star_val], axis=1)
    adjusted, _, threshold = decide_adjusted(stated, validated, seen, [0.5, 0.5])
    plain, best = (stated.argmax(1) == truth).mean(), (true_posterior > 0.5) == truth
    assert (adjusted == truth).mean() == pytest.approx(best.mean(), abs=0.005)
    assert (adjusted == truth).mean() > plain + 0.05 and 0.3 < threshold < 0.7


def test_prior_correction_leaves_a_class_never_seen_at_zero_and_takes_more_classes():
    stated = np.array([[0.6, 0.4, 0.0], [0.2, 0.8, 0.0]])
    assert reweigh(stated, np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.5, 0.0])) == pytest.approx(
        stated
    )
    many = np.concatenate(
        [np.random.default_rng(0).dirichlet([0.1] * 2, 500), np.zeros((500, 1))], 1
    )
    adjusted, shares, threshold = decide_adjusted(many, many[:9], np.arange(9) % 2, [0.5, 0.5, 0])
    assert set(adjusted) == {0, 1} and np.isnan(threshold)
    assert shares == pytest.approx([0.5, 0.5, 0], abs=0.07)


def test_the_threshold_is_the_best_one_nearest_to_a_half():
    score, star = np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True])
    assert best_threshold(score, star, np.ones(4)) == 0.5
    assert best_threshold(score, np.array([False, True, True, True]), np.ones(4)) == 0.2
    assert best_threshold(score, ~star, np.array([1, 1, 1, 0.0])) == 0.05
    assert best_threshold(score, star, np.array([9, 9, 1, 1.0])) == 0.5
    assert best_threshold(score[::-1], star, np.array([9, 9, 1, 1.0])) == 0.95
    assert best_threshold(np.empty(0), np.empty(0, bool), np.empty(0)) == 0.5


def test_yield_and_purity_of_lists_by_hand():
    score = np.array([0.9, 0.8, 0.8, 0.3, 0.1])
    member = np.array([True, False, True, True, False])
    assert top_share(score, member, 2) == 0.5
    assert purity_at_completeness(score, member, 0.6) == 2 / 3
    assert purity_at_completeness(score, member, 0.96) == 3 / 4
    assert np.isnan(purity_at_completeness(score, np.zeros(5, bool), 0.96))


SETTINGS = {
    "bootstrap": 200, "prevalences": [10, 100], "top_k": 20, "magnitude": "modelmag_r",
    "bin_mag": 0.5, "snr": [5, 10], "nuisance": "control",
}  # fmt: skip
TASK = {"classes": CLASSES}


def sky(rng, n=300):
    """A manifest of a pool and a test part, its catalogue, and a truth that differs for some."""
    manifest = pd.DataFrame({"object_id": [f"o{k}" for k in range(2 * n)]})
    manifest["ra"], manifest["dec"] = 10 + rng.uniform(0, 0.2, 2 * n), rng.uniform(0, 0.2, 2 * n)
    manifest["group"] = [f"g{k // 25}" for k in range(2 * n)]
    manifest["label"] = np.where(rng.random(2 * n) < 0.4, "star", "galaxy")
    manifest["part"], manifest["fold"] = np.repeat(["pool", "test"], n), -1
    bright = rng.uniform(18, 22, 2 * n) + (manifest["label"] == "star") * 0.4
    catalog = manifest[["object_id"]].assign(modelmag_r=bright, snr_r=10 ** ((24 - bright) / 2.5))
    catalog["neighbour_arcsec"] = rng.exponential(8, 2 * n)
    catalog["neighbour_mag_r"] = rng.uniform(17, 23, 2 * n)
    wrong = rng.random(2 * n) < 0.1
    other = manifest["label"].map({"star": "galaxy", "galaxy": "star"})
    truth = manifest[["ra", "dec"]].assign(true_class=manifest["label"].where(~wrong, other))
    truth["ra"] += 0.3 / 3600
    return manifest, catalog, truth.iloc[: int(1.8 * n)]


def predicted(rng, manifest, budgets=(100, 300), skill=1.0, folds=(-1,)):
    tables = []
    for fold in folds:
        for budget in budgets:
            pool = manifest[manifest["part"] == "pool"].head(budget)
            part = np.where(np.arange(len(pool)) % 5 == 4, "val", "train")
            test = manifest[manifest["part"] == "test"]
            if fold >= 0:
                test = test.iloc[fold::3]
            table = pd.concat([pool.assign(part=part), test])[["object_id", "part", "label"]]
            sign = np.where(table["label"] == "star", skill, -skill)
            star = 1 / (1 + np.exp(-rng.normal(sign, 1)))
            table["p_galaxy"] = (1 - star).astype("float32")
            tables.append(table.assign(p_star=star.astype("float32"), budget=budget, fold=fold))
    return pd.concat(tables, ignore_index=True)


def run(seed=0, draws=5, **told):
    rng = np.random.default_rng(seed)
    manifest, catalog, truth = sky(rng)
    found = {}
    for name, skill in (("good", 1.5), ("same", 1.5), ("poor", 0.5), ("control", 0.1)):
        for draw in range(draws):
            found[name, draw] = predicted(rng, manifest, skill=skill, **told)
    return found, manifest, catalog, truth


def pick(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def test_the_table_says_what_the_predictions_say():
    found, manifest, catalog, truth = run()
    table = score_task(found, manifest, catalog, truth, TASK, SETTINGS, seed=0)
    assert not table.duplicated(list(table.columns[:8])).any()
    assert table["value"].notna().mean() > 0.95 and np.isfinite(table["n"]).all()
    frame = found["good", 2]
    tested = frame[(frame["part"] == "test") & (frame["budget"] == 300)]
    decided = np.where(tested["p_star"] > 0.5, "star", "galaxy")
    rows = pick(table, experiment="good", budget=300, part="test", reference="catalogue")
    rows = pick(rows, metric="accuracy", subset="all")
    assert pick(rows, draw=2)["value"].item() == pytest.approx((decided == tested["label"]).mean())
    mean = pick(rows, draw=-1)
    assert mean["value"].item() == pytest.approx(pick(rows)[rows["draw"] >= 0]["value"].mean())
    assert mean["lower"].item() < mean["value"].item() < mean["upper"].item()
    assert mean["n"].item() == 300
    bright = catalog.set_index("object_id").loc[tested["object_id"], "modelmag_r"].to_numpy()
    chosen = (bright >= 19) & (bright < 19.5)
    some = pick(table, experiment="good", subset="r 19.0-19.5", part="test", reference="catalogue")
    assert (some["n"] == chosen.sum()).all() and set(some["draw"]) == {-1}


def test_truth_is_matched_by_position_and_scored_beside_the_catalogue():
    found, manifest, catalog, truth = run()
    table = score_task(found, manifest, catalog, truth, TASK, SETTINGS, seed=0)
    rows = pick(table, experiment="good", draw=-1, budget=300, subset="all", metric="accuracy")
    rows = pick(rows, part="test").set_index("reference")
    assert rows.loc["truth", "n"] == 240 and rows.loc["catalogue", "n"] == 300
    assert rows.loc["catalogue", "value"] > rows.loc["truth", "value"] + 0.03
    moved = truth.assign(dec=truth["dec"] + 5 / 3600)
    assert (match_truth(manifest, moved, CLASSES) == "").mean() > 0.98
    assert (match_truth(manifest, truth, CLASSES)[:540] == truth["true_class"]).mean() > 0.98


def test_matched_subsets_have_equal_classes_and_others_follow_their_cuts():
    _, manifest, catalog, _ = run(draws=1)
    objects = manifest.merge(catalog, on="object_id")
    number = (manifest["label"] == "star").to_numpy(int)
    score = np.where(manifest["part"] == "test", catalog["modelmag_r"], np.nan)
    rng = np.random.default_rng(0)
    masks = subset_masks(objects, number, SETTINGS, rng, score)
    tested = (manifest["part"] == "test").to_numpy()
    for name in ("matched r", "matched nuisance"):
        chosen = masks[name] & tested
        assert number[chosen].mean() == 0.5 and 100 < chosen.sum() < 300
        gap = np.diff([objects["modelmag_r"][chosen & (number == k)].mean() for k in (0, 1)])
        # Within bins half a magnitude wide (or tenths of the score) little difference is left.
        assert abs(gap) < 0.12
    assert np.array_equal(masks["snr>10"], catalog["snr_r"] > 10)
    bins = [mask for name, mask in masks.items() if name.startswith("r ")]
    assert np.array_equal(np.sum(bins, axis=0), np.ones(600))


def test_folds_are_scored_apart_and_together():
    found, manifest, catalog, _ = run(folds=(0, 1, 2), budgets=(300,))
    table = score_task(found, manifest, catalog, None, TASK, SETTINGS, seed=0)
    rows = pick(table, experiment="good", metric="mcc", subset="all", draw=-1)
    assert rows.set_index(["part", "fold"]).index.tolist()[:4] == [
        ("test", 0), ("test", 1), ("test", 2), ("folds", -1)
    ]  # fmt: skip
    together = pick(rows, part="folds")
    each = pick(rows, part="test")
    # Counts are taken over all folds, so that accuracies of equal folds have their mean.
    right = pick(table, experiment="good", metric="accuracy", subset="all", draw=-1)
    assert pick(right, part="folds")["value"].item() == pytest.approx(
        pick(right, part="test")["value"].mean()
    )
    assert (together["upper"] - together["lower"]).item() < (each["upper"] - each["lower"]).mean()
    by_draw = pick(table, experiment="good", metric="mcc", subset="all", part="folds")
    by_draw = by_draw[by_draw["draw"] >= 0].set_index("draw")["value"]
    for draw in range(5):
        tested = pick(found["good", draw], part="test")
        decided = np.where(tested["p_star"] > 0.5, "star", "galaxy")
        assert by_draw[draw] == pytest.approx(
            reference.matthews_corrcoef(tested["label"], decided), abs=1e-9
        )
    assert together["value"].item() == pytest.approx(by_draw.mean())


def test_the_sample_is_described():
    found, manifest, catalog, _ = run(draws=1)
    table = score_task(found, manifest, catalog, None, TASK, SETTINGS, seed=0)
    rows = pick(table, experiment="sample", subset="all").set_index("metric")["value"]
    tested = pick(manifest, part="test")["label"]
    assert rows["count_star"] == (tested == "star").sum()
    assert rows["majority_share"] == pytest.approx(max(tested.value_counts(normalize=True)))
    assert rows["share_below_snr3_star"] == 0


def test_scores_do_not_depend_on_the_other_experiments():
    found, manifest, catalog, _ = run()
    whole = score_task(found, manifest, catalog, None, TASK, SETTINGS, seed=0)
    less = {key: frame for key, frame in found.items() if key[0] in ("good", "control")}
    some = score_task(less, manifest, catalog, None, TASK, SETTINGS, seed=0)
    pick_good = [pick(t, experiment="good").reset_index(drop=True) for t in (whole, some)]
    pd.testing.assert_frame_equal(*pick_good)


FAULTS = {
    "other labels": (lambda f: f.assign(label=f["label"].iloc[::-1].to_numpy()), "other labels"),
    "other objects": (lambda f: f.assign(object_id="x" + f["object_id"]), "of the manifest"),
    "a NaN": (lambda f: f.assign(p_star=np.float32(np.nan)), "finite probabilities"),
    "a missing column": (lambda f: f.drop(columns="p_star"), "column p_star"),
    "no test objects": (lambda f: f[f["part"] != "test"], "no test object"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_predictions_are_one_clear_line(fault):
    spoil, line = FAULTS[fault]
    found, manifest, catalog, _ = run(draws=1)
    found["good", 0] = spoil(found["good", 0])
    with pytest.raises(FewskyError, match=line) as error:
        score_task(found, manifest, catalog, None, TASK, SETTINGS, seed=0)
    assert "\n" not in str(error.value) and "good, draw 0" in str(error.value)


def test_objects_missing_from_the_catalogue_are_refused():
    found, manifest, catalog, _ = run(draws=1)
    with pytest.raises(FewskyError, match="1 missing"):
        score_task(found, manifest, catalog.iloc[1:], None, TASK, SETTINGS, seed=0)


def test_comparisons_are_paired_primary_first_and_corrected():
    found, manifest, _, _ = run(draws=10)
    primary = [{"a": "good", "b": "poor", "metric": "mcc"}]
    primary.append({"a": "good", "b": "same", "metric": "log_loss"})
    pairs = list_pairs(["good", "same", "poor"], primary)
    table = compare_task(found, manifest, TASK, pairs, SETTINGS, seed=0)
    assert table[["a", "b"]].iloc[2].tolist() == ["poor", "same"]
    assert table["verdict"].tolist() == ["better", "cannot be told", "worse"]
    assert table["primary"].tolist() == [True, True, False]
    assert table["p_holm"].notna().tolist() == [True, True, False]
    assert (table["budget_a"] == 300).all() and (table["n_replicates"] == 10).all()
    scored = score_task(
        found, manifest, manifest[["object_id"]].assign(x=0), None, TASK, SETTINGS, seed=0
    )
    rows = pick(scored, draw=-1, budget=300, part="test", subset="all", metric="mcc")
    value = rows.set_index("experiment")["value"]
    assert table["difference"].iloc[0] == pytest.approx(value["good"] - value["poor"])


def test_comparisons_of_five_draws_are_exploratory_and_need_common_draws():
    found, manifest, _, _ = run(draws=5)
    pairs = list_pairs([], [{"a": "good", "b": "poor", "metric": "accuracy"}])
    row = compare_task(found, manifest, TASK, pairs, SETTINGS, seed=0).iloc[0]
    assert not row["primary"] and row["note"] == "exploratory: 5 replicates"
    assert row["verdict"] == "better" and np.isnan(row["p_holm"])
    fewer = {key: frame for key, frame in found.items() if key != ("poor", 1)}
    less = compare_task(fewer, manifest, TASK, pairs, SETTINGS, seed=0).iloc[0]
    assert less["n_replicates"] == 4 and less["difference"] != row["difference"]
    apart = {("good", 0): found["good", 0], ("poor", 1): found["poor", 1]}
    with pytest.raises(FewskyError, match="draws that both have"):
        compare_task(apart, manifest, TASK, pairs, SETTINGS, seed=0)
    unknown = [{**pairs[0], "metric": "charm"}]
    with pytest.raises(FewskyError, match="no such measure"):
        compare_task(found, manifest, TASK, unknown, SETTINGS, seed=0)
