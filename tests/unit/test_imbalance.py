"""Unequal classes and random moves: sizes by hand, who is repeated, maps of points, identity."""

import numpy as np
import pytest
import torch

from fewsky.console import FewskyError
from fewsky.models import affine
from fewsky.models.imbalance import Shown, class_sizes, shown
from fewsky.models.loop import class_weights
from fewsky.models.sources import StoredViews
from fewsky.models.views import Objects, Views
from tests.unit.training_world import RECIPE

# Training objects of Galaxy10 SDSS without its smallest class, and the weights printed for them.
S1_COUNTS = np.array([2488, 5017, 4552, 257, 1122, 415, 797, 646, 381])
S1_WEIGHTS = [0.6999, 0.3471, 0.3826, 6.7764, 1.5521, 4.1965, 2.1851, 2.6959, 4.5710]
CLASSES = ["a", "b", "c"]
TARGETS = np.repeat([0, 1, 2], [60, 15, 4])
MOVES = RECIPE["affine"]
STILL = {key: 0 for key in MOVES} | {"flip": False}
RAW = {"stretch": "raw", "bands": ["g", "r"], "psf": "none", "extra": []}


def recipe(**changes):
    return RECIPE | {"rebalance": 1.0, "augment": "none"} | changes


def drawn(seed=0, **changes):
    return shown(TARGETS, recipe(**changes), CLASSES, np.random.default_rng(seed))


def test_class_weights_are_those_printed():
    """The report's weights follow from one object fewer, cut off after four digits or so."""
    targets = torch.from_numpy(np.repeat(range(9), S1_COUNTS))
    found = class_weights(targets, {"class_weights": "balanced"}).double().numpy()
    one_fewer = found * (S1_COUNTS.sum() - 1) / S1_COUNTS.sum()
    assert np.abs(one_fewer - S1_WEIGHTS).max() < 1e-4


@pytest.mark.parametrize(
    ("strength", "to", "sizes"),
    [
        (1.0, "mean", [26, 26, 26]),
        (1.0, "b", [15, 15, 15]),
        (0.5, "b", [30, 15, 8]),
        (0.0, "a", [60, 15, 4]),
    ],
)
def test_sizes_by_hand(strength, to, sizes):
    counts = np.bincount(TARGETS)
    assert class_sizes(counts, strength, to, CLASSES).tolist() == sizes


def test_full_balance_repeats_all_of_a_small_class_before_any_twice():
    found = drawn(rebalance_to="a")
    times = np.bincount(found.index, minlength=len(TARGETS))
    assert found.counts(TARGETS, 3).tolist() == [60, 60, 60]
    assert set(times[TARGETS == 0]) == {1}
    assert set(times[TARGETS == 1]) == {4}
    assert set(times[TARGETS == 2]) == {15}
    # The first showing of each object is itself, all others are copies.
    originals = found.index[~found.copies]
    assert sorted(originals) == list(range(len(TARGETS)))


def test_large_classes_lose_random_objects_and_have_no_copies():
    found = drawn(rebalance_to="c")
    assert found.counts(TARGETS, 3).tolist() == [4, 4, 4]
    assert not found.copies.any()
    assert len(set(found.index)) == 12
    assert set(found.index) != set(drawn(seed=1, rebalance_to="c").index)


def test_without_rebalance_nothing_is_chosen():
    assert drawn(rebalance=0.0) is None


def test_an_unknown_class_to_balance_to_is_one_line():
    with pytest.raises(FewskyError, match="rebalance_to: wanted mean or one of a, b, c; found d"):
        drawn(rebalance_to="d")


def objects(n=4, size=9, seed=0):
    rng = np.random.default_rng(seed)
    pixels = torch.from_numpy(rng.normal(size=(n, size * size, 2)).astype(np.float32))
    return Objects(pixels, None, None, torch.arange(n))


def views(chosen, **changes):
    told = recipe(**changes)
    return Views(objects(), 9, told, RAW, torch.Generator().manual_seed(0), chosen)


@pytest.mark.parametrize("augment", ["d4", "affine"])
def test_only_copies_are_augmented(augment):
    chosen = Shown(np.array([2, 0, 2, 2, 1]), np.array([False, False, True, True, False]))
    found = views(chosen, augment=augment, augment_of="copies")
    assert len(found) == 5
    assert found.targets.tolist() == [2, 0, 2, 2, 1]
    plain = objects().pixels.view(4, 9, 9, 2).permute(0, 3, 1, 2)
    changed = np.zeros(5, bool)
    for _ in range(8):  # one of the eight symmetries is the identity
        images, _, targets = found.batch(torch.arange(5))
        assert targets.tolist() == [2, 0, 2, 2, 1]
        same = [
            torch.allclose(image, plain[t], atol=1e-6)
            for image, t in zip(images, targets, strict=True)
        ]
        assert same[0] and same[1] and same[4]
        changed |= ~np.array(same)
    assert changed.tolist() == [False, False, True, True, False]


@pytest.mark.parametrize("augment", ["d4", "affine"])
def test_without_copies_none_is_augmented(augment):
    found = views(None, augment=augment, augment_of="copies")
    plain = objects().pixels.view(4, 9, 9, 2).permute(0, 3, 1, 2)
    for _ in range(4):
        images, _, targets = found.batch(torch.arange(4))
        torch.testing.assert_close(images, plain[targets], rtol=0, atol=1e-5)


def test_stored_activations_take_the_same_choice():
    chosen = Shown(np.array([1, 1, 0]), np.array([False, True, False]))
    values = torch.arange(2 * 8, dtype=torch.float32).reshape(2, 8, 1)
    told = recipe(augment="d4", augment_of="copies")
    found = StoredViews(values, np.array([5, 6]), told, torch.Generator().manual_seed(0), chosen)
    seen = torch.stack([found.batch(torch.arange(3))[0][:, 0] for _ in range(20)])
    assert found.targets.tolist() == [6, 6, 5]
    assert set(seen[:, 0].tolist()) == {8.0} and set(seen[:, 2].tolist()) == {0.0}
    assert len(set(seen[:, 1].tolist())) > 3


def test_no_move_is_the_identity():
    images = torch.rand((3, 2, 12, 12), generator=torch.Generator().manual_seed(0))
    found = affine.moved(images, STILL, torch.Generator().manual_seed(1))
    torch.testing.assert_close(found, images, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("setting", "row", "value", "matrix"),
    [
        ({"rotation_deg": 90}, 0, 1.0, [[0, -1, 0], [1, 0, 0]]),
        ({"shift_x": 0.25}, 1, 1.0, [[1, 0, 0.5], [0, 1, 0]]),
        ({"shift_y": 0.1}, 2, 0.0, [[1, 0, 0], [0, 1, -0.2]]),
        ({"shear_deg": 30}, 3, 1.0, [[1, -0.5, 0], [0, 3**0.5 / 2, 0]]),
        ({"zoom": 0.2}, 4, 1.0, [[1.2, 0, 0], [0, 1, 0]]),
        ({"flip": True}, 6, 0.0, [[-1, 0, 0], [0, 1, 0]]),
    ],
)
def test_each_move_by_hand(setting, row, value, matrix):
    draws = torch.full((7, 1), 0.5)
    draws[row] = value
    found = affine.matrices(draws, STILL | setting)[0]
    torch.testing.assert_close(found, torch.tensor(matrix, dtype=torch.float32), atol=1e-6, rtol=0)


def test_moves_stay_within_their_sizes_and_edges_are_repeated():
    images = torch.rand((200, 1, 8, 8), generator=torch.Generator().manual_seed(0)) + 1
    found = affine.moved(images, MOVES, torch.Generator().manual_seed(1))
    assert found.min() >= 1  # nothing is filled with zeros
    assert not torch.allclose(found, images)
    again = affine.moved(images, MOVES, torch.Generator().manual_seed(1))
    assert torch.equal(found, again)
