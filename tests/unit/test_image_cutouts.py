"""Whole images as a dataset: a folder of one's own, scaling, resizing, and what is measured."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from PIL import Image

from fewsky.console import FewskyError
from fewsky.cutouts.images import cut_shard, resized, scaled
from fewsky.cutouts.measure_images import measure_images
from fewsky.cutouts.surroundings import RING, distance, surroundings
from fewsky.raw.download import fetch_all
from fewsky.surveys import folder
from fewsky.surveys.folder_images import read_picture, select_objects
from fewsky.surveys.object_table import load_objects

IMAGE = {"by": "image", "low": 0.5, "high": 99.5}
FIXED = {"by": "fixed", "low": 0.0, "high": 255.0}
GREY, COLOURS = ["grey"], ["red", "green", "blue"]


def dataset(**change):
    return {"survey": "mine", "size": 8, "edge": "drop", "scale": FIXED, **change}


def picture(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path, **options)


def gradient(side=16):
    return np.add.outer(np.arange(side), np.arange(side)).astype(np.uint8)


@pytest.fixture
def own(tmp_path):
    """A folder of three grey images with positions for one and a number for each."""
    for k in range(3):
        picture(tmp_path / f"own/images/{k}.png", gradient() + 10 * k)
    (tmp_path / "own/catalog.csv").write_text(
        "object_id,file,label,ra,dec,flux,remark\n"
        "a,images/0.png,star,10.5,-3,1.5,x\nb,images/1.png,galaxy,,,2.5,y\nc,images/2.png,,,,,z\n"
    )
    return tmp_path / "own"


def survey_of(path, bands=GREY):
    return {"reader": "folder", "folder": str(path), "bands": bands, "reference_band": bands[0]}


def through(path, tmp_path, bands=GREY, **change):
    """A folder's images and catalogue, by way of the lists of the raw room."""
    survey = survey_of(path, bands)
    shard = folder.shards(survey)["all"]
    store = tmp_path / "store"
    files = fetch_all(folder.catalogue_files(folder.catalogue(survey)), store)
    select_objects(files, store, {}).to_csv(tmp_path / "objects.csv", index=False)
    rows = pd.read_csv(tmp_path / "objects.csv", dtype=str, keep_default_na=False)
    raw = fetch_all(folder.files(shard, rows.to_dict("records")), store)
    objects = load_objects(tmp_path / "objects.csv")
    return cut_shard(raw, objects, store, dataset(**change), survey)


# --- a folder ----------------------------------------------------------------------------------
def test_a_folder_becomes_images_and_a_catalogue(own, tmp_path):
    images, catalog = through(own, tmp_path, size=16)
    assert images.shape == (3, 1, 16, 16) and images.dtype == np.float32
    assert np.allclose(images[1, 0], (gradient() + 10) / 255)
    assert catalog["object_id"].tolist() == ["a", "b", "c"]
    assert catalog["label"].tolist() == ["star", "galaxy", ""]
    assert catalog["flux"].tolist()[:2] == [1.5, 2.5] and np.isnan(catalog["flux"][2])
    assert "remark" not in catalog  # numbers only
    assert catalog["glat"].notna().tolist() == [True, False, False]
    assert catalog["abs_b"][0] == abs(catalog["glat"][0])
    assert catalog["background_grey"].tolist() == [15.0, 25.0, 35.0]
    assert catalog["complete"].all() and (catalog["high_grey"] == 255).all()


def test_the_list_of_a_folder_names_bytes_that_stay(own, tmp_path):
    shard = folder.shards(survey_of(own))["all"]
    assert folder.local_images(shard) == [str(own / f"images/{k}.png") for k in range(3)]
    (own / "images/1.png").unlink()
    assert len(folder.local_images(shard)) == 2
    with pytest.raises(FewskyError, match=r"images/1\.png: wanted a file of your own; found none"):
        through(own, tmp_path)
    assert folder.local_images({"folder": str(tmp_path / "nowhere")}) == []


@pytest.mark.parametrize("name", ["https://h/a.png", "/etc/passwd", "../a.png", ""])
def test_files_outside_the_folder_are_refused(own, name):
    shard = folder.shards(survey_of(own))["all"]
    with pytest.raises(FewskyError, match="wanted a path within the folder"):
        folder.files(shard, [{"object_id": "a", "file": name}])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("object_id,label\na,b\n", "wanted columns object_id, file; found no file"),
        ("object_id,file,label\n", "wanted rows"),
        ("object_id,file,label\na,f,x\na,g,y\n", "each object_id once; found 'a' twice"),
        ("object_id,file,label\n,f,x\n", "each object_id once; found an empty one"),
        ("object_id,file,label,plate\na,f,x,1\n", "names of your own; found 'plate'"),
        ("object_id,file,label,ring_rms_r\na,f,x,1\n", "names of your own; found 'ring_rms_r'"),
        (
            "object_id,file,label,ra,dec\na,f,x,1,91\n",
            "dec in degrees, -90 to 90, .* '91' in row 1",
        ),
        (
            "object_id,file,label,ra,dec\na,f,x,one,9\n",
            "ra in degrees, 0 to 360, .* 'one' in row 1",
        ),
        ("", "a CSV with a line of column names"),
    ],
)
def test_bad_catalogues_are_one_line(tmp_path, text, reason):
    (tmp_path / "c.csv").write_text(text)
    files = pd.DataFrame([{"path": "c.csv", "url": "own/catalog.csv"}])
    with pytest.raises(FewskyError, match=reason) as caught:
        select_objects(files, tmp_path, {})
    assert "\n" not in str(caught.value) and "own/catalog.csv" in str(caught.value)


def test_a_folder_has_one_band_or_three():
    with pytest.raises(FewskyError, match=r"one \(grey\) or three .* found 2"):
        folder.shards(survey_of("x", ["a", "b"]))
    with pytest.raises(FewskyError, match="folder: wanted the path"):
        folder.shards({**survey_of("x"), "folder": None})


# --- pictures ----------------------------------------------------------------------------------
def rgb(side=8):
    return np.stack([gradient(side), gradient(side) + 1, gradient(side) + 2], axis=2)


def test_pictures_of_each_kind_are_read(tmp_path):
    picture(tmp_path / "l.png", gradient())
    picture(tmp_path / "i16.png", gradient().astype(np.uint16) * 257)
    picture(tmp_path / "rgb.png", rgb())
    picture(tmp_path / "same.png", np.repeat(gradient()[..., None], 3, axis=2))
    picture(tmp_path / "rgba.png", np.dstack([rgb(), np.full((8, 8), 255, np.uint8)]))
    Image.fromarray(rgb()).quantize(64).save(tmp_path / "p.png")
    fits.PrimaryHDU(np.moveaxis(rgb(), 2, 0).astype(np.float32)).writeto(tmp_path / "cube.fits")
    assert (read_picture(tmp_path / "l.png", "l.png", GREY)[0] == gradient()).all()
    assert read_picture(tmp_path / "i16.png", "i16.png", GREY).max() == 30 * 257
    assert read_picture(tmp_path / "same.png", "same.png", GREY).shape == (1, 16, 16)
    for name in ("rgb.png", "rgba.png", "cube.fits"):
        cube = read_picture(tmp_path / name, name, COLOURS)
        assert (cube == np.moveaxis(rgb(), 2, 0)).all() and cube.dtype == np.float32
    assert read_picture(tmp_path / "p.png", "p.png", COLOURS).shape == (3, 8, 8)


def test_bad_pictures_are_one_line(tmp_path, monkeypatch):
    picture(tmp_path / "grey.png", gradient())
    picture(tmp_path / "rgb.png", rgb())
    picture(tmp_path / "same.png", np.repeat(gradient()[..., None], 3, axis=2))
    hole = np.where(gradient() == 3, np.nan, gradient()).astype(np.float32)
    fits.PrimaryHDU(np.stack([hole] * 3)).writeto(tmp_path / "same.fits")
    fits.PrimaryHDU(np.arange(4 * 64.0).reshape(4, 8, 8)).writeto(tmp_path / "four.fits")
    picture(tmp_path / "wide.png", gradient()[:8])
    picture(tmp_path / "clear.png", np.dstack([rgb(), np.full((8, 8), 9, np.uint8)]))
    Image.fromarray(rgb()).convert("CMYK").save(tmp_path / "cmyk.jpg")
    (tmp_path / "text.png").write_text("<html><title>404</title></html>")
    (tmp_path / "empty.png").write_bytes(b"")
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    picture(tmp_path / "whole.png", noise)
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:-4000])
    fits.PrimaryHDU().writeto(tmp_path / "none.fits")
    bad = {
        "grey.png": (COLOURS, "colour for the bands red, green, blue; found a grey image. "),
        "same.png": (COLOURS, "colour .*; found a grey image stored as 3 equal planes"),
        "same.fits": (COLOURS, "colour .*; found a grey image stored as 3 equal planes"),
        "four.fits": (COLOURS, "the bands red, green, blue; found 4 planes"),
        "rgb.png": (GREY, "a grey image for the band grey; found a colour one"),
        "wide.png": (GREY, "a square image; found 16 x 8 pixels"),
        "clear.png": (COLOURS, "an opaque image; found one with transparent pixels"),
        "cmyk.jpg": (COLOURS, "a grey or an RGB image; found one of mode CMYK"),
        "text.png": (GREY, r"wanted an image; found an HTML page \(404\)"),
        "empty.png": (GREY, "wanted an image; found an empty file that cannot"),
        "cut.png": (COLOURS, "wanted a whole image; found .*truncated"),
        "none.fits": (GREY, "an image of two axes, or band, y, x; found none"),
    }
    for name, (bands, reason) in bad.items():
        with pytest.raises(FewskyError, match=reason) as caught:
            read_picture(tmp_path / name, f"own/{name}", bands)
        assert str(caught.value).startswith(f"own/{name}: ") or name.endswith(".fits")
        assert "\n" not in str(caught.value)
    monkeypatch.setattr("fewsky.surveys.folder_images.LARGEST_PX", 100)
    with pytest.raises(FewskyError, match="wanted at most 100 pixels; found 256"):
        read_picture(tmp_path / "grey.png", "grey.png", GREY)


def test_a_bomb_is_not_unpacked(tmp_path):
    Image.new("1", (20000, 20000)).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < 100_000
    with pytest.raises(FewskyError, match=r"bomb.png: wanted (at most 64,000,000 pixels|an image)"):
        read_picture(tmp_path / "bomb.png", "bomb.png", GREY)


# --- scaling and size --------------------------------------------------------------------------
def test_percentiles_of_each_band_become_nought_and_one():
    cube = np.stack([np.arange(10000.0).reshape(100, 100), np.full((100, 100), 7.0)])
    cube[1, 0, 0] = 8.0
    image, numbers = scaled(cube, 100, {"by": "image", "low": 1, "high": 99})
    assert numbers["low"][0] == pytest.approx(99.99) and numbers["high"][0] == pytest.approx(
        9899.01
    )
    assert image[0].min() == 0 and image[0].max() == 1
    assert np.isclose(image[0, 50, 0], (5000 - 99.99) / (9899.01 - 99.99))
    assert np.isnan(image[1]).all()  # no contrast between the percentiles


def test_a_fixed_range_is_the_same_for_all():
    image, numbers = scaled(np.array([[[0.0, 50.0], [100.0, 300.0]]]), 2, {**FIXED, "high": 200})
    assert image[0].ravel().tolist() == [0.0, 0.25, 0.5, 1.0]
    assert numbers["high"].tolist() == [200]


@pytest.mark.parametrize(
    "scale", [{**IMAGE, "high": 101}, {**IMAGE, "low": 99.5}, {**FIXED, "low": 255}]
)
def test_scales_that_are_none_are_one_line(own, tmp_path, scale):
    with pytest.raises(FewskyError, match="scale: wanted low below high"):
        through(own, tmp_path, scale=scale)


def test_smaller_images_do_not_alias_and_keep_their_mean():
    checks = np.indices((128, 128)).sum(axis=0) % 2 * 1.0
    assert np.abs(resized(checks, 32)[4:-4, 4:-4] - 0.5).max() < 1e-3
    spot = np.zeros((120, 120))
    spot[58:63, 70:75] = 1
    small = resized(spot, 40)
    y, x = np.mgrid[:40, :40]
    assert small.sum() == pytest.approx(25 / 9, rel=1e-3)
    assert (small * x).sum() / small.sum() == pytest.approx((72 + 0.5) / 3 - 0.5, abs=0.01)
    assert (small * y).sum() / small.sum() == pytest.approx((60 + 0.5) / 3 - 0.5, abs=0.01)
    assert resized(spot.astype(np.float32), 120) is not None
    assert (resized(spot, 120) == spot).all()


def test_pixels_without_data_stay_without_and_drop_or_flag_decides(own, tmp_path):
    plane = np.ones((64, 64))
    plane[10, 20] = np.nan
    small = resized(plane, 32)
    assert np.argwhere(np.isnan(small)).tolist() == [[5, 10]]
    assert np.allclose(small[np.isfinite(small)], 1)
    assert np.isnan(resized(np.full((8, 8), np.nan), 4)).all()
    picture(own / "images/1.png", np.full((16, 16), 9, np.uint8))
    images, catalog = through(own, tmp_path, scale=IMAGE)
    assert catalog["object_id"].tolist() == ["a", "c"] and np.isfinite(images).all()
    images, catalog = through(own, tmp_path, scale=IMAGE, edge="flag")
    assert catalog["complete"].tolist() == [True, False, True] and np.isnan(images[1]).all()


def test_images_of_several_sizes_are_told(own, tmp_path, capsys):
    picture(own / "images/1.png", gradient(32))
    images, _ = through(own, tmp_path)
    assert images.shape == (3, 1, 8, 8)
    assert "warning: images have sides from 16 to 32 pixels" in capsys.readouterr().out


# --- what is measured --------------------------------------------------------------------------
def scene(rng, side=64, radius=8.0, height=0.4, stars=0, bands=2):
    """A disc in the centre with noise, and stars outside it."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    image = 0.2 + rng.normal(0, 0.01, (bands, side, side))
    image[0] += height * (np.hypot(x, y) < radius)
    for _ in range(stars):
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.45) * side
        u, v = far * np.cos(angle), far * np.sin(angle)
        image += 0.5 * np.exp(-0.5 * ((x - u) ** 2 + (y - v) ** 2) / 1.2**2)
    return np.clip(image, 0, 1).astype(np.float32)


def measured(*images):
    catalog = pd.DataFrame({"object_id": [f"o{k}" for k in range(len(images))]})
    return measure_images(np.array(images), catalog, ["r", "b"])


def test_surroundings_know_nothing_of_the_centre():
    """Whatever stands within the ring, not one bit of any number changes."""
    image = scene(np.random.default_rng(2), height=0.0, stars=4)
    inside = distance(64) <= RING
    spots = np.random.default_rng(3).exponential(5.0, image.shape)
    others = [np.where(inside, content, image) for content in (spots, 1e6, 0.0, np.nan)]
    first = surroundings(image)
    assert list(first) == ["background", "spread", "ring_median", "ring_rms", "peaks"]
    assert first["peaks"][0] > 0
    for other in others:
        for name, values in surroundings(other.astype(np.float32)).items():
            assert values.tolist() == first[name].tolist(), name


def test_surroundings_are_in_the_image_s_own_units():
    image = scene(np.random.default_rng(1), height=0.5)
    one, many = surroundings(image), surroundings(3000 + 1000 * image)
    offsets = {"background": 3000, "spread": 0, "ring_median": 3000, "ring_rms": 0}
    for name, offset in offsets.items():
        assert many[name] == pytest.approx(offset + 1000 * one[name], rel=1e-3)
    for name, value in {"background": 0.2, "ring_median": 0.2}.items():
        assert one[name] == pytest.approx([value] * 2, abs=2e-3)
    for name in ("spread", "ring_rms"):
        assert one[name] == pytest.approx([0.01] * 2, rel=0.1)


def test_peaks_are_the_sources_of_the_ring():
    """Four stars beyond the ring's inner edge, one within it, and a gradient that is none."""
    y, x = np.mgrid[:96, :96] - 47.5
    sky = 500 + np.random.default_rng(5).normal(0, 3, (1, 96, 96)) + 0.5 * x
    for u, v in ((40, 40), (-40, 38), (-41, -40), (0, 43), (10, 20)):
        sky = sky + 200 * np.exp(-0.5 * ((x - u) ** 2 + (y - v) ** 2) / 1.5**2)
    found = surroundings(sky)
    assert found["peaks"].tolist() == [4]
    assert surroundings(np.round(sky))["peaks"].tolist() == [4]


def test_surroundings_of_little_are_no_crash():
    flat = surroundings(np.stack([np.full((32, 32), 9.0), np.full((32, 32), np.nan)]))
    assert [flat[name][0] for name in flat] == [9, 0, 9, 0, 0]
    assert np.isnan([flat[name][1] for name in flat]).all()
    assert np.isnan(surroundings(np.ones((1, 2, 2)))["background"]).all()
    y, x = np.mgrid[:64, :64]
    star = 200 * np.exp(-0.5 * np.hypot(x - 8, y - 8) ** 2 / 1.5**2)
    dark = surroundings(np.round(star)[None])  # on a sky that was cut off at 0
    assert dark["peaks"].tolist() == [1] and dark["ring_rms"].tolist() == [0]


def test_a_catalogue_has_the_surroundings_before_scaling(own, tmp_path):
    plain, bright = gradient(), gradient()
    bright[5:11, 5:11] = 255
    picture(own / "images/0.png", plain)
    picture(own / "images/1.png", bright)
    _, catalog = through(own, tmp_path, scale=IMAGE)
    names = ["background", "spread", "ring_median", "ring_rms", "peaks"]
    own_units = catalog[[f"{name}_grey" for name in names]]
    assert own_units.iloc[0].tolist() == own_units.iloc[1].tolist()
    assert own_units["background_grey"][0] == 15.0
    assert catalog["high_grey"][0] < catalog["high_grey"][1]
    assert list(measured(np.zeros((2, 16, 16), np.float32)).filter(regex="^(ring|peaks)_")) == []


def test_features_tell_size_light_and_colour():
    rng = np.random.default_rng(3)
    table = measured(scene(rng, radius=5), scene(rng, radius=12), scene(rng, height=0.0))
    # Half the light of a flat disc lies within 0.707 radii.
    assert table["feat_halflight_r"][0] == pytest.approx(0.7071 * 5 / 64, abs=0.01)
    assert table["feat_halflight_r"][1] == pytest.approx(0.7071 * 12 / 64, abs=0.01)
    assert table["feat_profile0_r"][0] == pytest.approx(np.arcsinh(40), abs=0.2)
    assert table["feat_colour_core_r_b"][0] > 3 > abs(table["feat_colour_core_r_b"][2])
    assert table["feat_light_r"][1] > table["feat_light_r"][0] > table["feat_light_r"][2]


def test_features_do_not_know_which_way_is_up():
    image = scene(np.random.default_rng(4), stars=3)
    table = measured(image, np.rot90(image, 1, axes=(1, 2)), image[:, ::-1])
    features = table.filter(regex="feat_(?!roughness)").to_numpy()
    assert np.allclose(features, features[0], atol=1e-3)


def test_no_feature_is_nan_not_even_of_nothing():
    blank = np.full((2, 32, 32), np.nan, np.float32)
    table = measured(blank, np.zeros((2, 32, 32), np.float32), np.ones((2, 32, 32), np.float32))
    assert np.isfinite(table.drop(columns="object_id").to_numpy()).all()
    none = measure_images(np.zeros((0, 2, 32, 32)), pd.DataFrame({"object_id": []}), ["r", "b"])
    assert len(none) == 0 and list(none.columns) == list(table.columns)


@pytest.mark.real
def test_a_real_folder_of_plates_is_cut_and_measured(shared, tmp_path):
    path = shared / "images/planetary-nebulae-dss"
    images, catalog = through(path, tmp_path, size=64)
    assert images.shape == (258, 1, 64, 64) and np.isfinite(images).all()
    assert catalog["label"].value_counts().to_dict() == {"not-pn": 160, "true-pn": 98}
    table = measure_images(images[::8], catalog[::8].reset_index(drop=True), GREY)
    assert np.isfinite(table.drop(columns="object_id").to_numpy()).all()
    with pytest.raises(FewskyError, match=r"not-pn-0000.jpg: wanted colour for the bands red"):
        through(path, tmp_path, bands=COLOURS)
