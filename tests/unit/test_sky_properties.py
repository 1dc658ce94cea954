"""The sky of properties: it reads as its surveys, and its objects are what they are called."""

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.metrics.subsets import match_truth
from fewsky.raw.payload import examine
from fewsky.sky.properties_light import FINE, light_of, seen, shape_of
from fewsky.sky.properties_population import (
    APART_DEG,
    galaxies_by_type,
    pairs_and_singles,
    points_and_galaxies,
    seen_by_splus,
)
from fewsky.sky.properties_spectra import SDSS, SPLUS, in_bands, old, quasar, star, young
from fewsky.splits.sphere import nearest
from tests.unit.properties_world import SEED, SKY, bring, simulated

NAMES = ("specobj", "splus", "mergers", "efigi")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    return {name: bring(tmp_path_factory.mktemp(name), name) for name in NAMES}


# --- all surveys ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_the_sky_goes_through_download_choice_and_cuts(worlds, name):
    world = worlds[name]
    assert world.truth["object_id"].is_unique
    # Nothing is written that is not asked for, or asked for and not written.
    assert set(world.listed["path"]) <= set(world.files["path"])
    catalog = world.catalog.set_index("object_id")
    assert sorted(catalog.index) == sorted(world.truth["object_id"])
    truth = world.truth.set_index("object_id").loc[catalog.index]
    assert (truth["label"] == catalog["label"]).all()
    for axis in ("ra", "dec"):
        assert np.abs(truth[axis] - catalog[axis]).max() < 1e-5
    assert np.isfinite(world.images).all() and world.images.std(axis=(1, 2, 3)).min() > 0.001
    found = match_truth(world.catalog, world.truth, sorted(set(world.truth["true_class"])))
    assert (found == truth["true_class"]).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_file_says_that_it_is_simulated(tmp_path, name):
    files, _ = simulated(tmp_path, name)
    for row in files.drop_duplicates("bytes").itertuples():
        found = examine(tmp_path / row.path)
        assert found.simulated and (found.sha256, found.bytes) == (row.sha256, row.bytes)


@pytest.mark.parametrize("name", ("specobj", "efigi"))
def test_the_same_seed_gives_the_same_bytes(tmp_path, name):
    one, two = (simulated(tmp_path / folder, name)[0] for folder in "ab")
    assert one["sha256"].tolist() == two["sha256"].tolist()
    other = simulated(tmp_path / "c", name, seed=SEED + 1)[0]
    assert not set(other["sha256"]) & set(one["sha256"])


def test_a_sky_with_too_few_objects_is_refused(tmp_path):
    for name, key in (("specobj", "per_class"), ("splus", "splus_per_class"),
                      ("mergers", "mergers_per_class")):  # fmt: skip
        with pytest.raises(FewskyError, match=rf"sky.properties.{key}: wanted at least"):
            simulated(tmp_path, name, **{key: 2})


# --- who is there --------------------------------------------------------------------------------
@pytest.mark.parametrize("people", (points_and_galaxies, pairs_and_singles, galaxies_by_type))
def test_labels_are_wrong_as_often_as_told(people):
    many = {**SKY, "per_class": 400, "mergers_per_class": 600, "efigi_per_type": 70}
    table = people({**many, "label_noise": 0.1}, SEED)
    assert table["label"].value_counts().nunique() == 1
    wrong = table["label"] != table["true_class"]
    assert (wrong == table["label_is_wrong"]).all()
    assert abs(wrong.mean() - 0.1) < 0.035  # 4 standard deviations of 1,200 draws
    assert not people({**many, "label_noise": 0.0}, SEED)["label_is_wrong"].any()
    places = table["ra"].to_numpy(), table["dec"].to_numpy()
    for row in range(0, len(table), 97):
        others = np.arange(len(table)) != row
        apart, _ = nearest(*(p[[row]] for p in places), *(p[others] for p in places))
        assert apart[0] > 0.9 * APART_DEG * 3600


def test_brightness_does_not_tell_the_class():
    table = points_and_galaxies({**SKY, "per_class": 400, "label_noise": 0.0}, SEED)
    by_class = table.groupby("label")["mag_r"].mean()
    assert np.ptp(by_class) < 4 * table["mag_r"].std() * np.sqrt(2 / 400)
    low, high = SKY["magnitudes"]
    assert table["mag_r"].between(low, high).all()


def test_splus_sees_objects_of_sdss():
    both = points_and_galaxies(SKY, SEED).merge(seen_by_splus(SKY, SEED), on="number")
    assert len(both) == 3 * SKY["splus_per_class"]
    assert (both["mag_r_x"] == both["mag_r_y"]).all() and (both["ra_x"] == both["ra_y"]).all()


# --- what they look like -------------------------------------------------------------------------
def test_quasars_are_bluer_than_stars_and_galaxies_redden():
    colour = {name: -2.5 * np.log10(flux[0] / flux[1]) for name, flux in {
        "star": in_bands(star(5500), SDSS), "cool": in_bands(star(3700), SDSS),
        "quasar": in_bands(quasar(1.2, -0.45), SDSS), "old": in_bands(old(0.1), SDSS),
        "young": in_bands(young(0.1), SDSS),
    }.items()}  # u - g  # fmt: skip
    assert colour["quasar"] < 0.5 < 0.7 < colour["star"] < colour["cool"]  # the cut of Sandage 1965
    assert colour["young"] < colour["star"] < colour["old"]


def test_a_narrow_band_sees_the_line_of_a_quasar():
    bands = {name: SPLUS[name] for name in ("r", "f515", "f660")}
    line = 2798 * (1 + np.array([0.3, 0.5, 0.83]))  # Mg II, Mg II beside the band, Mg II within it
    ratios = [np.divide(*in_bands(quasar(w / 2798 - 1, -0.45), bands)[[1, 2]]) for w in line]
    assert ratios[2] > 1.1 * ratios[1]


def item(**change):
    told = {"number": 3, "mag_r": 18.0, "true_class": "star", "form": "point", "redshift": 0.1,
            "temperature": 5500.0, "slope": -0.45}  # fmt: skip
    return pd.Series({**told, **change})


def test_an_image_holds_the_flux_of_its_object():
    for form in ("point", "oval", "loose", "pair"):
        light = light_of(item(form=form), SDSS, 48, 10.0, [SEED])
        assert light.maps.shape[1:] == (48 * FINE, 48 * FINE)
        r = list(SDSS).index("r")
        assert light.total[r] == pytest.approx(10 ** (-0.4 * (18 - 22.5)), rel=1e-5)
        image = seen(light, 3.0, np.zeros(5), np.random.default_rng(0))
        # The wings that leave the image are less than a fiftieth; light scatters by its root.
        assert image[r].sum() == pytest.approx(light.total[r], rel=0.04), form


def test_only_galaxies_are_extended():
    point, galaxy = (
        light_of(item(form=form), SDSS, 48, 12.0, [SEED]) for form in ("point", "oval")
    )
    assert shape_of(point, 2, 0.396) == {"half": 0.0, "most": 0.0, "ratio": 1.0}
    found = shape_of(galaxy, 2, 0.396)
    assert 1 < found["half"] < found["most"] < 12 * 0.396 and 0.4 < found["ratio"] < 0.85
