"""Invariants of the array code that other tests reach by examples only."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fewsky.cutouts.gather import gather
from fewsky.cutouts.images import resized, scaled
from fewsky.metrics.curves import area
from fewsky.metrics.measures import auroc, confusion_measures, matthews
from fewsky.metrics.priors import find_prior, reweigh
from fewsky.metrics.stats import holm, mcnemar_exact
from fewsky.metrics.temperature import apply_temperature, fit_temperature
from fewsky.overlap import close, greedy, most_shared, shared

FEW = settings(max_examples=60, deadline=None)
OFFSETS = arrays(float, 7, elements=st.floats(-50, 50))
PLACES = st.integers(0, 30).flatmap(
    lambda n: arrays(float, (2, n), elements=st.floats(-100, 100, allow_nan=False))
)
CUBES = arrays(np.float32, (2, 9, 11), elements=st.floats(-1e6, 1e6, width=32))


@FEW
@given(OFFSETS, OFFSETS, st.floats(0.1, 60))
def test_shared_pixels_are_a_fraction_and_at_most_the_largest(dx, dy, side):
    part = shared(dx, dy, side)
    assert ((part >= 0) & (part <= 1)).all()
    assert (part == shared(dy, -dx, side)).all()
    assert (part <= most_shared(np.hypot(dx, dy), side) + 1e-9).all()
    assert shared(0, 0, side) == 1


@FEW
@given(PLACES, st.floats(0.5, 30), st.floats(0, 0.99))
def test_what_is_kept_shares_little_and_what_is_left_out_shares_much(places, side, limit):
    x, y = places
    pairs = close(x, y, side, limit)
    kept = greedy(len(x), pairs)
    assert not kept[pairs].all(axis=1).any()
    for row in np.flatnonzero(~kept):
        others = pairs[(pairs == row).any(axis=1)]
        assert kept[others[others != row]].any()


@FEW
@given(CUBES, st.floats(-3, 14), st.floats(-3, 12), st.sampled_from([1, 3, 5]))
def test_a_patch_is_the_image_around_its_place(cube, x, y, size):
    patches, complete = gather(cube, [x], [y], size)
    i, j, half = int(np.floor(y + 0.5)), int(np.floor(x + 0.5)), size // 2
    padded = np.pad(cube, ((0, 0), (20, 20), (20, 20)), constant_values=np.nan)
    wanted = padded[:, i + 20 - half : i + 21 + half, j + 20 - half : j + 21 + half]
    np.testing.assert_array_equal(patches[0], wanted)
    assert complete[0] == np.isfinite(wanted).all()


@FEW
@given(CUBES, st.sampled_from([4, 9, 16]))
def test_a_scaled_image_lies_in_its_range(cube, size):
    square = cube[:, :9, :9]
    image, told = scaled(square, size, {"by": "image", "low": 1.0, "high": 99.0})
    assert image.shape == (2, size, size) and (told["low"] <= told["high"]).all()
    known = image[np.isfinite(image)]
    assert ((known >= 0) & (known <= 1)).all()
    flat = told["low"] == told["high"]
    assert np.isnan(image[flat]).all()


@FEW
@given(st.floats(-1e3, 1e3, width=32), st.sampled_from([(4, 9), (9, 4), (8, 8)]))
def test_a_flat_plane_stays_flat(value, sides):
    before, after = sides
    plane = resized(np.full((before, before), value, np.float32), after)
    np.testing.assert_allclose(plane, value, rtol=1e-5, atol=1e-5)


COUNTS = arrays(np.int64, (3, 3), elements=st.integers(0, 50))


@FEW
@given(COUNTS)
def test_measures_of_a_confusion_stay_in_their_range(counts):
    found = confusion_measures(counts, ["a", "b", "c"])
    values = np.array([value for value in found.values() if np.isscalar(value)], float)
    values = values[np.isfinite(values)]
    assert ((values >= -1) & (values <= 1)).all()
    swapped = matthews(counts[::-1, ::-1])
    assert matthews(counts) == pytest.approx(swapped, nan_ok=True)


@FEW
@given(arrays(float, 12, elements=st.floats(-5, 5)), arrays(bool, 12))
def test_auroc_of_the_turned_score_is_the_rest(score, positive):
    weights = np.ones((len(score), 1))
    up, down = auroc(score, positive, weights), auroc(-score, positive, weights)
    if positive.all() or not positive.any():
        assert np.isnan(up).all() and np.isnan(down).all()
    else:
        assert (up + down)[0] == pytest.approx(1)


@FEW
@given(arrays(float, 6, elements=st.floats(0, 1)))
def test_holm_only_raises_and_keeps_the_order(p):
    adjusted = holm(p)
    assert (adjusted >= p).all() and (adjusted <= 1).all()
    assert (np.diff(np.asarray(adjusted)[np.argsort(p)]) >= -1e-12).all()


@FEW
@given(arrays(bool, 20), arrays(bool, 20))
def test_mcnemar_does_not_mind_which_is_first(a, b):
    (only_a, only_b, p), (first, second, q) = mcnemar_exact(a, b), mcnemar_exact(b, a)
    assert (only_a, only_b) == (second, first)
    assert p == pytest.approx(q) and 0 <= p <= 1


LOGITS = arrays(float, (25, 3), elements=st.floats(-4, 4))


def chances(logits):
    shares = np.exp(logits)
    return shares / shares.sum(axis=1, keepdims=True)


@FEW
@given(LOGITS, st.integers(0, 2**16))
def test_a_temperature_leaves_the_order_and_sums(logits, seed):
    probability = chances(logits)
    truth = np.random.default_rng(seed).integers(0, 3, len(logits))
    temperature = fit_temperature(probability, truth)
    assert temperature > 0
    made = apply_temperature(probability, temperature)
    np.testing.assert_allclose(made.sum(axis=1), 1, atol=1e-5)
    best = np.take_along_axis(made, probability.argmax(axis=1)[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(best, made.max(axis=1), atol=1e-6)


@FEW
@given(LOGITS)
def test_a_prior_that_does_not_change_changes_nothing(logits):
    probability, prior = chances(logits), np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(reweigh(probability, prior, prior), probability, atol=1e-9)
    other, *_ = find_prior(probability, prior)
    assert other.sum() == pytest.approx(1, abs=1e-6) and (other >= 0).all()


@FEW
@given(st.floats(-10, 10), st.integers(2, 6))
def test_the_area_under_a_flat_curve_is_its_height(height, n):
    budgets = [10 * 2**k for k in range(n)]
    assert area(np.full((n, 1), height), budgets)[0] == pytest.approx(height)
