"""The demo sky of crowds: it reads as Galaxy Zoo 2, and its boxes hold what they should."""

import numpy as np
import pandas as pd
import pytest

from fewsky.raw.download import fetch_all, with_published
from fewsky.raw.payload import examine
from fewsky.sky.crowds import TRUTH
from fewsky.sky.crowds_artefacts import KINDS, add_star, artefacts, star_field
from fewsky.sky.crowds_paint import BOX, draw, grain, isophote
from fewsky.sky.crowds_population import GALAXIES, SHORTHAND, population
from fewsky.sky.galaxies_paint import picture, through_air
from fewsky.sky.galaxies_population import MISTAKEN
from fewsky.surveys import galaxyzoo
from fewsky.surveys.galaxyzoo import label_of
from fewsky.surveys.galaxyzoo_table import read_images, select_objects
from tests.unit.crowds_world import QUIET, SEED, SKY, made, survey


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    store = tmp_path_factory.mktemp("crowds")
    return store, made(store)


# --- files --------------------------------------------------------------------------------------
def test_the_files_are_read_as_the_real_ones(world):
    store, sky = world
    entries = galaxyzoo.catalogue_files(galaxyzoo.catalogue(survey()))
    listed = fetch_all(with_published(entries, [sky.files]), store, offline=True)
    assert listed.attrs["simulated"] and listed["kind"].tolist() == ["packed", "mapping", "votes"]
    objects = select_objects(listed, store, galaxyzoo.selection(survey()))
    truth = sky.truth.set_index("object_id").loc[objects["object_id"]]
    assert objects["label"].tolist() == truth["label"].tolist()
    assert objects["status"].tolist() == truth["gz2_class"].tolist()
    assert np.allclose(objects[["ra", "dec"]], truth[["ra", "dec"]])
    path = store / listed["path"][0]
    images = list(read_images(path, objects["object_id"], survey()["bands"]))
    assert {image.shape for image in images} == {(3, 96, 96)}
    assert all(10 < np.median(image) < 40 for image in images)  # a dark sky, not black


def test_every_file_says_that_it_is_simulated(world):
    store, sky = world
    for row in sky.files.itertuples():
        found = examine(store / row.path)
        assert found.simulated and found.sha256 == row.sha256 and found.bytes == row.bytes


def test_an_image_follows_from_seed_and_number(tmp_path, world):
    _, sky = world
    again, fewer = made(tmp_path / "a"), made(tmp_path / "b", number=7)
    assert again.files["sha256"].tolist() == sky.files["sha256"].tolist()
    first = sky.boxes[sky.boxes["image"].isin(fewer.truth["object_id"])]
    pd.testing.assert_frame_equal(first, fewer.boxes)
    pd.testing.assert_frame_equal(sky.truth[:7], fewer.truth)
    other = made(tmp_path / "c", number=7, seed=SEED + 1)
    assert other.files["sha256"][0] != fewer.files["sha256"][0]


def test_truth_and_boxes_fit_together(world):
    _, sky = world
    boxes = sky.boxes
    assert sky.truth.columns.tolist() == TRUTH
    assert boxes.columns.tolist() == [*BOX, "true_class", "place"]
    counts = boxes["image"].value_counts().reindex(sky.truth["object_id"]).fillna(0)
    assert counts.tolist() == sky.truth["galaxies"].tolist()
    assert (boxes[["x0", "y0"]] >= 0).all(axis=None) and (boxes[["x1", "y1"]] <= 96).all(axis=None)
    assert (boxes["x0"] < boxes["x1"]).all() and (boxes["y0"] < boxes["y1"]).all()
    middle = boxes[boxes["place"] == 0].set_index("image")["true_class"]
    told = sky.truth.set_index("object_id")["true_class"]
    assert set(told.index) - set(middle.index) == set(told.index[told == "artefact"])
    assert (told[middle.index] == middle).all()
    assert boxes["x0"].dtype == np.float32 and boxes["difficult"].dtype == bool


# --- who is there -------------------------------------------------------------------------------
def test_labels_are_wrong_and_images_empty_as_often_as_told():
    images, galaxies = population({**SKY, "neighbours": 2.0}, 2000, SEED)
    empty = images["true_class"] == "artefact"
    assert abs(empty.mean() - 0.1) < 0.027  # four standard deviations of 2,000 draws
    wrong = images["label_is_wrong"]
    assert (wrong == (images["label"] != images["true_class"])).all()
    assert abs(wrong[~empty].mean() - 0.1) < 0.028 and not wrong[empty].any()
    pairs = zip(images["true_class"][wrong], images["label"][wrong], strict=True)
    assert all(label in MISTAKEN["sdss"][true] for true, label in pairs)
    beside = (galaxies["place"] > 0).groupby(galaxies["image"]).sum().sum() / 2000
    assert 1.5 < beside < 2.0  # some find no free place
    assert galaxies.columns.tolist() == GALAXIES


def test_what_is_brighter_has_a_smaller_magnitude():
    _, galaxies = population({**SKY, "neighbours": 3.0}, 200, SEED)
    for _, crowd in galaxies.groupby("image"):
        light = crowd["bright"] * crowd["radius"] ** 2
        zero = crowd["magnitude"] + 2.5 * np.log10(light)
        assert np.ptp(zero) < 1e-9
    middle = galaxies[galaxies["place"] == 0]
    assert middle["magnitude"].between(14, 17).all()
    assert np.abs(middle[["x", "y"]] - 0.5).max(axis=None) < 0.03  # five standard deviations


def test_the_shorthand_is_what_the_reader_reads():
    assert {name: label_of(word) for name, word in SHORTHAND.items()} == {n: n for n in SHORTHAND}


# --- boxes --------------------------------------------------------------------------------------
def one(form="round-smooth", x=0.5, y=0.5, radius=0.2, bright=1.0, **change):
    row = {"image": "gz2-1", "place": 0, "true_class": form, "x": x, "y": y, "radius": radius,
           "bright": bright, "magnitude": 15.0}  # fmt: skip
    return pd.DataFrame([{**row, **change}])


@pytest.mark.parametrize("form", ["round-smooth", "loose-spiral", "edge-on-no-bulge"])
def test_a_box_ends_where_the_galaxy_does(form):
    """Of a lonely galaxy without noise: around all that is brighter than the isophote."""
    pixels, boxes, names = draw(QUIET, one(form, x=0.42, y=0.6), SEED, 3)
    assert names == [] and len(boxes) == 1 and not boxes["difficult"][0]
    flat = np.full((3, 1, 1), isophote(1e-3))
    inside = pixels.mean(axis=2) > picture(flat).mean()
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    seen = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    found = boxes.loc[0, ["x0", "y0", "x1", "y1"]].to_numpy(float)
    assert np.abs(found - seen).max() <= 2  # 8 bits and colours of the picture: a pixel or two
    middle = (found[:2] + found[2:]) / 2 / QUIET["side_px"]
    assert np.abs(middle - (0.42, 0.6)).max() < 0.05


def test_noise_moves_the_isophote_inwards():
    quiet, noisy = (
        draw({**QUIET, "noise": [n, n]}, one(), SEED, 3)[1].loc[0, ["x0", "x1"]]
        for n in (0.05, 0.5)
    )
    assert noisy["x1"] - noisy["x0"] < 0.9 * (quiet["x1"] - quiet["x0"])
    assert isophote(0.2) == pytest.approx(1.5 * 0.2 / np.sqrt(3)) and isophote(0) == 0.04


def test_what_is_cut_off_hidden_or_small_is_difficult():
    assert draw(QUIET, one(x=0.1), SEED, 1)[1]["difficult"].tolist() == [False]
    cut = draw(QUIET, one(x=-0.05), SEED, 1)[1]
    assert cut["difficult"].tolist() == [True] and cut["x0"].tolist() == [0]
    little = draw({**QUIET, "smallest": 0.3}, one(radius=0.06), SEED, 1)[1]
    assert little["difficult"].tolist() == [True]
    big, small = one(bright=3.0), one(x=0.53, radius=0.06, bright=0.3)
    pair = draw(QUIET, pd.concat([big, small]), SEED, 1)[1]
    assert pair["difficult"].tolist() == [False, True]
    apart = draw(QUIET, pd.concat([big, one(x=0.9, y=0.9, radius=0.06, bright=0.6)]), SEED, 1)[1]
    assert apart["difficult"].tolist() == [False, False]
    assert len(draw(QUIET, one(bright=1e-4), SEED, 1)[1]) == 0  # nothing to see
    assert len(draw(QUIET, one()[:0], SEED, 1)[1]) == 0


# --- what else is there -------------------------------------------------------------------------
def left(kind, seed=1, side=64):
    light = np.zeros((3, side, side), np.float32)
    KINDS[kind](light, 1.5, np.random.default_rng(seed))
    return light


@pytest.mark.parametrize("kind", KINDS)
def test_an_artefact_adds_light_and_repeats(kind):
    light = left(kind)
    assert light.min() >= 0 and light.max() > 0.05 and np.isfinite(light).all()
    assert np.array_equal(light, left(kind)) and not np.array_equal(light, left(kind, seed=2))


def test_artefacts_have_their_shapes():
    column = left("hot-column").sum(axis=0) > 0
    assert column.any(axis=0).sum() == 1 and column.sum() >= 0.3 * 64
    trail = left("trail").sum(axis=0)
    y, x = np.nonzero(trail > 0.5 * trail.max())
    spread = np.linalg.eigvalsh(np.cov(x, y))
    assert spread[1] > 30 * spread[0] and spread[0] < 4
    spike = left("spikes", side=128).sum(axis=0)
    row, column = np.unravel_index(spike.argmax(), spike.shape)
    y, x = np.indices(spike.shape)
    far = np.hypot(y - row, x - column)
    ring = spike[(far > 11) & (far < 14)]
    assert ring.max() > 5 * np.median(ring)
    white = [np.ptp(left("trail", k).max(axis=(1, 2))) == 0 for k in range(40)]
    assert 0 < sum(white) < 20  # mostly one colour


def test_stars_are_as_bright_as_told_and_narrow():
    light = np.zeros((3, 41, 41), np.float32)
    add_star(light, np.array([20.5, 20.5]), 8.0, 2.0, np.random.default_rng(0))
    seen = through_air(light, 2.0, 1).mean(axis=0)
    assert seen.argmax() == 20 * 41 + 20
    assert seen.max() == pytest.approx(8.0, rel=0.25)  # its wings take a fifth of the light
    assert (seen > seen.max() / 2).sum() == pytest.approx(np.pi * (1.18 * 2.0) ** 2, rel=0.25)
    rng = np.random.default_rng(3)
    counts = [(star_field(200, 5, 1.5, rng).sum(axis=0) > 0).sum() for _ in range(100)]
    assert abs(np.mean(counts) - 5) < 0.9  # four standard deviations
    many = [len(artefacts(64, 0.5, 1.5, rng)) for _ in range(400)]
    assert abs(np.mean(many) - 0.5) < 0.15 and max(many) <= len(KINDS)


@pytest.mark.parametrize("fwhm", [2.0, 12.0])
def test_grain_has_the_noise_it_should(fwhm):
    noise = grain(96, 0.2, fwhm, np.random.default_rng(0))
    assert noise.std() == pytest.approx(0.2, rel=0.02)
    shared = np.corrcoef(noise[0, :, 1:].ravel(), noise[0, :, :-1].ravel())[0, 1]
    assert (shared > 0.5) == (fwhm > 5)
