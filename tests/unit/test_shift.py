"""Light beyond a point source, decisions from columns, and scores inside and outside a run."""

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from fewsky.config import resolve
from fewsky.cutouts.extent import RANGE, measure_extent
from fewsky.cutouts.field_psf import FWHM
from fewsky.cutouts.galaxy_models import PHASES, SHAPES, Psf, gaussians, phases, templates
from fewsky.cutouts.light_fits import neighbours
from fewsky.cutouts.measure import measure_patches
from fewsky.cutouts.patches import Patches
from fewsky.metrics.shift import calibrated, score_shift, sides
from fewsky.models.cards import shared_card
from fewsky.networks import build
from fewsky.paper.numbers_star_galaxy_shift import judged
from tests.conftest import ROOT

SIDE, WIDTH, NOISE = 25, 3.6, 0.03  # pixels, pixels FWHM, nanomaggies a pixel
ROUND = Psf(np.array([0, 0, 0, 1.0, 0, 0, 0, 0]), np.eye(2) * (WIDTH / FWHM) ** 2)


def painted(flux, radius, seed=0, neighbour=0.0):
    """Patches `(n, 1, 25, 25)` of sources that are Gaussians wider than the PSF by `radius`."""
    rng = np.random.default_rng(seed)
    index = np.arange(SIDE) - SIDE // 2
    x, y = (grid.ravel().astype(float) for grid in np.meshgrid(index, index))
    widths = np.array([np.eye(2) * ((WIDTH / FWHM) ** 2 + r**2) for r in radius])
    light = np.array(flux)[:, None] * gaussians(x, y, widths)
    light += neighbour * gaussians(x - 9, y, ROUND.covariance[None])
    light = light.reshape(-1, 1, SIDE, SIDE) + rng.normal(0, NOISE, (len(flux), 1, SIDE, SIDE))
    place = np.broadcast_to(x.reshape(SIDE, SIDE), (len(flux), SIDE, SIDE))
    fwhm, noise = np.full((len(flux), 1), WIDTH), np.full((len(flux), 1), NOISE)
    return Patches(light, noise, fwhm, place, place.swapaxes(1, 2))


def extent(flux, radius, place=None, **more):
    n = len(flux)
    apart = np.stack([100.0 * np.arange(n), np.zeros(n)], axis=1) if place is None else place
    snr = np.array(flux)[:, None] / (NOISE * 28**0.5)
    return measure_extent(painted(flux, radius, **more), apart, snr, ["r"])


def test_templates_hold_their_flux_and_stand_where_the_phase_says():
    models = templates(ROUND, WIDTH, 61)
    assert models.shape == (PHASES**2, 1 + len(SHAPES), 61 * 61)
    assert models[:, 0].sum(axis=1) == pytest.approx(1, abs=1e-3)
    # Discs of .4 FWHM lie on the patch as a whole; wings of large bulges do not.
    small = [1 + k for k, shape in enumerate(SHAPES) if shape[:2] == ("disc", 0.4)]
    assert models[:, small].sum(axis=2) == pytest.approx(1, abs=0.02)
    images, index = models[:, 0].reshape(-1, 61, 61), np.arange(61) - 30
    step = 1 / PHASES
    assert (images[-1].sum(axis=0) * index).sum() == pytest.approx(step, abs=1e-3)
    assert (images[0].sum(axis=1) * index).sum() == pytest.approx(-step, abs=1e-3)


def test_phases_name_the_offset_within_the_pixel():
    index = np.arange(SIDE) - SIDE // 2
    grid = np.broadcast_to(index, (3, SIDE, SIDE))
    across, down = np.array([-0.4, 0, 0.4]), np.array([-0.4, 0, -0.4])
    found = phases(grid - across[:, None, None], grid.swapaxes(1, 2) - down[:, None, None])
    assert found.tolist() == [0, PHASES + 1, PHASES - 1]


def test_a_star_has_no_light_beyond_a_point_source_and_a_galaxy_has():
    flux, radius = [30.0] * 20 + [30.0] * 4, [0.0] * 20 + [1.5] * 4
    found = extent(flux, radius)
    for name in ("disc", "mean", "joint_mean", "r"):
        assert np.abs(found[f"{name}"][:20]).max() < 0.08
        assert found[name][20:].min() > 0.2
    assert all(np.isfinite(values).all() for values in found.values())


def test_a_bright_neighbour_is_taken_out():
    flux = [30.0] * 12
    place = np.stack([100.0 * np.arange(12), np.zeros(12)], axis=1)
    alone = extent(flux, [0.0] * 12, place)["mean"]
    patches = painted(flux, [0.0] * 12, neighbour=60.0)
    snr = np.full((12, 1), 30.0 / (NOISE * 28**0.5))
    unknown = measure_extent(patches, place, snr, ["r"])["mean"]
    # The same neighbour is known where the catalogue has it: every object is one of another.
    light = np.concatenate([patches.light, painted([60.0] * 12, [0.0] * 12, seed=1).light])
    both = Patches(light, *(np.concatenate([part, part]) for part in patches[1:]))
    places = np.concatenate([place, place + np.array([9.0, 0.0])])
    known = measure_extent(both, places, np.concatenate([snr, 2 * snr]), ["r"])["mean"][:12]
    assert np.abs(known - alone).max() < 0.1 < np.abs(unknown - alone).max()


def test_extent_has_bounds_and_a_blank_object_has_none():
    found = extent([30.0] * 6 + [0.0], [0.0] * 7)
    assert all(np.isfinite(values).all() for values in found.values())
    assert RANGE[0] <= found["mean"].min() and found["mean"].max() <= RANGE[1]


def test_neighbours_are_told_both_ways():
    one, other, apart = neighbours(np.array([[10.0, 10.0], [16.2, 10.0], [90.0, 90.0]]))
    assert sorted(zip(one.tolist(), other.tolist(), strict=True)) == [(0, 1), (1, 0)]
    assert apart[one == 0].tolist() == [[6, 0]] and apart[one == 1].tolist() == [[-6, 0]]
    assert len(neighbours(np.array([[1.0, 1.0]]))[0]) == 0


def test_every_patch_dataset_has_the_columns():
    catalog = pd.DataFrame(
        {"object_id": ["a", "b"], "field": "1-1-1", "x": [40.0, 400.0], "y": 40.0,
         "psf_fwhm_r": 1.4, "noise_r": NOISE, "neighbour_arcsec": 9.0, "neighbour_mag_r": 20.0}
    )  # fmt: skip
    images = painted([20.0, 20.0], [0.0, 0.0]).light
    table = measure_patches(images, catalog, ["r"])
    assert {"extent_disc", "extent_gain", "extent_r", "extent_snr_r"} <= set(table)
    assert list(measure_patches(images[:0], catalog[:0], ["r"])) == list(table)


def test_the_kernel_network_learns_what_no_line_divides_and_sees_no_pixel():
    generator = torch.Generator().manual_seed(1)
    network = build(
        {"name": "columns-kernel", "gamma": 0.5, "width": 200}, 5, 25, 2, generator, n_extra=2
    )
    columns = torch.randn(400, 2, generator=generator)
    truth = (columns.norm(dim=1) > 1.2).long()
    fit = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(200):
        fit.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(None, columns), truth)
        (loss + network.penalty()).backward()
        fit.step()
    assert (network(None, columns).argmax(dim=1) == truth).float().mean() > 0.9
    assert {name for name, _ in network.named_parameters()} == {"head.weight", "head.bias"}
    assert {"direction", "phase"} <= set(network.state_dict())


def test_the_kernel_network_needs_columns():
    from fewsky.console import FewskyError

    with pytest.raises(FewskyError, match="reads columns only"):
        build({"name": "columns-kernel"}, 5, 25, 2, torch.Generator(), n_extra=0)


def shifted(n=120, seed=0):
    """A manifest, its catalogue and predictions: one run is learned, another one is tested too."""
    rng = np.random.default_rng(seed)
    part = np.repeat(["pool", "test", "test"], n)
    run = np.repeat([1, 1, 2], n)
    label = rng.choice(["galaxy", "star"], 3 * n)
    ids = [f"o{k}" for k in range(3 * n)]
    manifest = pd.DataFrame({"object_id": ids, "ra": 0.0, "dec": 0.0, "label": label,
                             "group": [f"g{k}" for k in range(3 * n)], "part": part,
                             "fold": -1})  # fmt: skip
    catalog = pd.DataFrame({"object_id": ids, "run": run, "camcol": 3, "snr_r": 20.0,
                            "modelmag_r": rng.uniform(18, 22, 3 * n)})  # fmt: skip
    # Right three times in four, and far too sure.
    right = rng.random(3 * n) < 0.75
    star = np.where((label == "star") == right, 0.999, 0.001)
    told = np.where(part == "test", "test", np.where(np.arange(3 * n) % 4, "train", "val"))
    frame = pd.DataFrame({"object_id": ids, "part": told, "fold": -1, "budget": n, "label": label,
                          "p_galaxy": 1 - star, "p_star": star})  # fmt: skip
    return manifest, catalog, frame


SCORING = {"snr": [5, 10], "magnitude": "modelmag_r", "bin_mag": 0.5, "bootstrap": 50,
           "prevalences": [0.1], "top_k": [10], "by": [], "bins": {}}  # fmt: skip


def test_sides_go_by_run_and_scores_by_side():
    manifest, catalog, frame = shifted()
    objects = manifest.merge(catalog, on="object_id")
    assert sides(objects)[240:].all() and not sides(objects)[:240].any()
    task = {"classes": ["galaxy", "star"]}
    table = score_shift({("a", 0): frame}, manifest, catalog, task, SCORING, seed=1)
    rows = table[table["subset"] == "all"].set_index(["side", "metric"])
    tested = frame[frame["part"] == "test"]
    right = (tested["p_star"] > 0.5) == (tested["label"] == "star")
    assert rows.loc[("inside", "accuracy"), "value"] == pytest.approx(right[:120].mean())
    assert rows.loc[("outside", "accuracy"), "value"] == pytest.approx(right[120:].mean())
    assert set(rows.loc["outside"]["n"]) == {120}
    for side in ("inside", "outside"):
        stated, calm = (rows.loc[(side, name), "value"] for name in ("ece", "ece_calibrated"))
        assert calm < 0.5 * stated


def test_a_side_without_objects_has_no_row_and_one_class_no_auroc():
    manifest, catalog, frame = shifted()
    catalog["run"] = np.where(manifest["part"] == "test", 2, 1)
    stars = manifest["label"].eq("star") | manifest["part"].ne("test")
    manifest, frame = manifest[stars], frame[stars.to_numpy()]
    task = {"classes": ["galaxy", "star"]}
    table = score_shift({("a", 0): frame}, manifest, catalog, task, SCORING, seed=1)
    assert set(table["side"]) == {"outside"}
    whole = table[table["subset"] == "all"].set_index("metric")["value"]
    assert np.isnan(whole[["auroc", "accuracy", "accuracy_prior_corrected", "ece"]]).all()
    assert 0.6 < whole["recall_star"] < 0.9


def test_a_temperature_reads_no_test_label():
    _, _, frame = shifted()
    other = frame.assign(label=np.where(frame["part"] == "test", "star", frame["label"]))
    one, two = (calibrated(some, ["galaxy", "star"])["p_star"] for some in (frame, other))
    assert one.equals(two)
    assert ((one > 0.5) == (frame["p_star"] > 0.5)).all()


def test_a_remedy_is_judged_by_intervals_that_keep_apart():
    columns = ["metric", "value", "lower", "upper"]
    rows = [("a", 0.8, 0.7, 0.9), ("b", 0.95, 0.92, 0.99), ("c", 0.9, 0.85, 0.95)]
    rows = pd.DataFrame([*rows, ("d", np.nan, np.nan, np.nan)], columns=columns)
    assert judged(rows, "a", "b", True) == "helps" and judged(rows, "b", "a", True) == "harms"
    assert judged(rows, "a", "b", False) == "harms" and judged(rows, "b", "a", False) == "helps"
    assert judged(rows, "a", "c", True) == "open"
    assert judged(rows, "a", "d", True) is None and judged(rows, "a", "e", True) is None


def test_the_card_says_what_a_recipe_was_declared_for():
    plan = resolve(yaml.safe_load((ROOT / "config.yaml").read_text()))
    told = plan.experiments[plan.paper["star-galaxy"]["shift"]["recipe"]]
    keys = dict.fromkeys(["experiment", "seed", "classes", "bands", "model"])
    assert "other runs" in shared_card({**keys, "recipe": told["recipe"]}, 25)["recipe"]["declared"]
