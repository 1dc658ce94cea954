"""Augmentation: exact orbits and counts, views that equal NumPy's, offsets and blur as stated."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from fewsky.console import FewskyError
from fewsky.models.augment import (
    SETTINGS,
    as_images,
    blurred,
    gather,
    members,
    pixel_tables,
    turned,
)
from fewsky.models.views import Objects, Views
from tests.unit.training_world import RECIPE

N, BANDS, SIZE = 6, 3, 7
RAW = {"stretch": "raw", "bands": ["g", "r", "i"], "psf": "none", "extra": []}


def patches(seed=0):
    return np.random.default_rng(seed).normal(size=(N, BANDS, SIZE, SIZE)).astype(np.float32)


def pixels_of(images):
    return torch.from_numpy(images.reshape(len(images), BANDS, -1).transpose(0, 2, 1).copy())


def views_of(images, setting, mode, seed=0, **recipe):
    objects = Objects(pixels_of(images), None, None, torch.arange(len(images)))
    recipe = RECIPE | {"augment": setting, "augment_mode": mode} | recipe
    return Views(objects, SIZE, recipe, RAW, torch.Generator().manual_seed(seed))


def made_by_hand(patch, member):
    """One member of Ruhmer's set, written with NumPy and SciPy only; no brightness."""
    found = np.rot90(patch, member.turns)
    if member.reflection == "both":
        found = np.flip(found, axis=(0, 1))
    if member.reflection == "x":
        found = np.flip(found, axis=1)
    return gaussian_filter(found, 1.0) if member.blur else found


@pytest.mark.parametrize(
    ("setting", "count"),
    list(zip(SETTINGS, (1, 4, 3, 2, 2, 48, 8, 1), strict=True)),
)
def test_members_of_each_setting(setting, count):
    assert len(members(setting)) == count


def test_the_product_of_48_has_32_distinct_members():
    patch = patches()[0, 0]
    everything = members("combined")
    distinct = {
        (made_by_hand(patch, member).round(5).tobytes(), member.brightness) for member in everything
    }
    assert (len(everything), len(distinct)) == (48, 32)
    assert len({(m.element, m.brightness, m.blur) for m in everything}) == 32


def test_turns_and_reflections_are_12_with_4_repeats_and_d4_has_8():
    patch = patches()[0, 0]
    ruhmer = [m for m in members("combined") if not m.brightness and not m.blur]
    orbit = [made_by_hand(patch, member).tobytes() for member in ruhmer]
    assert (len(orbit), len(set(orbit))) == (12, 8)
    assert len(orbit) - len(set(orbit)) == 4
    assert len({turned(patch, element).tobytes() for element in range(8)}) == 8
    assert set(orbit) == {turned(patch, element).tobytes() for element in range(8)}


@pytest.mark.parametrize("setting", ["none", "rotation", "reflection", "blur", "d4"])
def test_an_epoch_of_the_product_holds_every_member_of_every_object_once(setting):
    images = patches()
    views = views_of(images, setting, "product")
    chosen = members(setting)
    assert len(views) == N * len(chosen)
    batch, extra, targets = views.batch(torch.arange(len(views)))
    assert extra is None
    assert torch.bincount(targets).tolist() == [len(chosen)] * N
    for k, member in enumerate(chosen):
        for row in range(N):
            expected = [made_by_hand(band, member) for band in images[row]]
            np.testing.assert_allclose(batch[k * N + row], expected, atol=1e-5)


def test_brightness_is_one_offset_a_band_drawn_once_for_the_product():
    images = np.zeros((300, BANDS, SIZE, SIZE), np.float32)
    views = views_of(images, "brightness", "product", brightness_nmgy=0.1)
    batch, _, _ = views.batch(torch.arange(600))
    assert not batch[:300].any()
    offsets = batch[300:, :, 0, 0]
    assert torch.equal(batch[300:], offsets[:, :, None, None].expand_as(batch[300:]))
    # 900 normal draws: the spread is known to 0.1 / sqrt(1800) = 0.0024.
    assert offsets.std().item() == pytest.approx(0.1, abs=0.01)
    assert np.abs(np.corrcoef(offsets.T.numpy()) - np.eye(BANDS)).max() < 0.2
    again, _, _ = views.batch(torch.arange(600))
    assert torch.equal(batch, again)


def test_random_views_are_members_and_repeat_with_the_generator():
    images = patches()
    views, same = (views_of(images, "d4", "random", seed=3) for _ in range(2))
    assert len(views) == N
    seen = set()
    for _ in range(40):
        batch, _, _ = views.batch(torch.arange(N))
        assert torch.equal(batch, same.batch(torch.arange(N))[0])
        seen.add(batch[0, 0].numpy().tobytes())
    assert seen == {turned(images[0, 0], element).tobytes() for element in range(8)}


def test_half_of_the_combined_random_views_are_brightened():
    """Turns and a blur that reflects at the edges keep a patch's mean; an offset moves it."""
    images = patches()
    views = views_of(images, "combined", "random", seed=1)
    batches = torch.stack([views.batch(torch.arange(N))[0] for _ in range(64)])
    moved = (batches.mean(dim=(3, 4)) - torch.from_numpy(images).mean(dim=(2, 3))).abs() > 1e-5
    # 384 draws of one in two: the share is known to 0.026.
    assert moved.any(dim=2).float().mean().item() == pytest.approx(0.5, abs=0.1)


def test_batches_are_channels_last_without_a_copy():
    views = views_of(patches(), "d4", "random")
    images, _, _ = views.batch(torch.arange(N))
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_gather_turns_rows_as_the_table_says():
    images = patches()
    chosen = members("d4")
    tables = pixel_tables(SIZE, SIZE, chosen)
    rows = torch.tensor([5, 0, 3])
    found = as_images(gather(pixels_of(images), rows, tables[[1, 6, 4]]), SIZE, SIZE)
    expected = [
        [turned(band, chosen[k].element) for band in images[row]]
        for row, k in zip(rows.tolist(), (1, 6, 4), strict=True)
    ]
    np.testing.assert_array_equal(found, expected)


def test_blur_is_scipys_gaussian_filter():
    images = patches()
    found = as_images(blurred(pixels_of(images), SIZE, SIZE, 1.3), SIZE, SIZE)
    expected = [[gaussian_filter(band, 1.3) for band in image] for image in images]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("setting", ["d4", "rotation", "combined"])
def test_quarter_turns_of_rectangles_are_refused(setting):
    with pytest.raises(FewskyError, match=r"wanted square patches.*found 7 x 9"):
        pixel_tables(7, 9, members(setting))


def test_rectangles_may_be_reflected():
    tables = pixel_tables(7, 9, members("reflection"))
    assert tables.sort(dim=1).values.tolist() == [list(range(63))] * 3


def test_unknown_setting_is_refused():
    with pytest.raises(FewskyError, match=r"recipe\.augment: wanted one of .*found mixup"):
        members("mixup")
