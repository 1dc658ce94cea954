"""Intervals that cover, tests with known answers, verdicts that say when nothing can be told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference

from fewsky.console import FewskyError
from fewsky.metrics.stats import (
    compare,
    estimate,
    hierarchical_bootstrap,
    holm,
    mcnemar_exact,
    minimum_detectable,
    nadeau_bengio,
    resample,
    wilcoxon_exact,
)


def simulate(rng, groups, draws, each=12, of_group=0.5, of_draw=0.3):
    """A measure per draw from group means: its truth is 0; per-object noise has unit spread."""
    group = rng.normal(0, of_group, groups)
    noise = rng.normal(0, 1, (draws, groups, each)) + group[:, None]
    return (noise + rng.normal(0, of_draw, draws)[:, None, None]).sum(-1), each


def mean_of(sums, each):
    """The statistic of weighted groups: weights (b, groups) to (b, draws)."""
    return lambda weights: weights @ sums.T / (weights.sum(1, keepdims=True) * each)


def coverage(groups, draws, n, **spread):
    rng = np.random.default_rng(groups * 100 + draws)
    covered = 0
    for _ in range(n):
        statistic = mean_of(*simulate(rng, groups, draws, **spread))
        found = hierarchical_bootstrap(statistic, groups, draws, 300, rng)
        covered += found.lower <= 0 <= found.upper
    return covered / n


@pytest.mark.parametrize(
    ("groups", "draws", "spread"),
    [(25, 10, {}), (8, 5, {}), (30, 5, {"of_draw": 0.8}), (12, 5, {"of_draw": 0.0}), (4, 10, {})],
)
def test_the_interval_covers(groups, draws, spread):
    # 400 trials know the coverage to 1.1 points: .95 - 3 x .011 = .917; the interaction of groups
    # and draws is counted more than once, so it may cover more often, never less.
    assert coverage(groups, draws, 400, **spread) >= 0.917


def test_the_interval_is_not_much_too_wide():
    rng = np.random.default_rng(0)
    wide, values = [], []
    for _ in range(200):
        statistic = mean_of(*simulate(rng, 40, 10))
        found = hierarchical_bootstrap(statistic, 40, 10, 300, rng)
        wide.append(found.upper - found.lower)
        values.append(found.value)
    ideal = 2 * 1.96 * np.std(values)
    assert np.mean(wide) == pytest.approx(ideal, rel=0.25)


def test_the_value_is_the_plain_mean_over_replicates():
    sums, each = simulate(np.random.default_rng(0), 9, 4)
    found = hierarchical_bootstrap(mean_of(sums, each), 9, 4, 50, np.random.default_rng(1))
    assert found.value == pytest.approx((sums / each).mean())
    assert found.lower < found.value < found.upper


def test_the_same_generator_gives_the_same_interval_and_many_measures_at_once():
    sums, each = simulate(np.random.default_rng(0), 9, 4)
    single = mean_of(sums, each)
    both = lambda weights: np.stack([single(weights), 2 * single(weights)], axis=-1)  # noqa: E731
    one = hierarchical_bootstrap(single, 9, 4, 200, np.random.default_rng(1))
    two = hierarchical_bootstrap(both, 9, 4, 200, np.random.default_rng(1))
    for name in ("value", "lower", "upper", "error"):
        once, twice = getattr(two, name)
        assert once == pytest.approx(getattr(one, name)) and twice == pytest.approx(2 * once)


def test_limits_hold_and_one_group_with_one_replicate_has_no_interval():
    near_one = mean_of(np.array([[0.99, 0.97, 1.0]]), 1)
    found = hierarchical_bootstrap(near_one, 3, 1, 200, np.random.default_rng(0), (0, 1))
    assert 0 <= found.lower < found.value < found.upper <= 1
    alone = hierarchical_bootstrap(
        mean_of(np.array([[0.5]]), 1), 1, 1, 200, np.random.default_rng(0)
    )
    assert alone.value == 0.5 and np.isnan(alone.lower) and np.isnan(alone.upper)


def test_a_perfect_score_in_every_resample_has_no_interval():
    perfect = mean_of(np.ones((3, 8)), 1)
    found = hierarchical_bootstrap(perfect, 8, 3, 200, np.random.default_rng(0), (0, 1))
    assert found.value == 1 and np.isnan(found.lower) and np.isnan(found.upper)


def test_resamples_without_a_value_are_left_out():
    sums = np.array([[np.nan, 1.0, 2.0, 3.0]])

    def statistic(weights):
        counted = weights[:, 1:] @ sums[0, 1:]
        below = weights[:, 1:].sum(1)
        return np.where(below > 0, counted / np.maximum(below, 1), np.nan)[:, None]

    found = hierarchical_bootstrap(statistic, 4, 1, 500, np.random.default_rng(0))
    assert found.value == 2 and np.isfinite([found.lower, found.upper]).all()


def paired(rng, gain, draws, groups=20):
    """Two experiments on the same groups and draws; the second is `gain` better in the mean."""
    sums, each = simulate(rng, groups, draws)
    other = sums + each * gain + rng.normal(0, 1, sums.shape)
    resamples = resample(groups, draws, 300, rng)
    sides = []
    for some in (other, sums):
        statistic = mean_of(some, each)
        sides.append((statistic(np.ones((1, groups)))[0], statistic(resamples.groups)))
    return (*sides, resamples, groups)


def test_a_comparison_finds_what_is_there_and_little_else():
    rng = np.random.default_rng(0)
    said = [compare(*paired(rng, 0.0, 10), primary=True)["verdict"] for _ in range(200)]
    # A two-sided test at .05; 200 trials know the rate to .015.
    assert np.mean([word != "cannot be told" for word in said]) < 0.05 + 3 * 0.016
    told = compare(*paired(rng, 0.2, 10), primary=True)
    assert told["verdict"] == "better" and told["lower"] > 0 and told["primary"]
    assert compare(*paired(rng, -0.2, 10), primary=True)["verdict"] == "worse"
    lower = compare(*paired(rng, -0.2, 10), primary=True, higher_is_better=False)
    assert lower["verdict"] == "better"


def test_power_at_the_minimum_detectable_difference_is_80_percent():
    rng = np.random.default_rng(1)
    least = np.median(
        [compare(*paired(rng, 0, 10), primary=True)["minimum_detectable"] for _ in range(50)]
    )
    said = [compare(*paired(rng, least, 10), primary=True)["verdict"] for _ in range(200)]
    assert np.mean([word == "better" for word in said]) == pytest.approx(0.8, abs=0.12)
    assert minimum_detectable(1.0, 1e9) == pytest.approx(1.959964 + 0.841621, abs=1e-5)


def test_pairing_takes_out_what_both_share():
    rng = np.random.default_rng(2)
    a, b, resamples, groups = paired(rng, 0.1, 10)
    told = compare(a, b, resamples, groups, primary=True)
    alone = estimate(*a, resamples, groups)
    assert told["upper"] - told["lower"] < 0.5 * (alone.upper - alone.lower)


def test_few_replicates_are_exploratory_and_equals_cannot_be_told():
    a, _, resamples, groups = paired(np.random.default_rng(0), 0.2, 5)
    told = compare(a, a, resamples, groups, primary=True)
    assert told["note"] == "exploratory: 5 replicates" and not told["primary"]
    assert told["verdict"] == "cannot be told" and told["p"] == 1 and told["difference"] == 0


def test_holm_known_answer():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    found = holm([0.01, np.nan, 0.02])
    assert found[[0, 2]] == pytest.approx([0.02, 0.02]) and np.isnan(found[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_never_lowers_a_p_nor_changes_their_order(p):
    adjusted = holm(p)
    assert (adjusted >= np.array(p)).all() and (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()
    assert (adjusted <= np.minimum(1, len(p) * np.array(p))).all()


def test_mcnemar_known_answer():
    right_a = np.array([True] * 10 + [False] * 2 + [True] * 30)
    right_b = np.array([False] * 10 + [True] * 2 + [True] * 30)
    only_a, only_b, p = mcnemar_exact(right_a, right_b)
    assert (only_a, only_b) == (10, 2)
    assert p == pytest.approx(2 * sum(map(binomial_12, range(3))) / 2**12)
    assert mcnemar_exact(right_a, right_a)[2] == 1


def binomial_12(k):
    return reference.binom.pmf(k, 12, 0.5) * 2**12


def test_mcnemar_refuses_replicates():
    with pytest.raises(FewskyError, match="one right or wrong an object"):
        mcnemar_exact(np.ones((3, 5), bool), np.ones((3, 5), bool))
    with pytest.raises(FewskyError, match="McNemar"):
        mcnemar_exact(np.array([0.4, 0.6]), np.array([0.4, 0.6]))


def test_nadeau_bengio_widens_the_t_test_and_wants_resampled_splits():
    d = np.array([0.02, 0.05, -0.01, 0.03, 0.04])
    tests = [[f"{k}-{j}" for j in range(3)] for k in range(5)]
    t, p = nadeau_bengio(d, tests, n_train=80, n_test=20)
    plain = reference.ttest_1samp(d, 0)
    assert t == pytest.approx(plain.statistic / np.sqrt(5 * (1 / 5 + 20 / 80)))
    assert p == pytest.approx(2 * reference.t.sf(t, 4)) and p > plain.pvalue
    with pytest.raises(FewskyError, match="resampled test parts"):
        nadeau_bengio(d, [["a", "b"]] * 5, n_train=80, n_test=20)


def test_five_replicates_cannot_give_a_signed_rank_p_below_a_sixteenth():
    assert wilcoxon_exact([1, 2, 3, 4, 5], primary=False) == (0.0625, 0.0625)
    with pytest.raises(FewskyError, match=r"at least 8 replicates.*smallest p is 0\.0625"):
        wilcoxon_exact([1, 2, 3, 4, 5], primary=True)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-30, 30).filter(bool), min_size=8, max_size=10))
def test_signed_rank_agrees_with_every_permutation_of_signs(d):
    p, smallest = wilcoxon_exact(d, primary=True)
    rule = reference.PermutationMethod(n_resamples=np.inf)
    assert p == pytest.approx(reference.wilcoxon(d, method=rule).pvalue)
    assert smallest == 2.0 ** (1 - len(d)) <= p + 1e-12
