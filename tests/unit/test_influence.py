"""Radial profiles of influence: networks of known influence, exact sums, neighbours, intervals."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from fewsky.console import FewskyError
from fewsky.models import radial
from fewsky.models.erase import discs, empty_sky, erased, sky_of
from fewsky.models.influence import (
    Judge,
    after_erasing,
    decided,
    integrated_gradients,
    log_odds,
    scores,
)
from fewsky.models.influence_draw import Shown, profiles_of
from fewsky.models.influence_measured import COLUMNS, measure_influence
from fewsky.models.influence_neighbours import erase_neighbours, find_neighbours, neighbour_table
from fewsky.models.influence_table import Sample, compared, rows_of
from fewsky.models.train import train
from fewsky.models.trained import load_model
from fewsky.networks.layers import glorot_uniform
from tests.unit import training_world as small

BANDS, SIDE, PIXEL = ["g", "r"], 13, 0.396
CARD = {"stretch": "raw", "psf": "none", "bands": BANDS, "extra": []}
ASKED = {
    "experiment": "sharp-or-soft", "classes": ["galaxy", "star"], "draws": [0, 1], "seed": 3,
    "bands": BANDS, "reference_band": "r", "pixel_arcsec": PIXEL, "threads": 1, "bootstrap": 200,
    "objects": 20, "radii_px": [2, 4], "repeats": 2, "steps": 24,
    "neighbours": {"radius_px": 2, "core_px": 1},
}  # fmt: skip


class Linear(nn.Module):
    """One output: the sum of pixels times weights `(band, y, x)`."""

    def __init__(self, weights, bias=0.0):
        super().__init__()
        self.read = nn.Linear(weights.size, 1)
        with torch.no_grad():
            self.read.weight[:] = torch.tensor(weights.reshape(1, -1), dtype=torch.float32)
            self.read.bias[:] = bias

    def forward(self, images, extra=None):
        return self.read(images.flatten(1))

    def reset(self, generator):
        glorot_uniform(self, generator)


def objects(n=24, seed=0, offset=0.0):
    """Patches of noise with a source, their catalogue in one field, and their sky."""
    rng = np.random.default_rng(seed)
    catalog = pd.DataFrame({"object_id": [f"o-{k}" for k in range(n)], "field": "f"})
    catalog["x"], catalog["y"] = 50.0 + 40 * np.arange(n) + offset, 60.0 - offset
    catalog["modelmag_r"] = 20.0
    for band in BANDS:
        catalog[f"noise_{band}"], catalog[f"psf_fwhm_{band}"] = 0.05, 3 * PIXEL
    y, x = np.indices((SIDE, SIDE)) - SIDE // 2
    shape = np.exp(-((x - offset) ** 2 + (y + offset) ** 2) / 3)
    images = rng.uniform(1, 3, (n, len(BANDS), 1, 1)) * shape
    images = (images + rng.normal(0, 0.05, images.shape)).astype(np.float32)
    return images, catalog, sky_of(images, catalog, BANDS, PIXEL)


def judge_of(network, catalog, card=CARD, views=1):
    recipe = {"test_views": views, "loss": "auto", "augment": "none"}
    told = {"input": card, "recipe": recipe, "classes": ["galaxy", "star"]}
    return Judge(network.eval(), told, catalog, torch.device("cpu"))


def weights_on(mask):
    """Weights of 1 in both bands where `mask` `(y, x)` is true."""
    return np.repeat(mask[None].astype(float), len(BANDS), axis=0)


def from_centre():
    y, x = np.indices((SIDE, SIDE)) - SIDE // 2
    return np.hypot(x, y)


# --- rings ----------------------------------------------------------------------------------------
def test_rings_hold_every_pixel_once():
    _, _, sky = objects(5, offset=0.3)
    edges = radial.rings([1, 2.5, 6], SIDE)
    places = radial.regions(sky.radius, edges)
    assert len(places) == 4 and (np.sum(places, axis=0) == 1).all()
    assert radial.rings([1, 99], SIDE)[1:-1].tolist() == [1]


def test_distance_is_from_the_exact_place():
    _, _, sky = objects(3, offset=0.3)
    middle = SIDE // 2
    np.testing.assert_allclose(sky.radius[:, middle, middle], np.hypot(0.3, 0.3), atol=1e-6)
    np.testing.assert_allclose(sky.radius[:, middle, middle + 2], np.hypot(1.7, 0.3), atol=1e-6)


def test_an_even_map_has_density_one_and_half_of_it_within_the_median_radius():
    radius = np.repeat(from_centre()[None], 2, axis=0)
    places = radial.regions(radius, radial.rings([2, 4], SIDE))
    even = np.ones_like(radius)
    np.testing.assert_allclose(radial.density(even, places), 1)
    np.testing.assert_allclose(radial.share(even, places).sum(axis=1), 1)
    half = radial.half_radius(even, radius)
    assert (radius[0] <= half[0]).mean() >= 0.5 > (radius[0] < half[0]).mean()
    assert np.isnan(radial.half_radius(0 * even, radius)).all()
    assert np.isnan(radial.density(0 * even, places)).all()


def test_a_point_has_its_own_radius_and_lies_within_what_is_larger():
    radius = from_centre()[None]
    point = (radius == 3.0) & (np.arange(SIDE) == SIDE // 2)
    assert radial.half_radius(point.astype(float), radius) == [3.0]
    assert radial.within(point.astype(float), radius, np.array([3.1])) == [1.0]
    assert radial.within(point.astype(float), radius, np.array([3.0])) == [0.0]


def test_values_of_rings_are_spread_over_their_pixels():
    radius = np.repeat(from_centre()[None], 2, axis=0)
    places = radial.regions(radius, radial.rings([2, 4], SIDE))
    values = np.array([[1.0, 2, 3], [0, 0, 5]])
    maps = radial.spread_out(values, places)
    np.testing.assert_allclose(radial.by_ring(maps, places), values)


# --- erasing --------------------------------------------------------------------------------------
def test_empty_sky_has_the_fields_own_noise_and_level():
    images, catalog, _ = objects(400)
    catalog["noise_r"] = 0.2
    sky = sky_of(images + 1.5, catalog, BANDS, PIXEL)
    np.testing.assert_allclose(sky.level, 1.5, atol=0.1)
    empty = empty_sky(sky, np.random.default_rng(0)) - sky.level[..., None, None]
    np.testing.assert_allclose(empty.std(axis=(0, 2, 3)), [0.05, 0.2], rtol=0.02)
    again = empty_sky(sky, np.random.default_rng(0)) - sky.level[..., None, None]
    np.testing.assert_array_equal(empty, again)


def test_only_what_is_asked_for_is_erased():
    images, _, sky = objects(3)
    where = discs(sky, np.full(3, 2.0), np.zeros(3), 1.0)
    found = erased(images, where, empty_sky(sky, np.random.default_rng(0)))
    assert where.sum(axis=(1, 2)).tolist() == [5, 5, 5]  # a pixel and its four sides
    assert where[:, SIDE // 2, SIDE // 2 + 2].all()
    changed = (found != images).any(axis=1)
    np.testing.assert_array_equal(changed, where)


def test_a_band_without_noise_is_one_line():
    images, catalog, _ = objects(3)
    with pytest.raises(FewskyError, match="wanted the noise of a field in every band; found"):
        sky_of(images, catalog.assign(noise_g=np.nan), BANDS, PIXEL)


# --- networks of known influence ------------------------------------------------------------------
def profiles(network, offset=0.0):
    images, catalog, sky = objects(offset=offset)
    edges = radial.rings([1, 3, 5], SIDE)
    truth = np.ones(len(images), int)
    shown = Shown(images, catalog, truth, sky, edges, sky.fwhm[:, 1])
    judge = judge_of(network, catalog)
    found, maps = profiles_of(judge, shown, ASKED, 0, True)
    return {one[:-1]: one.values for one in found}, maps


@pytest.mark.parametrize("method", ["occlusion", "gradients"])
def test_a_network_that_looks_at_the_centre_pixel(method):
    found, maps = profiles(Linear(weights_on(from_centre() == 0)))
    share = found["trained", 0, method, "share", "all", "ring"]
    np.testing.assert_allclose(share, np.tile([1, 0, 0, 0], (24, 1)), atol=1e-6)
    assert found["trained", 0, method, "within_fwhm", "all", ""].min() > 1 - 1e-6
    assert found["trained", 0, method, "half_px", "all", ""].max() < 1
    if method == "gradients":
        assert np.unravel_index(maps["trained"].mean(0).argmax(), (SIDE, SIDE)) == (6, 6)
    others = found["randomised", 1, method, "within_fwhm", "all", ""]
    assert others.mean() < 0.9


@pytest.mark.parametrize("method", ["occlusion", "gradients"])
def test_a_network_that_looks_at_a_ring(method):
    ring = (from_centre() >= 3) & (from_centre() < 5)
    found, _ = profiles(Linear(weights_on(ring)))
    share = found["trained", 0, method, "share", "all", "ring"]
    np.testing.assert_allclose(share, np.tile([0, 0, 1, 0], (24, 1)), atol=1e-6)
    # Radii within a ring are not told by occlusion; the ring itself is.
    half = found["trained", 0, method, "half_px", "all", ""]
    assert half.min() >= 3 and half.max() < 5


def test_answers_hang_on_what_is_seen_alone():
    """The centre speaks for star: without it the answer is lost, with it alone it is kept."""
    found, _ = profiles(Linear(weights_on(from_centre() < 1), bias=-0.5))
    assert found["trained", 0, "whole", "accuracy", "all", ""].mean() == 1
    kept = found["trained", 0, "only-inside", "accuracy", "all", "inside"].mean(axis=0)
    lost = found["trained", 0, "no-inside", "accuracy", "all", "inside"].mean(axis=0)
    assert kept.tolist() == [1, 1, 1, 1] and lost.max() < 0.1
    changed = found["trained", 0, "occlusion", "changed", "all", "ring"].mean(axis=0)
    assert changed[0] > 0.9 and changed[1:].tolist() == [0, 0, 0]


def test_the_same_weights_are_all_alike_and_others_not():
    found, _ = profiles(Linear(weights_on(from_centre() < 3)))
    assert abs(found["randomised", 1, "gradients", "likeness", "all", ""].mean()) < 0.9
    assert found["light", 0, "light", "density", "all", "ring"].mean(axis=0)[0] > 3


# --- integrated gradients -------------------------------------------------------------------------
def test_gradients_of_a_linear_network_are_its_weights_times_the_light():
    images, catalog, sky = objects()
    weights = np.random.default_rng(4).normal(size=images.shape[1:])
    judge = judge_of(Linear(weights), catalog)
    answer = decided(judge.outputs(images))
    told, wanted = integrated_gradients(judge, images, sky, answer, 8)
    sign = np.where(answer == 1, 1, -1)[:, None, None, None]
    exact = sign * weights * (images - sky.level[..., None, None])
    np.testing.assert_allclose(told, exact, atol=1e-5)
    np.testing.assert_allclose(told.sum(axis=(1, 2, 3)), wanted, atol=1e-4)


def test_log_odds_of_two_classes_and_of_three():
    one, three = torch.tensor([[2.0], [-1.0]]), torch.tensor([[1.0, 2.0, 3.0]])
    assert log_odds(one, torch.tensor([1, 0])).tolist() == [2.0, 1.0]
    assert decided(one).tolist() == [1, 0] and scores(one).shape == (2, 2)
    share = torch.softmax(three, 1)[0, 2]
    torch.testing.assert_close(
        log_odds(three, torch.tensor([2])), torch.log(share / (1 - share))[None]
    )


@cache
def trained(name, stretch, psf, views):
    """Folders of two draws of a trained network, and their world."""
    images, catalog, manifest, draws = small.world(160)
    folder = Path(mkdtemp())
    settings = small.settings(
        model={"name": name}, max_epochs=8, stretch=stretch, psf=psf, test_views=views
    )
    for k in (0, 1):
        train(settings, images, catalog, manifest, draws, k, folder / f"draw-{k}", folder / "side")
    return [folder / f"draw-{k}" for k in (0, 1)], images, catalog.assign(field="f"), manifest


CHAINS = [
    ("ruhmer-base", "raw", "none", 1),
    ("ruhmer-base", "asinh", "residual", 1),
    ("compact", "snr", "both", 8),
    ("compact", "robust", "none", 1),
]


@pytest.mark.parametrize("chain", CHAINS)
def test_attributions_sum_to_the_change_of_the_answer(chain):
    """Completeness to 2 %: what is left is the sum that stands for the integral."""
    folders, images, catalog, _ = trained(*chain)
    network, card = load_model(folders[0])
    own = images[:40] * 20  # bright, so that stretches are steep
    judge = Judge(network, card, catalog[:40], torch.device("cpu"))
    sky = sky_of(own, catalog[:40], BANDS, PIXEL)
    answer = decided(judge.outputs(own))
    told, wanted = integrated_gradients(judge, own, sky, answer, 48)
    gap = np.abs(told.sum(axis=(1, 2, 3)) - wanted)
    assert gap.mean() < 0.02 * np.abs(wanted).mean() and np.abs(wanted).mean() > 0.1


@pytest.mark.parametrize("chain", CHAINS[2:3])
def test_the_chain_of_gradients_is_the_one_that_predicts(chain):
    from fewsky.models.influence import _odds_of

    folders, images, catalog, _ = trained(*chain)
    network, card = load_model(folders[0])
    judge = Judge(network, card, catalog, torch.device("cpu"))
    outputs = judge.outputs(images)
    answer = decided(outputs)
    with torch.no_grad():
        found = _odds_of(judge, torch.tensor(images), answer)
    torch.testing.assert_close(found, log_odds(outputs, answer), atol=1e-4, rtol=1e-4)


# --- neighbours -----------------------------------------------------------------------------------
def crowd():
    """One object alone, one with a neighbour 5 px to the right, one with two."""
    places = [(100, 100), (200, 100), (205, 100), (300, 100), (305, 100), (295, 100), (400, 100),
              (402, 100), (500, 100), (509, 100)]  # fmt: skip
    catalog = pd.DataFrame(places, columns=["x", "y"]).astype(float)
    catalog["field"], catalog["modelmag_r"] = "f", 20.0 - np.arange(len(places))
    return catalog


def test_neighbours_that_can_be_erased_with_a_mirrored_place():
    near = find_neighbours(crowd(), np.array([0, 1, 3, 6, 8]), SIDE, 2, 1)
    # Alone; right; neighbours on both sides; too near; off the patch.
    assert near.rows.tolist() == [1] and (near.x.tolist(), near.y.tolist()) == ([5.0], [0.0])
    assert near.brighter.tolist() == [True]
    assert len(find_neighbours(crowd(), np.array([0]), SIDE, 2, 1)) == 0


def test_a_neighbour_in_another_field_is_none():
    catalog = crowd()
    catalog.loc[2, "field"] = "g"
    assert len(find_neighbours(catalog, np.array([1]), SIDE, 2, 1)) == 0


def test_a_network_that_answers_by_the_neighbour_loses_its_answer():
    images, catalog, _ = objects(30)
    images[:, :, 5:8, 10:13] += 2.0
    sky = sky_of(images, catalog, BANDS, PIXEL)
    near = find_neighbours(
        pd.concat([catalog, catalog.assign(x=catalog["x"] + 5)], ignore_index=True),
        np.arange(30), SIDE, 2, 1,
    )  # fmt: skip
    assert len(near) == 30
    right_side = (np.arange(SIDE) > 9) & (from_centre() >= 0)
    judge = judge_of(Linear(weights_on(right_side), bias=-20), catalog)
    rng = np.random.default_rng(0)
    told = erase_neighbours(judge, images, sky, near, np.ones(30, int), 2.5, 2, rng)
    assert told["right_before"].mean() == 1 and told["changed_neighbour"].mean() == 1
    assert told["changed_control"].mean() == 0 and told["right_control"].mean() == 1
    sample = Sample(["star"] * 30, np.arange(30) // 3, 200, 0)
    table = neighbour_table([told, told], near, sample, [0, 1]).set_index(["subset", "measure"])
    row = table.loc["all", "changed: neighbour less control"]
    assert row["value"] == 1 and row["n"] == 30
    assert table.loc[("all", "accuracy: erased less whole"), "value"] == -1
    assert "brighter" not in table.index.get_level_values(0)


def test_no_neighbours_make_an_empty_table():
    near = find_neighbours(crowd(), np.array([0]), SIDE, 2, 1)
    table = neighbour_table([], near, None, [0])
    assert table.empty and {"subset", "measure", "value", "verdict"} <= set(table)


# --- intervals and the whole ----------------------------------------------------------------------
def test_rows_are_means_with_intervals_that_hold_them():
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 1, (3, 60, 2))
    values[:, :5, 1] = np.nan
    sample = Sample(np.where(np.arange(60) % 2, "star", "galaxy"), np.arange(60) // 4, 300, 0)
    table = pd.DataFrame(rows_of(values, [0, 1, 2], sample, {}, [(0, 1), (1, 2)], (0, 1)))
    mean = table.query("draw == -1 and `class` == 'all'")
    np.testing.assert_allclose(mean["value"], np.nanmean(values, axis=(0, 1)))
    assert (mean["lower"] < mean["value"]).all() and (mean["value"] < mean["upper"]).all()
    assert mean["n"].tolist() == [60, 55]
    assert len(table) == 2 * (3 + 3)  # three kinds with intervals, three draws without


def test_a_difference_that_is_there_is_told_and_one_that_is_not_is_not():
    rng = np.random.default_rng(1)
    sample = Sample(["star"] * 80, np.arange(80) // 2, 300, 0)
    a = rng.normal(0, 1, (5, 80))
    told = compared(a + 2 + rng.normal(0, 0.1, a.shape), a, sample, {})
    assert told["verdict"] == "higher" and told["difference"] == pytest.approx(2, abs=0.1)
    same = compared(a, a[::-1], sample, {})
    assert same["verdict"] == "cannot be told" and same["note"].startswith("exploratory")
    assert compared(a * np.nan, a, sample, {})["n"] == 0


def test_all_of_two_draws_and_the_same_twice():
    folders, images, catalog, manifest = trained(*CHAINS[0])
    catalog.loc[:, "x"] = np.where(np.arange(160) % 2, catalog["x"] - 16, catalog["x"])
    found = measure_influence(folders, images, catalog, manifest, ASKED)
    table = found.table
    assert list(table) == COLUMNS and set(table["draw"]) == {-1, 0, 1}
    assert found.told["objects"] == {"galaxy": 10, "star": 10}
    per = table.query("draw == -1 and `class` == 'all' and band == 'all'")
    shares = per[(per["measure"] == "share") & per["layers"].isin([0, 4])]
    sums = shares.groupby(["state", "method"])["value"].sum()
    assert len(sums) == 5 and np.allclose(sums, 1)
    bands = table.query("draw == -1 and `class` == 'all' and band != 'all' and state == 'trained'")
    assert bands.query("measure == 'share'")["value"].sum() == pytest.approx(1, abs=1e-6)
    assert sorted(table.query("state == 'randomised'")["layers"].unique()) == [1, 2, 3, 4]
    assert len(found.tests) == 4 and set(found.maps) == {
        f"{state}/{name}"
        for state in ("trained", "randomised", "light")
        for name in ("galaxy", "star", "all")
    }
    again = measure_influence(folders, images, catalog, manifest, ASKED)
    pd.testing.assert_frame_equal(table, again.table)
    pd.testing.assert_frame_equal(found.neighbours, again.neighbours)


def test_no_test_part_is_one_line():
    folders, images, catalog, manifest = trained(*CHAINS[0])
    with pytest.raises(FewskyError, match="wanted a test part; found none"):
        measure_influence(folders, images, catalog, manifest.assign(part="pool"), ASKED)


def test_nothing_erased_changes_nothing():
    images, catalog, sky = objects(4)
    judge = judge_of(Linear(weights_on(from_centre() < 3)), catalog)
    regions = [np.ones(sky.radius.shape, bool), np.zeros(sky.radius.shape, bool)]
    empties = [empty_sky(sky, np.random.default_rng(0))]
    found = after_erasing(judge, images, regions, empties, np.ones(4, int))
    assert (found.change[:, 0] > 1).all() and (found.change[:, 1] == 0).all()
