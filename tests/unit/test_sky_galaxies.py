"""The demo sky of galaxies: it reads as Galaxy10, and its classes look as they are called."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml

from fewsky.console import FewskyError
from fewsky.raw.payload import examine
from fewsky.sky.galaxies import TRUTH, simulate_galaxies
from fewsky.sky.galaxies_forms import FORMS
from fewsky.sky.galaxies_paint import paint, picture
from fewsky.sky.galaxies_population import MISTAKEN, population
from fewsky.splits.sphere import nearest
from fewsky.surveys.galaxy10 import CLASSES, selection
from fewsky.surveys.galaxy10_file import select_objects

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "schemas/config.schema.yaml").read_text())
KEYS = SCHEMA["$defs"]["sky_galaxy10_release"]["properties"]
SETTINGS = {name: key["default"] for name, key in KEYS.items() if "default" in key}
SETTINGS |= {"side_px": 40}
CLEAN = {**SETTINGS, "stars": 0, "noise": [1e-4, 1e-4], "side_px": 69}
SEED = 5


def survey(release, each=3, **change):
    return {
        "release": release, "counts": dict.fromkeys(CLASSES[release], each), "field_arcsec": 67.0,
        "urls": {"images": f"https://zenodo.org/records/1/files/{release}.h5"}, **change,
    }  # fmt: skip


def made(folder, release, each=3, seed=SEED, **settings):
    told = {**SETTINGS, **settings}
    return simulate_galaxies(told, survey(release, each), folder, seed=seed)


def objects(folder, files, release, each=3):
    told = {**survey(release, each), "reader": "galaxy10", "shard_objects": 1000}
    return select_objects(files.assign(url=""), folder, selection(told))


# --- the file ------------------------------------------------------------------------------------
@pytest.mark.parametrize("release", CLASSES)
def test_the_file_is_read_as_a_real_one(tmp_path, release):
    files, truth = made(tmp_path, release)
    table = objects(tmp_path, files, release)
    assert truth.columns.tolist() == TRUTH and truth["object_id"].is_unique
    assert table["object_id"].tolist() == truth["object_id"].tolist()
    assert table["label"].tolist() == truth["label"].tolist()
    found = examine(tmp_path / files["path"][0])
    assert found.sha256 == files["sha256"][0] and found.bytes == files["bytes"][0]
    assert found.simulated
    with h5py.File(tmp_path / files["path"][0]) as content:
        keys = {"images", "ans"} | ({"ra", "dec", "redshift", "pxscale"} if release == "decals"
                                    else set())  # fmt: skip
        assert set(content) == keys
        assert content["images"].shape == (30, 40, 40, 3) and content["images"].dtype == np.uint8
        assert content["ans"].dtype == np.uint8 and content["images"][:].max() > 150
        if release == "decals":
            assert content["pxscale"][0] == 67 / 40
            assert np.array_equal(content["ra"][:], truth["ra"])


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    one, two = (made(tmp_path / name, "decals", each=2)[0] for name in "ab")
    assert one["sha256"][0] == two["sha256"][0]
    other = made(tmp_path / "c", "decals", each=2, seed=SEED + 1)[0]
    assert other["sha256"][0] != one["sha256"][0]


def test_twins_need_positions(tmp_path):
    with pytest.raises(FewskyError, match="twin_share: wanted 0, since its file has no positions"):
        made(tmp_path, "sdss", twin_share=0.1)


# --- who is there --------------------------------------------------------------------------------
def many(release="decals", **settings):
    return population({**SETTINGS, **settings}, survey(release, each=300), SEED)


@pytest.mark.parametrize("release", CLASSES)
def test_labels_are_wrong_as_often_as_told(release):
    table = many(release, label_noise=0.1)
    assert table["label"].value_counts().to_dict() == survey(release, 300)["counts"]
    wrong = table["label"] != table["true_class"]
    assert (wrong == table["label_is_wrong"]).all()
    assert abs(wrong.mean() - 0.1) < 0.02  # 3.7 standard deviations of 3,000 draws
    pairs = zip(table["label"][wrong], table["true_class"][wrong], strict=True)
    assert all(true in MISTAKEN[release][label] for label, true in pairs)
    assert not many(release, label_noise=0.0)["label_is_wrong"].any()


def test_twins_are_one_galaxy_with_labels_of_their_own():
    table = many(twin_share=0.3, label_noise=0.05)
    second = table[table["twin_of"] != ""]
    first = table.set_index("object_id").loc[second["twin_of"]].reset_index()
    assert len(second) == 450 and not set(second["object_id"]) & set(second["twin_of"])
    for column in ("galaxy", "true_class", "radius_share", "redshift"):
        assert (second[column].to_numpy() == first[column].to_numpy()).all()
    apart, index = nearest(second["ra"], second["dec"], first["ra"], first["dec"])
    assert (index == np.arange(450)).all() and apart.max() < 1 and apart.min() > 0
    differ = (second["label"].to_numpy() != first["label"].to_numpy()).mean()
    assert 0.05 < differ < 0.16  # twice the noise, 3.5 standard deviations
    assert table["galaxy"].nunique() == 2550


def test_size_place_and_redshift_do_not_tell_the_class():
    table = many("sdss")
    for column in ("radius_share", "redshift", "ra", "dec"):
        by_class = table.groupby("true_class")[column].mean()
        spread = table[column].std() / np.sqrt(300)
        assert np.abs(by_class - table[column].mean()).max() < 4 * spread, column


# --- what they look like -------------------------------------------------------------------------
def light(release, name, number, radius=0.32, **settings):
    """A picture's brightness above the sky and its colour, blue over red, (y, x) each."""
    rngs = (np.random.default_rng([number, k]) for k in (1, 2))
    image = paint(FORMS[release][name], {**CLEAN, **settings}, radius, *rngs).astype(float)
    sky = np.median(image[:4], axis=(0, 1))
    red, green, blue = np.moveaxis(np.maximum(image - sky, 0), 2, 0)
    return (red + green + blue) / 3, (blue + 1) / (red + 1)


def axes(plane):
    """Axis ratio, by second moments, of a plane."""
    y, x = np.indices(plane.shape)
    total = plane.sum()
    dx, dy = x - (plane * x).sum() / total, y - (plane * y).sum() / total
    matrix = [[(plane * a * b).sum() for a in (dx, dy)] for b in (dx, dy)]
    low, high = np.linalg.eigvalsh(matrix)
    return np.sqrt(low / high)


def turned(plane):
    """Share of the light that a half turn moves."""
    return np.abs(plane - np.rot90(plane, 2)).sum() / (2 * plane.sum())


def wiggles(plane, low=0.3, high=0.9, radius=0.32):
    """Highest rise of the light along rays from the centre, on average: there are arms."""
    centre = (np.array(plane.shape) - 1) / 2
    far = np.linspace(low, high, 40) * radius * plane.shape[0]
    counts = []
    for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False):
        row, column = (np.rint(c + far * f(angle)).astype(int) for c, f in
                       zip(centre, (np.sin, np.cos), strict=True))  # fmt: skip
        ray = plane[row, column]
        lows = np.minimum.accumulate(ray)
        counts.append((ray - lows).max() / plane.max())
    return float(np.mean(counts))


def mean_of(measure, release, name, count=6, **settings):
    return np.mean([measure(light(release, name, k, **settings)[0]) for k in range(count)])


@pytest.mark.parametrize("release", CLASSES)
def test_smooth_galaxies_differ_in_axis_ratio(release):
    ratio = {name: mean_of(axes, release, f"{name}-smooth") for name in ("round", "in-between",
                                                                         "cigar")}  # fmt: skip
    assert ratio["round"] > 0.9 > 0.78 > ratio["in-between"] > 0.5 > 0.45 > ratio["cigar"]
    assert mean_of(axes, release, "edge-on-no-bulge") < ratio["cigar"]


def test_edge_on_galaxies_have_the_bulge_that_they_should():
    """Light above the plane: none, most at the centre (rounded), or as much beside it (boxy)."""

    def heights(name):
        centre, beside = [], []
        for number in range(6):
            plane = light("sdss", name, number)[0]
            y, x = np.indices(plane.shape) - 34.0
            seen = plane.sum()
            angle = 0.5 * np.arctan2(2 * (plane * x * y).sum() / seen,
                                     (plane * (x * x - y * y)).sum() / seen)  # fmt: skip
            along = np.cos(angle) * x + np.sin(angle) * y
            above = np.abs(np.cos(angle) * y - np.sin(angle) * x)
            high = (above > 4.5) & (above < 6.5)  # where a thin disk ends
            peak = plane.max()
            centre.append(plane[high & (np.abs(along) < 2)].mean() / peak)
            beside.append(plane[high & (np.abs(along) > 5) & (np.abs(along) < 8)].mean() / peak)
        return np.mean(centre), np.mean(beside)

    none, rounded, boxy = (heights(f"edge-on-{kind}") for kind in ("no-bulge", "rounded-bulge",
                                                                   "boxy-bulge"))  # fmt: skip
    assert none[0] < 0.5 * rounded[0] and none[0] < 0.7 * boxy[0]
    assert rounded[0] > 1.3 * rounded[1]
    assert boxy[1] > 1.05 * boxy[0]


def test_arms_are_more_than_a_bare_disk_and_wind_by_pitch():
    bare, tight, medium, loose = (
        mean_of(wiggles, "sdss", name)
        for name in ("face-on-disk", "tight-spiral", "medium-spiral", "loose-spiral")
    )
    assert bare < 0.5 * min(tight, medium, loose)
    # Rays cross arms of a tight spiral more often: their light repeats over a shorter way.
    tight, loose = (
        mean_of(lambda plane: np.abs(np.diff(plane, 2, axis=0)).sum() / plane.sum(), "sdss", name)
        for name in ("tight-spiral", "loose-spiral")
    )
    assert tight > 1.15 * loose


def test_disturbed_galaxies_are_lopsided_and_mergers_have_two_nuclei():
    odd = mean_of(turned, "decals", "disturbed")
    assert odd > 1.5 * max(
        mean_of(turned, "decals", name) for name in ("round-smooth", "tight-spiral", "loose-spiral")
    )
    centre = mean_of(lambda p: p[33:36, 33:36].mean() / p.max(), "decals", "merging")
    assert centre < 0.75 < mean_of(lambda p: p[33:36, 33:36].mean() / p.max(), "decals",
                                   "round-smooth")  # fmt: skip


def test_bars_are_red_and_arms_are_blue():
    for number in range(4):
        plane, colour = light("decals", "barred-spiral", number)
        bright = plane > 0.2 * plane.max()
        y, x = np.indices(plane.shape) - 34.0
        inside = np.hypot(x, y) < 5
        outside = (np.hypot(x, y) > 14) & (np.hypot(x, y) < 22)
        assert colour[bright & inside].mean() < 0.9 * colour[bright & outside].mean()


def test_noise_is_what_it_is_told_and_the_side_scales():
    quiet = light("sdss", "round-smooth", 1)[0]
    noisy = light("sdss", "round-smooth", 1, noise=[0.2, 0.2])[0]
    assert noisy[:8].std() > 5 * quiet[:8].std()
    for side in (24, 128):
        plane = light("sdss", "round-smooth", 1, side_px=side)[0]
        assert plane.shape == (side, side)
        half = (plane > 0.5 * plane.max()).mean()
        assert half == pytest.approx((quiet > 0.5 * quiet.max()).mean(), rel=0.35)


def test_a_picture_keeps_the_hue_of_what_is_too_bright():
    flat = np.ones((3, 2, 2)) * np.array([4.0, 2.0, 1.0])[:, None, None]
    faint, bright = (picture(flat * factor)[0, 0] - picture(flat * 0)[0, 0] for factor in (1, 1e4))
    assert bright[0] == 255 - picture(flat * 0)[0, 0, 0]
    assert bright[1] / bright[0] == pytest.approx(0.5, abs=0.02)
    assert faint[2] / faint[0] == pytest.approx(0.25, abs=0.04)
