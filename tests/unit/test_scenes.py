"""Patches of four classes: what they show, how far apart they are, where sky is, their measures."""

import numpy as np
import pandas as pd
import pytest
import yaml
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from small_results import ROOT

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.cutouts.measure import measure_patches
from fewsky.cutouts.measure_scenes import measure_scenes
from fewsky.cutouts.scene_classes import classes_at, true_classes
from fewsky.cutouts.scenes import Site, scene_patches
from fewsky.overlap import close, greedy, most_shared, shared
from fewsky.splits.assign import make_split
from fewsky.splits.overlap import thin_parts
from fewsky.surveys.catalogue_table import COLUMNS

PIXEL = 0.4
SCENE = {"within_px": 8, "shift_px": 8, "faintest_mag": 22.0, "distance_arcsec": 8.0,
         "sky_share": 1.0, "overlap": 0.25, "seed": 0}  # fmt: skip
SURVEY = {"reference_band": "r", "pixel_arcsec": PIXEL, "catalogue": "photoobj"}
SHAPE = (600, 700)


def objects(n=150, seed=0, shape=SHAPE):
    """A catalogue's rows of a field, stars and galaxies of r 15 to 23."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, shape[1] - 1, n), rng.uniform(0, shape[0] - 1, n)
    mag = rng.uniform(15, 23, n)
    table = pd.DataFrame({"x": x, "y": y, "psfmag_r": mag, "modelmag_r": mag, "psf_fwhm_r": 1.3})
    table["label"] = rng.choice(["star", "galaxy"], n)
    table["object_id"] = [str(100 + k) for k in range(n)]
    known = {"field": "1-1-1", "run": 1, "camcol": 1, "mode": 1, "nchild": 0, "primary": True}
    return table.assign(**known).reindex(columns=COLUMNS)


def site(field="1-1-1", shape=SHAPE):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crpix, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [300, 300], [20.0, 5.0]
    wcs.wcs.cdelt = [PIXEL / 3600, PIXEL / 3600]
    missing = np.zeros(shape, bool)
    missing[:, :30] = True
    return Site(field, wcs, missing)


def cut(table=None, listed=None, scene=None, size=25, where=None):
    table = objects() if table is None else table
    dataset = {"size": size, "scene": SCENE | (scene or {})}
    return scene_patches(
        table, table if listed is None else listed, where or site(), dataset, SURVEY
    )


# --- what two patches share ---------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(st.integers(-30, 30), st.integers(-30, 30), st.sampled_from([5, 9, 25]))
def test_what_is_shared_is_what_counting_pixels_gives(dx, dy, side):
    here = np.zeros((100, 100), bool)
    there = here.copy()
    here[40 : 40 + side, 40 : 40 + side] = True
    there[40 + dy : 40 + dy + side, 40 + dx : 40 + dx + side] = True
    assert shared(dx, dy, side) == pytest.approx((here & there).sum() / side**2)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 40), st.floats(0, 2 * np.pi))
def test_no_direction_shares_more_than_the_most(distance, angle):
    offset = distance * np.cos(angle), distance * np.sin(angle)
    assert shared(*offset, 25) <= most_shared(distance, 25) + 1e-12


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 1), st.integers(1, 80))
def test_no_two_kept_share_more_than_the_limit_and_none_is_left_out_for_nothing(seed, limit, n):
    x, y = np.random.default_rng(seed).integers(0, 90, (2, n))
    kept = greedy(n, close(x, y, 25, limit))
    both = shared(x[:, None] - x, y[:, None] - y, 25) > limit
    np.fill_diagonal(both, False)
    assert not both[np.ix_(kept, kept)].any()
    for row in np.flatnonzero(~kept):
        assert (both[row] & kept)[:row].any()


# --- what a patch shows -------------------------------------------------------------------------
def test_the_rule_by_hand():
    table = objects(4).assign(
        x=[100.0, 107.0, 300.0, 500.0], y=[100.0, 100.0, 300.0, 500.0],
        label=["star", "galaxy", "galaxy", "star"],
    )  # fmt: skip
    places = {
        "both": (104, 100), "star": (96, 100), "galaxy": (308, 292), "sky": (200, 400),
        "": (309, 300),
    }  # fmt: skip
    at = pd.DataFrame(list(places.values()), columns=["x", "y"])
    assert classes_at(at, table, table, SCENE, PIXEL).tolist() == list(places)
    faint = classes_at(pd.DataFrame({"x": [500], "y": [500]}), table[:3], table, SCENE, PIXEL)
    assert faint.tolist() == [""]


def test_without_objects_all_is_sky_and_without_positions_nothing():
    at = pd.DataFrame({"x": [5.0], "y": [6.0]})
    assert classes_at(at, objects(0), objects(0), SCENE, PIXEL).tolist() == ["sky"]
    assert classes_at(at[:0], objects(5), objects(5), SCENE, PIXEL).tolist() == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.1, 0.5]), st.sampled_from([0, 4, 8]))
def test_patches_of_a_field(seed, overlap, shift):
    table = objects(seed=seed)
    patches = cut(table, scene={"overlap": overlap, "shift_px": shift})
    x, y = (patches[axis].to_numpy() for axis in "xy")
    assert len(close(x, y, 25, overlap)) == 0
    assert (x == np.rint(x)).all() and (y == np.rint(y)).all()
    assert patches["object_id"].is_unique
    counted = table[~(table["psfmag_r"] > 22)]
    again = classes_at(patches, counted, table, SCENE, PIXEL)
    assert patches["label"].tolist() == again.tolist()
    assert set(patches["label"]) <= {"sky", "star", "galaxy", "both"}
    whole = (x >= 30 + 12) & (x < SHAPE[1] - 12) & (y >= 12) & (y < SHAPE[0] - 12)
    assert whole.all()
    sky = patches[patches["label"] == "sky"]
    assert (sky["centre"] == "").all() and (patches["centre"] != "").sum() == len(patches) - len(
        sky
    )
    apart = np.hypot(
        sky["x"].to_numpy()[:, None] - table["x"].to_numpy(),
        sky["y"].to_numpy()[:, None] - table["y"].to_numpy(),
    )
    assert (apart * PIXEL > 8).all()
    assert len(sky) <= patches["label"].value_counts().drop("sky", errors="ignore").max()
    assert patches["psf_fwhm_r"].isna().all()


def test_a_star_and_a_galaxy_apart_are_brought_into_one_patch():
    """Fourteen pixels apart: no patch about one of them with shift 0 shows the other."""
    table = objects(2).assign(x=[300.0, 314.0], y=300.0, label=["star", "galaxy"], psfmag_r=20.0)
    table["modelmag_r"] = 19.0
    [between] = cut(table, scene={"shift_px": 0, "sky_share": 0.0, "overlap": 0.0}).itertuples()
    assert (between.label, between.x, between.y) == ("both", 307, 300)
    assert between.centre == "galaxy" and between.object_id == "100+101"
    far = table.assign(x=[300.0, 317.0])
    assert "both" not in set(cut(far, scene={"sky_share": 0.0})["label"])


def test_positions_follow_from_the_field_and_the_seed_alone():
    one, same = cut(), cut()
    pd.testing.assert_frame_equal(one, same)
    for other in (cut(scene={"seed": 1}), cut(where=site("1-1-2"))):
        assert not other["x"].equals(one["x"])


def test_what_is_listed_and_not_selected_keeps_sky_away():
    table = objects(60)
    listed = pd.concat([table, objects(60, seed=9).assign(mode=4, label="")])
    sky = cut(table, listed).query("label == 'sky'")
    apart = np.hypot(*(sky[a].to_numpy()[:, None] - listed[a].to_numpy() for a in "xy"))
    assert len(sky) > 10 and (apart * PIXEL > 8).all()


@pytest.mark.parametrize(
    "survey",
    [{"catalogue": "none"}, {"catalogue": "calibobj", "calibobj_kinds": ["star"]}],
    ids=["none", "stars only"],
)
def test_a_catalogue_without_one_class_gives_no_patch(survey):
    dataset = {"size": 25, "scene": SCENE}
    patches = scene_patches(objects(), objects(), site(), dataset, SURVEY | survey)
    assert len(patches) == 0


def test_what_is_true_of_a_patch_follows_the_same_rule():
    truth = objects(3).assign(
        field="1-1-1", true_class=["star", "galaxy", "star"], mag_r=[20.0, 21.0, 23.0],
        x=[100.0, 105.0, 300.0], y=[100.0, 100.0, 300.0],
    )  # fmt: skip
    catalog = pd.DataFrame({"object_id": list("abc"), "field": ["1-1-1", "1-1-1", "1-1-2"],
                            "x": [102.0, 300.0, 102.0], "y": [100.0, 300.0, 100.0]})  # fmt: skip
    found = true_classes(catalog, truth, SCENE, PIXEL).set_index("object_id")["true_class"]
    assert found.to_dict() == {"a": "both", "b": "sky", "c": "sky"}


# --- splits ---------------------------------------------------------------------------------------
def test_patches_of_neighbouring_fields_are_thinned_within_a_part():
    step = 5 / 3600
    catalog = pd.DataFrame({"ra": [10, 10 + step, 10, 10 + 9.5 / 3600], "dec": 0.0,
                            "field": ["a", "b", "c", "b"]})  # fmt: skip
    part = np.array(["test", "test", "pool", "test"], dtype=object)
    task = {"patch_arcsec": 10.0, "overlap": 0.25}
    assert thin_parts(catalog, part, task).tolist() == ["test", "overlap", "pool", "test"]
    assert thin_parts(catalog, part, {"patch_arcsec": 10.0}) is part
    same = catalog.assign(field="a")
    assert thin_parts(same, part, task).tolist() == part.tolist()


def test_a_split_counts_what_it_leaves_out():
    rng = np.random.default_rng(1)
    rows = [
        pd.DataFrame({"ra": rng.uniform(0, 0.2, 300), "dec": rng.uniform(0, 0.2, 300), "field": f})
        for f in ("a", "b")
    ]
    catalog = pd.concat(rows, ignore_index=True)
    catalog["object_id"] = [f"o{k}" for k in range(len(catalog))]
    catalog["label"] = rng.choice(["sky", "star"], len(catalog))
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    split = {**resolve(config).tasks["star-galaxy-four"]["split"]}
    split |= {"by": "sky", "tile_arcmin": 3.0, "train": [], "val": [], "test": [], "draws": 1}
    task = {"name": "t", "label": "label", "classes": ["sky", "star"], "keep": {}, "split": split,
            "patch_arcsec": 10.0, "overlap": 0.1}  # fmt: skip
    manifest, _, audit = make_split(catalog, None, task, seed=0)
    assert sum(audit["counts"]["overlap"].values()) == (manifest["part"] == "overlap").sum() > 0


# --- what is measured -----------------------------------------------------------------------------
def painted(places, n=12):
    """Patches with Gaussian stars at places (dx, dy, peak) from the middle, and little noise."""
    rng = np.random.default_rng(3)
    y, x = np.indices((25, 25)) - 12
    image = sum(peak * np.exp(-((x - dx) ** 2 + (y - dy) ** 2) / 4.5) for dx, dy, peak in places)
    images = image + rng.normal(0, 0.02, (n, 2, 25, 25))
    catalog = pd.DataFrame({"object_id": [f"o{k}" for k in range(n)], "field": "1-1-1"})
    told = {"x": 50.0, "y": 60.0, "neighbour_arcsec": 9.0, "neighbour_mag_r": 20.0}
    told |= {f"noise_{b}": 0.02 for b in "gr"} | {f"psf_fwhm_{b}": 1.4 for b in "gr"}
    return images.astype(np.float32), catalog.assign(**told)


def test_measures_follow_the_object_wherever_it_stands():
    middle, moved = (measure_scenes(*painted([place]), ["g", "r"])
                     for place in ((0, 0, 3.0), (7, -6, 3.0)))  # fmt: skip
    assert moved["snr_r"].median() == pytest.approx(middle["snr_r"].median(), rel=0.03)
    for name in ("feat_size", "feat_ellipticity", "feat_peak_1"):
        assert moved[name].median() == pytest.approx(middle[name].median(), abs=0.05)
    fixed = measure_patches(*painted([(7, -6, 3.0)]), ["g", "r"])
    assert fixed["snr_r"].median() < 0.2 * moved["snr_r"].median()


def test_a_second_source_is_found_and_its_distance_told():
    one = measure_scenes(*painted([(-4, 0, 3.0)]), ["g", "r"])
    two = measure_scenes(*painted([(-4, 0, 3.0), (6, 0, 2.0)]), ["g", "r"])
    assert two["feat_gap"].median() == pytest.approx(10 / (1.4 / 0.396), rel=0.02)
    assert two["feat_peak_2"].median() > one["feat_peak_2"].median() + 1.5
    assert np.isfinite(two.select_dtypes("number").to_numpy()).all()


def test_a_shard_without_patches_has_the_same_columns():
    images, catalog = painted([(0, 0, 1.0)])
    empty = measure_scenes(images[:0], catalog[:0], ["g", "r"])
    assert len(empty) == 0
    assert list(empty) == list(measure_scenes(images, catalog, ["g", "r"]))


# --- config ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("datasets/sdss-scenes-25px/scene/shift_px", 9, "wanted shift_px at most within_px"),
        ("datasets/sdss-scenes-25px/scene/within_px", 13, "at most half of the 25 px"),
        ("datasets/pn-sss/scene", {}, "wanted a survey of fields with a catalogue; found hash"),
        ("paper/star-galaxy/four_classes/task", "star-galaxy-large", "on patches with a scene"),
        ("paper/star-galaxy/four_classes/network", "sg-four-forest", "a network of its own"),
        ("paper/star-galaxy/four_classes/main", ["sg-large-ours"], "star-galaxy-four; found sg-l"),
        ("paper/star-galaxy/four_classes/field", "8162-6-81", "four_classes.field"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(place, value, words):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    *folders, last = place.split("/")
    block = config
    for name in folders:
        block = block[name]
    block[last] = value
    with pytest.raises(FewskyError) as error:
        resolve(config)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_data_set_without_a_scene_is_told_of_none():
    plan = resolve(yaml.safe_load((ROOT / "config.yaml").read_text()))
    assert "scene" not in plan.datasets["sdss-ugriz-25px"]
