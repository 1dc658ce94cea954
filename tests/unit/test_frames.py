"""Whole frames: shown, searched in tiles without losing or doubling anything, placed and scored."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from fewsky.aligned.align import align_shard
from fewsky.boxes.geometry import iou
from fewsky.boxes.propose import propose
from fewsky.boxes.table import EDGES, edges_of
from fewsky.console import FewskyError
from fewsky.cutouts.frame_catalogue import frame_catalogue
from fewsky.cutouts.frames import compose, frame_wcs, seen_pixels, with_sky
from fewsky.metrics.frames import score_frame
from fewsky.models import detect_results, frames_by
from fewsky.models.frames import (
    COLUMNS,
    NO_SIDE,
    find_in_tiles,
    find_segments,
    frame_parameters,
    join_sides,
)
from fewsky.models.trained import load_model
from fewsky.sky.sdss import simulate_run
from tests.unit import test_align, test_detect, test_sky

SIDES, OVERLAP = [40, 100, 240], 0.4
FIELD = "94-1-12"
SHOWN = {"bands": ["i", "r", "g"], "stretch": 0.5, "q": 8, "minimum": 0}
COLOURS = ["red", "green", "blue"]
HOW = {"sides": SIDES, "overlap": OVERLAP, "experiment": "det", "field": FIELD}
SCORING = {"match_arcsec": 2.0, "bin_mag": 1.0}


def painted(boxes, shape=(300, 420)):
    """A frame with an ellipse in each box `(n, 4)`, brightest in its middle."""
    image = np.zeros((3, *shape), np.float32)
    y, x = np.indices(shape) + 0.5
    for x0, y0, x1, y1 in boxes:
        far = (2 * x - x0 - x1) ** 2 / (x1 - x0) ** 2 + (2 * y - y0 - y1) ** 2 / (y1 - y0) ** 2
        image += np.where(far < 1, 0.9 - 0.5 * far, 0)
    return image


def look(tiles):
    """A detector that finds every patch of light, whole or cut, a little unsure of its edges."""
    rows = []
    for k, tile in enumerate(tiles):
        patches, n = ndimage.label(tile[0] > 0)
        rng = np.random.default_rng([k, n, int(1e3 * tile.sum())])
        for down, across in ndimage.find_objects(patches):
            box = np.array([across.start, down.start, across.stop, down.stop], float)
            if (box[2:] - box[:2]).min() < 4:
                continue
            box += 0.03 * (box[2:] - box[:2]).min() * rng.uniform(-1, 1, 4)
            box = box.clip(0, len(tile[0]))
            rows.append((k, *box, rng.uniform(0.5, 1), "galaxy"))
    return pd.DataFrame(rows, columns=["image", *EDGES, "score", "label"])


def crowd(seed, shape=(300, 420)):
    """Boxes of 8 to 90 pixels, none near another, in a frame; some reach its edge."""
    rng, kept = np.random.default_rng(seed), []
    for size in [90, 70, *rng.uniform(8, 60, 40)]:
        w, h = size * np.array([1, rng.uniform(0.6, 1)])
        x, y = rng.uniform(0, shape[1] - w), rng.uniform(0, shape[0] - h)
        near = [a - 4 < x + w and x < c + 4 and b - 4 < y + h and y < d + 4 for a, b, c, d in kept]
        if not any(near):
            kept.append((x, y, x + w, y + h))
    return np.array(kept)


# --- pictures and places ------------------------------------------------------------------------
@pytest.fixture
def aligned(tmp_path):
    """A list of one field in g, r, i whose last column lacks data in g; its FITS; its WCS."""
    cube = np.zeros((3, 60, 90), np.float32)
    cube[1, 20, 30], cube[2, 20, 40], cube[0, :, -1] = 5.0, 5.0, np.nan
    wcs = test_align.tangent(shape=cube.shape[1:])
    header = wcs.to_header()
    header["BANDS"] = "gri"
    (tmp_path / "fields").mkdir()
    fits.writeto(tmp_path / f"fields/{FIELD}.fits", cube, header)
    fields = pd.DataFrame({"field": [FIELD], "path": [f"fields/{FIELD}.fits"]})
    return fields, tmp_path, FIELD


def test_a_frame_is_shown_in_the_colours_asked_for(aligned):
    image = compose(*aligned, SHOWN)
    assert image.shape == (3, 60, 90) and image.dtype == np.uint8
    red, green = image[:, 20, 40], image[:, 20, 30]  # i is shown red, r green, g blue
    assert red[0] > 200 and green[1] > 200 and red[1:].max() == green[[0, 2]].max() == 0
    assert (image[:, :, -1] == 0).all() and image.sum(axis=(1, 2))[2] == 0
    seen = seen_pixels(*aligned, ["i", "g"])
    assert not seen[:, -1].any() and seen[:, :-1].all() and seen_pixels(*aligned, ["r"]).all()


def test_a_field_that_is_not_listed_is_one_line(aligned):
    fields, folder, _ = aligned
    with pytest.raises(FewskyError, match=r"1-1-1: wanted it once .* 0 times among 94-1-12"):
        compose(fields, folder, "1-1-1", SHOWN)
    with pytest.raises(FewskyError, match="composite: wanted bands among g, r, i; found z"):
        compose(*aligned, {**SHOWN, "bands": ["z", "r", "g"]})


def test_the_middle_of_a_box_has_its_place_on_the_sky(aligned):
    wcs = frame_wcs(*aligned)
    # A box of the one pixel in column 30 and row 20, and a wider one about it.
    boxes = pd.DataFrame([(30, 20, 31, 21), (28, 16, 33, 25)], columns=EDGES)
    table = with_sky(boxes, wcs)
    ra, dec = test_align.tangent(shape=(60, 90)).all_pix2world([30], [20], 0)
    np.testing.assert_allclose(table["ra"], np.repeat(ra, 2), atol=1e-9)
    np.testing.assert_allclose(table["dec"], np.repeat(dec, 2), atol=1e-9)
    assert with_sky(boxes[:0], wcs).columns.tolist() == [*EDGES, "ra", "dec"]


# --- tiles --------------------------------------------------------------------------------------
def once_each(found, boxes):
    """The best overlap of each box, where each is found once and nothing else is."""
    overlap = iou(edges_of(found).astype(float), boxes)
    assert len(found) == len(boxes), (len(found), len(boxes))
    assert sorted(overlap.argmax(axis=1)) == list(range(len(boxes)))
    return overlap.max(axis=0)


@pytest.mark.parametrize("seed", range(6))
def test_everything_in_a_frame_is_found_once(seed):
    boxes = crowd(seed)
    found = find_in_tiles(painted(boxes), look, SIDES, OVERLAP, 0.0)
    assert found.columns.tolist() == COLUMNS and found["score"].is_monotonic_decreasing
    assert once_each(found, boxes).min() > 0.7
    assert set(found["side"]) <= set(SIDES) and found["side"].nunique() > 1


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(10, 60), st.floats(0.5, 1))
def test_one_object_anywhere_is_found_once(right, down, size, flat):
    x, y = right * (230 - size), down * (170 - flat * size)
    boxes = np.array([(x, y, x + size, y + flat * size)])
    found = find_in_tiles(painted(boxes, (170, 230)), look, [40, 160], OVERLAP, 0.0)
    assert once_each(found, boxes).min() > 0.6


def test_an_object_larger_than_all_overlaps_is_still_one():
    boxes = np.array([(100.0, 60, 310, 240)])
    found = find_in_tiles(painted(boxes), look, SIDES, OVERLAP, 0.0)
    assert len(found) == 1 and found["side"][0] == 240
    alone = find_in_tiles(painted(boxes), look, [40], OVERLAP, 0.0)  # no tile holds it
    assert iou(edges_of(alone).astype(float), boxes).max() < 0.1


def test_only_what_scores_enough_counts():
    image = painted(crowd(0))
    every = find_in_tiles(image, look, SIDES, OVERLAP, 0.0)
    some = find_in_tiles(image, look, SIDES, OVERLAP, 0.9)
    assert 0 < len(some) < len(every) and some["score"].min() >= 0.9
    assert find_in_tiles(image, look, SIDES, OVERLAP, 2.0).empty


def test_a_tile_larger_than_the_frame_is_one_line():
    with pytest.raises(FewskyError, match=r"no larger than the frame of 420 x 300 .* found 301"):
        find_in_tiles(painted([]), look, [40, 301], OVERLAP, 0.0)


def rows(*told):
    table = pd.DataFrame([(*box, *rest) for box, *rest in told], columns=COLUMNS)
    return table.astype({"score": np.float32})


def test_a_core_and_its_whole_are_one_but_neighbours_are_not():
    whole, core = (100, 100, 200, 180), (130, 124, 168, 158)
    satellite, knot = (190, 100, 210, 120), (110, 140, 130, 160)
    found = join_sides(
        rows(
            (core, 0.7, "galaxy", 40),
            (whole, 0.9, "galaxy", 240),
            (satellite, 0.8, "galaxy", 40),
            (knot, 0.6, "galaxy", 40),
            (core, 0.5, "star", 40),
        )
    )
    assert found["score"].tolist() == pytest.approx([0.9, 0.8, 0.6, 0.5])
    assert found["label"].tolist() == ["galaxy"] * 3 + ["star"]
    # The better of the two stays, whichever it is, and whether or not the tiles are of one side.
    better = join_sides(rows((core, 0.9, "galaxy", 40), (whole, 0.7, "galaxy", 240)))
    assert better[EDGES].to_numpy().tolist() == [list(core)]
    assert len(join_sides(rows((core, 0.9, "galaxy", 40), (whole, 0.7, "galaxy", 40)))) == 1


# --- who looks ----------------------------------------------------------------------------------
def test_segments_are_of_one_size_in_frames_of_any_size():
    image = painted([(60, 60, 110, 100), (200, 180, 216, 200)]) * 0.6 + 0.05
    image += np.random.default_rng(0).normal(0, 0.006, image.shape).astype(np.float32)
    wide = np.pad(image, ((0, 0), (0, 300), (0, 300)), "reflect")
    wide[:, 300:], wide[:, :, 420:] = image[0, :1, :1], image[0, :1, :1]
    small, large = (find_segments(one, {}, SIDES) for one in (image, wide))
    assert small.columns.tolist() == COLUMNS and set(small["side"]) == {NO_SIDE}
    assert small["score"].is_monotonic_decreasing
    assert len(small) == len(large) == 2
    assert np.abs(edges_of(small) - edges_of(large)).max() <= 1
    own, others = (edges_of(propose(one)) for one in (image, wide))  # with lengths of their own
    assert np.abs(own - others).max() > 0
    told = frame_parameters({"smallest": 0.05}, SIDES, 500)
    assert told["smallest"] * 500 == pytest.approx(5) and told["mesh"] * 500 == pytest.approx(60)


def test_an_opponent_without_eyes_for_frames_is_one_line():
    image = (painted([(60, 60, 110, 100)]) * 255).astype(np.uint8)
    opponent = {"opponent": {"family": "segments", "options": {}}}
    assert len(frames_by.by_opponent(image, HOW | opponent)) == 1
    with pytest.raises(FewskyError, match=r"det: wanted a network or .* found central-box"):
        frames_by.by_opponent(image, HOW | {"opponent": {"family": "central-box"}})


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """The folder of a detector of three colours, trained for two epochs."""
    images, *others = test_detect.sky(n=32)
    images = np.concatenate([images, images[:, :1]], axis=1)
    folder = tmp_path_factory.mktemp("detector")
    test_detect.run(folder, (images, *others), bands=COLOURS, max_epochs=2)
    return folder / "out"


def test_a_frame_of_one_tile_is_what_find_finds_in_it(detector):
    image = (255 * np.random.default_rng(0).uniform(0, 1, (3, 64, 64))).astype(np.uint8)
    found = frames_by.by_network(image, detector, HOW | {"sides": [64]}, 0.0, "cpu")
    network, card = load_model(detector)
    ids = pd.DataFrame({"object_id": ["it"]})
    told = detect_results.find(network, card, image[None].astype(np.float32) / 255, ids)
    wanted = join_sides(told.assign(side=64))
    assert len(found) > 3 and set(found["side"]) == {64}
    np.testing.assert_allclose(found[EDGES], wanted[EDGES], atol=1e-5)
    np.testing.assert_allclose(found["score"], wanted["score"], atol=1e-6)
    larger = np.tile(image, (1, 2, 2))
    least = float(wanted["score"].quantile(0.5))
    told = frames_by.by_network(larger, detector, HOW | {"sides": [48, 64]}, least, "cpu")
    assert (told["score"] >= least).all() and edges_of(told).max() > 64
    nothing = frames_by.by_network(larger, detector, HOW | {"sides": [64]}, np.inf, "cpu")
    assert nothing.empty and nothing.columns.tolist() == COLUMNS


def test_a_detector_of_other_bands_is_one_line(tmp_path):
    test_detect.run(tmp_path, test_detect.sky(n=16), max_epochs=1)
    image = np.zeros((3, 64, 64), np.uint8)
    with pytest.raises(FewskyError, match=r"det: wanted .* red, green, blue; found g, r"):
        frames_by.by_network(image, tmp_path / "out", HOW | {"sides": [64]}, 0.0, "cpu")


# --- scores -------------------------------------------------------------------------------------
def places(*told):
    """ra, dec of places in arcsec east and north of (150, 0)."""
    east, north = np.array(told, float).reshape(-1, 2).T
    return pd.DataFrame({"ra": 150 + east / 3600, "dec": north / 3600})


def test_a_frame_scored_by_hand():
    catalogue = places((0, 0), (100, 0), (200, 0), (3, 0), (300, 0)).assign(
        label=["galaxy", "galaxy", "galaxy", "star", "star"],
        magnitude=[17.2, 17.9, 18.5, 17.5, np.nan],
    )
    # Nearer to the star than to the galaxy beside it; a galaxy; the star of no magnitude; nothing.
    found = places((1.9, 0), (200.5, 0), (300, 1), (600, 0))
    table = score_frame({"det": found, "none": found[:0]}, catalogue, SCORING)
    told = table.set_index(["experiment", "measure", "kind"]).sort_index()
    galaxies = told.loc[[("det", "completeness", "galaxy")]]
    assert galaxies[["low", "high", "n", "found", "value"]].to_numpy().tolist() == [
        [17, 18, 2, 0, 0], [18, 19, 1, 1, 1],
    ]  # fmt: skip
    stars = told.loc[[("det", "completeness", "star")]]
    assert stars[["low", "n", "found"]].to_numpy().tolist() == [[17, 1, 1]]
    pure = told.loc[("det", "purity")]
    assert pure["found"].to_dict() == {"galaxy": 1, "star": 2, "either": 3}
    assert set(pure["n"]) == {4} and pure["value"]["galaxy"] == 1 / 4
    assert pure["lower"]["galaxy"] < 1 / 4 < pure["upper"]["galaxy"]
    empty = told.loc["none"]
    assert empty.loc["purity", "value"].isna().all() and (empty["found"] == 0).all()
    assert (empty.loc["completeness", "value"] == 0).all()


def test_a_catalogue_of_a_simulated_frame_is_found_where_its_objects_are(tmp_path):
    files, _ = simulate_run(test_sky.SETTINGS, {**test_sky.RUN, "fields": [5]}, tmp_path, seed=1)
    raw, field = files.assign(field="8162-6-5", url=""), "8162-6-5"
    raw["kind"] = np.where(raw["path"].str.contains("photoObj-"), "photoobj", "frame")
    raw["band"] = raw["path"].str.extract(r"frame-(.)")[0]
    frames = raw["path"].str.contains("frame-|photoObj-", regex=True)
    how = {"bands": list("gri"), "reference_band": "r", "align": test_align.HOW}
    fields = align_shard(raw[frames], tmp_path, tmp_path / "aligned", how, "code")
    told = fields, tmp_path / "aligned", field
    survey = {"reference_band": "r", "catalogue": "photoobj"}
    wcs, seen = frame_wcs(*told), seen_pixels(*told, list("gri"))
    catalogue = frame_catalogue(raw, tmp_path, field, survey, wcs, seen)
    assert set(catalogue["label"]) == {"galaxy", "star"}
    assert catalogue["magnitude"].between(10, 26).mean() > 0.9
    image = compose(*told, SHOWN)
    x, y = (
        np.round(v).astype(int)
        for v in wcs.all_world2pix(*catalogue[["ra", "dec"]].T.to_numpy(), 0)
    )
    bright = (catalogue["magnitude"] < 20).to_numpy()
    inside = bright & (x > 3) & (y > 3) & (x < seen.shape[1] - 3) & (y < seen.shape[0] - 3)
    assert inside.sum() > 3
    assert all(
        image[:, b - 3 : b + 4, a - 3 : a + 4].max() > 60
        for a, b in zip(x[inside], y[inside], strict=True)
    )
    blind = frame_catalogue(
        raw, tmp_path, field, survey, wcs, seen & (np.arange(seen.shape[1]) < 200)
    )
    assert 0 < len(blind) < len(catalogue)
    with pytest.raises(FewskyError, match="8162-6-5: wanted a catalogue"):
        frame_catalogue(raw, tmp_path, field, {**survey, "catalogue": "none"}, wcs, seen)


@pytest.mark.real
def test_segments_find_the_galaxies_of_a_real_frame(tmp_path):
    base = "data.sdss.org/sas/dr17/eboss/photoObj"
    paths = {b: f"{base}/frames/301/94/1/frame-{b}-000094-1-0012.fits.bz2" for b in "gri"}
    raw = [("frame", b, path) for b, path in paths.items()]
    raw += [("photoobj", "", f"{base}/301/94/1/photoObj-000094-1-0012.fits")]
    raw = pd.DataFrame(raw, columns=["kind", "band", "path"]).assign(field=FIELD, sha256="")
    how = {"bands": list("gri"), "reference_band": "r", "align": test_align.HOW}
    told = align_shard(raw, test_align.SHARED, tmp_path, how, "code"), tmp_path, FIELD
    image, wcs = compose(*told, SHOWN), frame_wcs(*told)
    found = find_segments(image.astype(np.float32) / 255, {}, [64, 160, 400])
    overlap = iou(*[edges_of(found).astype(float)] * 2)
    assert (overlap - np.eye(len(found))).max() < 0.5
    survey = {"reference_band": "r", "catalogue": "photoobj"}
    seen = seen_pixels(*told, SHOWN["bands"])
    catalogue = frame_catalogue(raw, test_align.SHARED, FIELD, survey, wcs, seen)
    table = score_frame({"segments": with_sky(found, wcs)}, catalogue, SCORING)
    whole = table[table["measure"] == "completeness"]
    bright = whole[whole["high"] <= 19].groupby("kind")[["n", "found", "chance"]].sum()
    share = bright["found"] / bright["n"]
    # 18 galaxies; of 71 stars some stand before galaxies, or close together.
    assert share["galaxy"] > 0.9 and share["star"] < 0.2
