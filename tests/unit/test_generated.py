"""Generated patches: what they are made from, what is conserved, and whether they are told."""

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.generated import mixture, population
from fewsky.generated.make import generate, measured_offsets
from fewsky.generated.paint import PSFS, exposed, paint
from fewsky.generated.told import tell
from fewsky.models.cards import Data
from fewsky.models.extra import Extra, with_extra
from fewsky.models.samples import labelled, runs

BANDS, SIDE, PIXEL = ["g", "r"], 25, 0.396
CLASSES = ["galaxy", "star"]
MIXTURE = {"basis": 8, "components": [1, 2, 4], "covariance": ["diag", "full"], "softening": 3.0}
SKY = {
    "psf": "kolmogorov", "magnitude": "modelmag_r", "smooth_mag": 0.0, "smooth_colour": 0.0,
    "size": {"median_arcsec": 0.8, "slope": -0.08, "scatter": 0.2}, "sersic": [0.7, 4.5],
    "flattest": 0.2, "neighbours": 0.0, "background": 0.0, "electrons": {"g": 1041, "r": 989},
}  # fmt: skip


def told(kind, **more):
    return {
        "experiment": "x", "classes": CLASSES, "budgets": [60, 100], "folds": 0, "seed": 1,
        "bands": BANDS, "pixel_arcsec": PIXEL, "size": SIDE,
        "generated": {"from": kind, "factor": 1.5, "mixture": MIXTURE, "sky": SKY}, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def world():
    """Real-like objects of two classes in tiles: images, catalogue, manifest, draws."""
    rng = np.random.default_rng(5)
    n = 240
    label = np.where(np.arange(n) % 2, "star", "galaxy")
    catalog = pd.DataFrame({"object_id": [f"o{k}" for k in range(n)], "label": label})
    catalog["field"] = "1-1-1"
    catalog[["x", "y"]] = 100 + rng.integers(0, 500, (n, 2)) + rng.uniform(-0.5, 0.5, (n, 2))
    catalog["modelmag_r"] = rng.uniform(18, 21, n)
    catalog["modelmag_g"] = catalog["modelmag_r"] + 0.5
    for band, level in (("g", 0.02), ("r", 0.03)):
        catalog[f"noise_{band}"], catalog[f"psf_fwhm_{band}"] = level, 1.3
    offsets = {key: catalog[key] - np.floor(catalog[key] + 0.5) for key in ("x", "y")}
    lights = pd.DataFrame(
        {
            "label": label, "patch": range(n), "dx": offsets["x"], "dy": offsets["y"],
            **{f"flux_{b}": 10 ** (0.4 * (22.5 - catalog[f"modelmag_{b}"])) for b in BANDS},
            "half_light": 0.9, "sersic": 1.0, "axis_ratio": 0.7, "angle": rng.uniform(0, 3, n),
        }
    )  # fmt: skip
    light = paint(lights, np.full((n, 2), 1.3), SIDE, PIXEL, "moffat")
    images = exposed(light, np.tile([0.02, 0.03], (n, 1)), BANDS, SKY, rng)
    manifest = catalog[["object_id", "label"]].assign(
        ra=0.0, dec=0.0, group=[f"t{k % 12}" for k in range(n)], fold=-1,
        part=np.where(np.arange(n) < 180, "pool", "test"),
    )  # fmt: skip
    order = rng.permutation(180)
    role = np.where(np.arange(180) % 5 == 4, "val", "train")
    draws = pd.DataFrame(
        {"draw": 0, "object_id": catalog["object_id"].to_numpy()[order], "rank": range(180),
         "role": role, "label": label[order], "even": True}
    )  # fmt: skip
    return images, catalog, manifest, draws


# --- a mixture ----------------------------------------------------------------------------------
def test_the_scale_is_undone():
    rng = np.random.default_rng(0)
    images, noise = rng.normal(0, 5, (4, 2, 6, 6)), rng.uniform(0.1, 1, (4, 2))
    back = mixture.unscaled(mixture.scaled(images, noise, 3.0), noise, 3.0, (2, 6, 6))
    np.testing.assert_allclose(back, images, rtol=1e-12, atol=1e-12)


def test_a_known_mixture_is_found_again():
    """Two sorts of patch, three to one, of known brightness: both come back in their shares."""
    rng = np.random.default_rng(1)
    shape = np.exp(-((np.mgrid[-5:6, -5:6] ** 2).sum(0)) / 4.0)
    bright = np.where(rng.random(400) < 0.75, 20.0, 80.0) * rng.normal(1, 0.03, 400)
    images = bright[:, None, None, None] * shape + rng.normal(0, 1.0, (400, 1, 11, 11))
    noise = np.ones((400, 1))
    fitted = mixture.fit_mixture(images, noise, {**MIXTURE, "basis": 3}, 0)
    assert len(fitted.components.weights_) >= 2
    drawn = mixture.draw_patches(fitted, np.ones((2000, 1)), rng)
    peak = (drawn[:, 0] * shape).sum((1, 2)) / (shape**2).sum()
    faint = peak < 45
    assert faint.mean() == pytest.approx(0.75, abs=0.06)  # three errors of 400 and of 2,000 draws
    assert np.median(peak[faint]) == pytest.approx(20, rel=0.05)
    assert np.median(peak[~faint]) == pytest.approx(80, rel=0.05)


def test_the_noise_that_the_basis_takes_away_comes_back(world):
    """In the corners, where nothing but noise is, at the level of the field drawn for."""
    images, catalog, *_ = world
    stars = images[catalog["label"] == "star"]
    noise = np.tile([0.02, 0.03], (len(stars), 1))
    fitted = mixture.fit_mixture(stars, noise, MIXTURE, 0)
    rng = np.random.default_rng(2)
    for factor in (1.0, 3.0):
        drawn = mixture.draw_patches(fitted, factor * np.tile([0.02, 0.03], (300, 1)), rng)
        found = drawn[:, :, :4, :4].std(axis=(0, 2, 3)) / (factor * np.array([0.02, 0.03]))
        np.testing.assert_allclose(found, 1, atol=0.1)


def test_too_few_patches_are_refused_and_saturated_ones_left_out():
    images, noise = np.ones((7, 1, 9, 9)), np.ones((7, 1))
    with pytest.raises(FewskyError, match="wanted 8 training patches"):
        mixture.fit_mixture(images, noise, MIXTURE, 0)
    rng = np.random.default_rng(0)
    images = rng.normal(0, 1, (20, 1, 25, 25))
    images[3] += 50
    assert list(np.flatnonzero(mixture.filled(images, np.ones((20, 1))))) == [3]


# --- a simulated sky ----------------------------------------------------------------------------
@pytest.mark.parametrize("psf", PSFS)
def test_a_star_of_a_given_magnitude_has_its_flux_and_width(psf):
    light = pd.DataFrame(
        {"label": ["star"], "patch": [0], "dx": [0.0], "dy": [0.0], "flux_r": [10.0],
         "half_light": [0.0], "sersic": [0.0], "axis_ratio": [0.0], "angle": [0.0]}
    )  # fmt: skip
    [[image]] = paint(light, np.array([[1.4]]), 101, 0.1, psf)
    # The wings of a Moffat beyond 5 arcsec hold two per cent.
    assert image.sum() == pytest.approx(10, rel=0.03 if psf == "moffat" else 0.01)
    radius = np.interp(-image[50, 50] / 2, -image[50, 50:], 0.1 * np.arange(51))
    assert 2 * radius == pytest.approx(1.4, rel=0.02)


def test_a_galaxy_keeps_its_flux_and_is_wider_than_a_star():
    light = pd.DataFrame(
        {"label": ["galaxy", "star"], "patch": [0, 1], "dx": 0.2, "dy": -0.3, "flux_r": 10.0,
         "half_light": 0.8, "sersic": 1.0, "axis_ratio": 0.6, "angle": 0.4}
    )  # fmt: skip
    galaxy, star = paint(light, np.full((2, 1), 1.3), 61, PIXEL, "kolmogorov")[:, 0]
    assert galaxy.sum() == pytest.approx(10, rel=0.02)
    assert galaxy.max() < 0.7 * star.max()


def test_brightness_and_conditions_are_those_of_the_training_objects(world):
    _, catalog, *_ = world
    own = catalog[catalog["label"] == "star"]
    rng = np.random.default_rng(0)
    donors, lights = population.populate(own, catalog, "star", 50, SIDE, SKY, BANDS, rng)
    wanted = 10 ** (0.4 * (22.5 - own["modelmag_r"].to_numpy()[donors]))
    np.testing.assert_allclose(lights["flux_r"], wanted, rtol=1e-9)
    assert (lights["half_light"] == 0).all()
    more = {**SKY, "neighbours": 2.0}
    _, crowd = population.populate(own, catalog, "star", 400, SIDE, more, BANDS, rng)
    others = crowd.iloc[400:]
    assert np.hypot(others["dx"], others["dy"]).min() >= population.NEAREST_PX
    kept = 1 - np.pi * population.NEAREST_PX**2 / SIDE**2
    assert len(others) == pytest.approx(800 * kept, abs=90)  # three errors of a Poisson number


# --- runs ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["mixture", "sky"])
def test_nothing_but_training_objects_is_looked_at(world, kind):
    """Pixels, magnitudes and noise of all others may be anything: not a byte changes."""
    images, catalog, manifest, draws = world
    settings = told(kind, budgets=[100])
    patches, table = generate(settings, images, catalog, manifest, draws, 0)
    [run] = runs(settings, labelled(catalog, manifest, CLASSES), draws, 0)
    others = np.setdiff1d(np.arange(len(images)), run.parts["train"])
    changed, other = images.copy(), catalog.copy()
    changed[others] = 1e6
    columns = [name for name in catalog if name.startswith(("modelmag", "noise", "psf", "x", "y"))]
    other.loc[others, columns] = 99.0
    again, told_again = generate(settings, changed, other, manifest, draws, 0)
    assert patches.tobytes() == again.tobytes()
    pd.testing.assert_frame_equal(table, told_again)
    changed[run.parts["train"][0]] += 1.0
    if kind == "mixture":
        assert (
            generate(settings, changed, other, manifest, draws, 0)[0].tobytes() != again.tobytes()
        )


@pytest.mark.parametrize("kind", ["mixture", "sky"])
def test_every_budget_has_its_patches_by_class(world, kind):
    images, catalog, manifest, draws = world
    patches, table = generate(told(kind), images, catalog, manifest, draws, 0)
    assert patches.shape == (len(table), 2, SIDE, SIDE) and np.isfinite(patches).all()
    for run in runs(told(kind), labelled(catalog, manifest, CLASSES), draws, 0):
        trained = catalog.iloc[run.parts["train"]]
        own = table[table["budget"] == run.budget]
        for label in CLASSES:
            of_class = trained[trained["label"] == label]
            made = own[own["label"] == label]
            assert len(made) == round(1.5 * len(of_class))
            assert set(made["donor"]) <= set(of_class["object_id"])


@pytest.mark.parametrize("kind", ["mixture", "sky"])
def test_fluxes_of_a_class_are_conserved(world, kind):
    images, catalog, manifest, draws = world
    settings = told(kind, budgets=[100])
    settings["generated"]["factor"] = 4.0
    patches, table = generate(settings, images, catalog, manifest, draws, 0)
    [run] = runs(settings, labelled(catalog, manifest, CLASSES), draws, 0)
    trained = np.isin(np.arange(len(images)), run.parts["train"])
    # Objects spread over 3 mag: drawing 160 of 40 moves a quantile by some 0.12 mag.
    for label in CLASSES:
        own = trained & (catalog["label"] == label).to_numpy()
        real = images[own][:, 1, 6:19, 6:19].sum((1, 2))
        made = patches[(table["label"] == label).to_numpy()][:, 1, 6:19, 6:19].sum((1, 2))
        for share in (0.25, 0.5, 0.75):
            assert np.quantile(made, share) == pytest.approx(np.quantile(real, share), rel=0.35)


def test_the_place_of_the_light_is_measured(world):
    images, catalog, *_ = world
    bright = (catalog["modelmag_r"] < 19.5).to_numpy()
    rows = catalog[bright].reset_index(drop=True)
    dx, dy = measured_offsets(images[bright], rows, BANDS, PIXEL)
    for name, found in (("x", dx), ("y", dy)):
        true = rows[name] - np.floor(rows[name] + 0.5)
        assert np.median(np.abs(found - true)) < 0.1  # pixels


# --- training -----------------------------------------------------------------------------------
def test_generated_patches_are_trained_on_and_nothing_else(world):
    images, catalog, manifest, draws = world
    settings = told("sky")
    extra = Extra(*generate(settings, images, catalog, manifest, draws, 0))
    table = labelled(catalog, manifest, CLASSES)
    run = runs(settings, table, draws, 0)[0]
    data = Data(images, catalog, table, manifest)
    wider, taught = with_extra(data, run, extra, CLASSES)
    new = np.setdiff1d(taught.parts["train"], run.parts["train"])
    own = extra.table["budget"] == run.budget
    assert len(new) == own.sum() and new.min() == len(images)
    for part in set(run.parts) - {"train"}:
        assert np.array_equal(taught.parts[part], run.parts[part])
    np.testing.assert_array_equal(wider.images[new], extra.images[own])
    names = [CLASSES[k] for k in wider.class_numbers(new)]
    assert names == extra.table.loc[own, "label"].tolist()
    assert wider.catalog.iloc[new]["noise_r"].tolist() == extra.table.loc[own, "noise_r"].tolist()
    assert with_extra(data, run, None, CLASSES) == (data, run)
    with pytest.raises(FewskyError, match="found none"):
        with_extra(data, run._replace(budget=7), extra, CLASSES)


# --- real or generated --------------------------------------------------------------------------
def test_what_is_unlike_is_told_and_what_is_real_is_not(world):
    images, catalog, manifest, draws = world
    table = catalog.assign(donor=catalog["object_id"], budget=60)
    columns = ["donor", "field", "x", "y", "label", "budget"]
    columns += [f"{kind}_{band}" for kind in ("noise", "psf_fwhm") for band in BANDS]
    train = runs(told("sky", budgets=[60]), labelled(catalog, manifest, CLASSES), draws, 0)
    rows = train[0].parts["train"]
    made = table.iloc[rows][columns].reset_index(drop=True)
    settings = told("sky", budget=60, bootstrap=100)
    found = tell(
        settings, images, catalog, manifest, draws,
        {("blank", 0): (np.zeros_like(images[rows]), made), ("same", 0): (images[rows], made)},
    )  # fmt: skip
    value = found.groupby("generator")["value"]
    assert value.min()["blank"] > 0.95
    assert value.mean()["same"] == pytest.approx(0.5, abs=0.15)
    assert value.mean()["real"] == pytest.approx(0.5, abs=0.15)
    assert set(found["judge"]) == {"forest", "pixels"} and set(found["label"]) == set(CLASSES)


def test_a_budget_that_leaves_no_real_patches_over_is_refused(world):
    images, catalog, manifest, draws = world
    made = {("a", 0): (images, catalog.assign(budget=180, donor=catalog["object_id"]))}
    with pytest.raises(FewskyError, match="Lower it"):
        tell(told("sky", budget=180, bootstrap=100), images, catalog, manifest, draws, made)
