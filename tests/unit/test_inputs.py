"""Inputs: each stretch by its formula, the point source taken out, scalars standardised."""

import numpy as np
import pandas as pd
import pytest
import torch

from fewsky.console import FewskyError
from fewsky.models import psf
from fewsky.models.inputs import describe, expanded, n_channels, noise, scalars, stretched
from fewsky.models.sources import objects_on

BANDS = ["g", "r"]
N, SIZE = 40, 15
CPU = torch.device("cpu")


def recipe(**changes):
    return {"stretch": "raw", "psf": "none", "softening": 3.0, "pixel_arcsec": 0.4} | changes


def sky(seed=0):
    rng = np.random.default_rng(seed)
    images = rng.normal([[[[0.1]], [[-0.2]]]], [[[[1]], [[2]]]], (N, 2, SIZE, SIZE))
    catalog = pd.DataFrame({"object_id": np.arange(N).astype(str), "x": 10.0, "y": 20.0})
    for band, level in zip(BANDS, (1.0, 2.0), strict=True):
        catalog[f"noise_{band}"] = level * rng.uniform(0.9, 1.1, N)
        catalog[f"psf_fwhm_{band}"] = 1.2 * level
    return images.astype(np.float32), catalog


def input_of(images, catalog, statistics):
    """What the network gets, `(n, channel, y, x)`."""
    objects = objects_on(CPU, images, catalog, statistics)
    pixels = stretched(objects.pixels, objects.noise, statistics)
    return pixels.reshape(len(images), SIZE, SIZE, -1).permute(0, 3, 1, 2).numpy()


def test_raw_leaves_nanomaggies_alone():
    images, catalog = sky()
    np.testing.assert_array_equal(
        input_of(images, catalog, describe(images, catalog, BANDS, recipe(), [])), images
    )


@pytest.mark.parametrize("stretch", ["robust", "asinh"])
def test_robust_and_asinh_measure_background_and_noise(stretch):
    images, catalog = sky()
    images[:, :, 7, 7] = 1000
    statistics = describe(images, catalog, BANDS, recipe(stretch=stretch), [])
    # 9,000 pixels a band: median and spread are known to about 1.5 %.
    np.testing.assert_allclose(statistics["median"], [0.1, -0.2], atol=0.06)
    np.testing.assert_allclose(statistics["spread"], [1, 2], rtol=0.04)
    median, spread = (np.reshape(statistics[k], (1, 2, 1, 1)) for k in ("median", "spread"))
    expected = (images - median) / spread
    if stretch == "asinh":
        expected = np.arcsinh(expected / 3)
    np.testing.assert_allclose(input_of(images, catalog, statistics), expected, atol=2e-5)


def test_luptitude_is_magnitudes_above_an_empty_pixel():
    """m = -2.5 / ln 10 * (asinh(f / f0 / 2b) + ln b), Lupton et al. 1999, with SDSS's b."""
    images, catalog = sky()
    statistics = describe(images, catalog, BANDS, recipe(stretch="luptitude"), [])

    def magnitude(nanomaggies, b):
        return -2.5 / np.log(10) * (np.arcsinh(nanomaggies * 1e-9 / (2 * b)) + np.log(b))

    b = np.reshape([0.9e-10, 1.2e-10], (1, 2, 1, 1))
    # Zero flux: 25.11 in g and 24.80 in r.
    np.testing.assert_allclose(magnitude(0, b).ravel(), [25.11, 24.80], atol=0.01)
    expected = magnitude(0, b) - magnitude(images.astype(np.float64), b)
    np.testing.assert_allclose(input_of(images, catalog, statistics), expected, atol=1e-4)


def test_snr_uses_the_noise_of_each_objects_own_field():
    images, catalog = sky()
    statistics = describe(images, catalog, BANDS, recipe(stretch="snr"), [])
    own = catalog[["noise_g", "noise_r"]].to_numpy()[:, :, None, None]
    np.testing.assert_allclose(
        input_of(images, catalog, statistics), np.arcsinh(images / (3 * own)), atol=1e-5
    )
    catalog.loc[0, "noise_r"] = np.nan
    assert noise(catalog, statistics)[0, 1] == pytest.approx(statistics["noise"][1])


def test_snr_of_a_field_twice_as_noisy_is_the_same_picture():
    images, catalog = sky()
    statistics = describe(images, catalog, BANDS, recipe(stretch="snr"), [])
    doubled = catalog.assign(noise_g=2 * catalog["noise_g"], noise_r=2 * catalog["noise_r"])
    np.testing.assert_allclose(
        input_of(2 * images, doubled, statistics), input_of(images, catalog, statistics), atol=1e-5
    )


def star_at(x, y, fwhm_px, flux=50.0):
    grid = np.arange(SIZE) - SIZE // 2
    square = (grid[:, None] - y) ** 2 + (grid[None, :] - x) ** 2
    core = fwhm_px / 2 / np.sqrt(2 ** (1 / 3) - 1)
    return flux * (1 + square / core**2) ** -3.0


def test_a_star_vanishes_and_a_galaxy_stays():
    _, catalog = sky()
    catalog = catalog.iloc[:2].assign(x=[10.3, 10.3], y=[19.6, 19.6])
    images = np.array(
        [
            [star_at(0.3, -0.4, 3), star_at(0.3, -0.4, 6)],
            [star_at(0.3, -0.4, 5), star_at(0.3, -0.4, 9)],
        ]
    ).astype(np.float32)
    statistics = describe(images, catalog, BANDS, recipe(psf="residual"), [])
    star, galaxy = np.abs(input_of(images, catalog, statistics)).max(axis=(1, 2, 3))
    assert star < 1e-4
    assert galaxy > 5


def test_the_residual_does_not_depend_on_the_stars_brightness():
    images, catalog = sky()
    bright = images + star_at(0, 0, 3)[None, None].astype(np.float32) * 100
    statistics = describe(images, catalog, ["g", "r"], recipe(psf="residual"), [])
    catalog = catalog.assign(psf_fwhm_g=1.2, psf_fwhm_r=1.2)
    np.testing.assert_allclose(
        input_of(bright, catalog, statistics), input_of(images, catalog, statistics), atol=2e-3
    )


def test_unknown_seeing_is_the_training_median_and_both_doubles_the_channels():
    images, catalog = sky()
    statistics = describe(images, catalog, BANDS, recipe(psf="both", stretch="snr"), [])
    assert n_channels(statistics) == 4
    assert statistics["point_source"]["fwhm_arcsec"] == pytest.approx([1.2, 2.4])
    unknown = catalog.assign(psf_fwhm_g=np.nan)
    found = input_of(images, unknown, statistics)
    np.testing.assert_array_equal(found, input_of(images, catalog, statistics))
    plain = describe(images, catalog, BANDS, recipe(stretch="snr"), [])
    np.testing.assert_array_equal(found[:, :2], input_of(images, catalog, plain))


def test_moffat_profile_has_its_width_and_place():
    profile = psf.moffat(np.array([[4.0]]), np.array([[1.0, -2.0]]), SIZE).reshape(SIZE, SIZE)
    assert profile.max() == 1
    assert divmod(int(profile.argmax()), SIZE) == (7 - 2, 7 + 1)
    assert profile[5, 7 + 1 + 2].item() == pytest.approx(0.5)


def test_extra_columns_are_standardised_in_training():
    images, catalog = sky()
    extra = ["psf_fwhm_{band}", "log10(noise_{band})"]
    assert expanded(extra, BANDS) == [
        "psf_fwhm_g",
        "psf_fwhm_r",
        "log10(noise_g)",
        "log10(noise_r)",
    ]
    statistics = describe(images, catalog, BANDS, recipe(), extra)
    found = scalars(catalog, statistics)
    assert found.shape == (N, 4)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    # The seeing is the same in all fields: it must not be divided by a rounding error.
    np.testing.assert_allclose(found.std(axis=0), [0, 0, 1, 1], atol=1e-5)
    catalog.loc[3, "noise_g"] = np.nan
    assert scalars(catalog, statistics)[3, 2] == 0


@pytest.mark.parametrize(
    ("change", "drop", "extra", "said"),
    [
        ({"stretch": "sqrt"}, [], [], "found sqrt"),
        ({"stretch": "snr"}, ["noise_r"], [], "wanted columns noise_r"),
        ({"stretch": "luptitude"}, [], [], None),
        ({"psf": "residual"}, ["psf_fwhm_g"], [], "wanted a known psf_fwhm_<band>"),
        ({}, [], ["redshift"], "found redshift"),
    ],
)
def test_what_is_missing_is_said_in_one_line(change, drop, extra, said):
    images, catalog = sky()
    bands = BANDS if said else ["g", "y"]
    with pytest.raises(FewskyError, match=said or "found y"):
        describe(images, catalog.drop(columns=drop), bands, recipe(**change), extra)


def test_a_band_without_noise_is_refused():
    images, catalog = sky()
    images[:, 1] = 0
    with pytest.raises(FewskyError, match="positive pixel scatter; found none in r"):
        describe(images, catalog, BANDS, recipe(stretch="asinh"), [])
    with pytest.raises(FewskyError, match="found none in r"):
        describe(images, catalog.assign(noise_r=np.nan), BANDS, recipe(stretch="snr"), [])
