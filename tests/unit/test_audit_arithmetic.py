"""The arithmetic of the audit: known truth for each kind."""

import numpy as np
import pytest
import torch

from fewsky.audit import counts, layers, matrices, orbits, reports, samples, sky, splits
from fewsky.audit.check import RULES, agrees, carried_out, shown
from fewsky.audit.verdicts import HOLDS, OPEN, SLIP, SPREAD, UNTOLD, joined

SUPPORT = [471, 946, 835, 49, 207, 79, 143, 129, 72]
IMPROVED = [[894, 17], [106, 204]]


def test_counts():
    assert counts.total([1, 2, 3]) == 6 and counts.rest(10, [1, 2]) == 7
    assert counts.share(1, 4) == 0.25 and counts.cut(1000, [8, 1, 1]) == [800, 100, 100]
    assert counts.growing([1, 2, 2, 5]) == 0 and counts.growing([3, 2, 4, 1]) == 2
    assert counts.place_of_least([0.3, 0.1, 0.2]) == 2 and counts.place_of_most([0.3, 0.9]) == 2


def test_weights_of_layers_are_those_of_torch():
    conv, dense = torch.nn.Conv2d(5, 32, 3), torch.nn.Linear(1024, 128)
    for layer, found in (
        (conv, layers.weights(["conv", 3, 5, 32])),
        (dense, layers.weights(["dense", 1024, 128])),
    ):
        assert sum(p.numel() for p in layer.parameters()) == found
    assert layers.parameters([["dense", 2, 1]], more=10) == 13
    with pytest.raises(ValueError, match="wanted"):
        layers.weights(["pool", 2])


def test_sides_are_those_of_torch():
    steps = [["conv", 3], ["pool", 2], ["conv", 3], ["pool", 2]]
    net = torch.nn.Sequential(
        torch.nn.Conv2d(5, 32, 3), torch.nn.MaxPool2d(2), torch.nn.Conv2d(32, 64, 3),
        torch.nn.MaxPool2d(2), torch.nn.Flatten(),
    )  # fmt: skip
    assert net(torch.zeros(1, 5, 25, 25)).shape[1] == layers.flattened(25, steps, 64) == 1024
    assert [layers.side_after(25, steps[:k]) for k in range(5)] == [25, 23, 11, 9, 4]


def test_weights_of_classes_give_back_their_counts():
    n = [2488, 5017, 4552, 257, 1122, 415, 797, 646, 381]
    weights = splits.weights_of(n, sum(n))
    assert np.dot(weights, n) == pytest.approx(sum(n))  # balanced weights have a mean of 1
    assert splits.counts_of(weights, sum(n)) == n
    printed = [0.6999, 0.3471, 0.3826, 6.7764, 1.5521, 4.1965, 2.1851, 2.6959, 4.5710]
    assert np.allclose(splits.weights_of(n, sum(n) - 1), printed, atol=1e-4)


def test_reports():
    assert reports.mean_range([0.5, 0.7]) == pytest.approx((0.595, 0.605))
    assert reports.weighted_recall(0.7) == 0.7
    low, high = reports.hard_labels(0.70, 0.57, SUPPORT)
    assert low < 0.765 < high and high - low < 0.02
    assert reports.of_hard_labels([[0.70, 0.57, 0.76], [0.70, 0.57, 0.95]], SUPPORT) == 1
    assert reports.possible(0.9, 0.9, [50, 50], [0.9, 0.9]) == 1
    assert reports.possible(0.9, 0.5, [50, 50], [0.9, 0.9]) == 0


def test_matrices():
    assert matrices.scores(IMPROVED) == pytest.approx([0.89926, 0.72280], abs=5e-6)
    assert matrices.scores([[850, 61], [231, 79]]) == pytest.approx([0.76085, 0.25665], abs=5e-6)
    assert matrices.majority(IMPROVED) == pytest.approx(0.74611, abs=5e-6)
    assert matrices.recall(IMPROVED, 1) == pytest.approx(204 / 310)
    assert matrices.harder(IMPROVED) == 1


def test_exchanging_classes_keeps_scores_and_moves_the_harder_one():
    other = matrices.exchanged(IMPROVED)
    assert other == [[204, 106], [17, 894]] and matrices.exchanged(other) == IMPROVED
    assert matrices.scores(other) == pytest.approx(matrices.scores(IMPROVED))
    assert matrices.harder(other) == 1 - matrices.harder(IMPROVED)


def test_samples():
    low, high = samples.accuracy_on(0.5, 100)
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-4)  # Wilson, 50 of 100
    assert samples.accuracy_on(1.0, 10)[1] == pytest.approx(1.0)
    assert [samples.least_p(n) for n in (5, 6, 8)] == [0.0625, 0.03125, 0.0078125]


def test_sky():
    assert sky.area_deg2(3600, 3600, 1.0) == 1.0 and sky.density(10, 1800, 3600, 1.0) == 20
    assert sky.density(310, 1489, 2048, 0.396) == pytest.approx(8401, abs=1)


def test_the_square_has_eight_views_however_they_are_listed():
    turns = [0, 1, 2, 3]
    assert orbits.distinct(turns, ["none"]) == 4
    assert orbits.distinct(turns, ["none", "one axis"]) == 8
    assert orbits.distinct(turns, ["none", "both axes", "one axis"]) == 8
    assert orbits.distinct(turns, ["none", "diagonal", "one axis"]) == 8
    assert len(orbits.views(turns, ["none", "both axes", "one axis"])) == 12
    assert [orbits.is_turn(flip) for flip in orbits.FLIPS] == [1, 1, 0, 0]


def test_a_value_agrees_to_half_a_unit_of_the_last_decimal():
    assert agrees(0.7449, "0.74") and agrees(0.745, "0.74") and not agrees(0.7451, "0.74")
    assert agrees(1000.4, "1,000") and not agrees(1000.6, "1,000")


@pytest.mark.parametrize(
    ("rule", "found", "printed", "verdict"),
    [
        ("equal", [1.0, 2.0], ["1", "2"], HOLDS),
        ("equal", 3.0, ["2"], SLIP),
        ("equal", [1.0], ["1", "2"], SLIP),
        ("near", [0.69998], ["0.6999"], HOLDS),
        ("near", [0.7001], ["0.6999"], SLIP),
        ("inside", (0.811, 0.821), ["0.81"], HOLDS),
        ("inside", (0.816, 0.821), ["0.81"], SLIP),
        ("spread", (0.88, 0.92), ["0.905"], SPREAD),
        ("spread", (0.88, 0.90), ["0.905"], SLIP),
        ("apart", (0.81, 0.84), ["0.80"], HOLDS),
        ("apart", (0.81, 0.84), ["0.83"], UNTOLD),
        ("reached", 0.0625, ["0.05"], SLIP),
        ("reached", 0.03, ["0.05"], HOLDS),
        ("open", 1.0, ["2"], OPEN),
    ],
)
def test_rules(rule, found, printed, verdict):
    assert RULES[rule](found, printed) == verdict


def test_a_check_is_shown_to_the_decimals_of_what_is_printed():
    check = {"by": "counts.total", "parts": [1200.04, 1], "printed": "1,201.1"}
    assert carried_out(check) == ("1,201.0", SLIP)
    assert shown((0.1, 0.2), {"printed": "0.15"}) == "0.10 to 0.20"
    assert shown([1, 2], {"printed": ["1", "2"], "told": "{} of {}"}) == "1 of 2"


def test_a_slip_stays_one_and_else_runs_decide():
    assert joined(SLIP, HOLDS) == SLIP and joined(HOLDS, OPEN) == OPEN
    assert (
        joined(HOLDS, None) == HOLDS
        and joined(None, None) == OPEN
        and joined(None, UNTOLD) == UNTOLD
    )
