"""Predictions: temperatures, what is outside, labels that nobody reads, and faults in one line."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from astropy.wcs import WCS

from fewsky.commands import predict as command
from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.cutouts.found import find_sources
from fewsky.figures import predicted as figures
from fewsky.files import load_table, save_table
from fewsky.metrics.predicted import as_catalogued, closing, describe, join, with_warnings
from fewsky.metrics.temperature import LIMITS, apply_temperature, fit_temperature
from fewsky.models import domain, middle
from fewsky.models.apply import apply, check_known, fit_domain
from fewsky.models.apply import compared as compare_in
from fewsky.models.members import filled, largest, load_members, look
from fewsky.models.trained import load_model, predict
from fewsky.predicted import OF_CATALOGUE
from fewsky.surveys.catalogue_table import read_csv_catalogue
from fewsky.surveys.sdss_objects import select_objects
from tests.conftest import ROOT
from tests.unit.test_train import run
from tests.unit.training_world import BANDS, world

OUTSIDE = {"share": 0.01, "seeing_margin": 0.2, "seeing_far": 0.5}
SETTINGS = {"outside": OUTSIDE, "reference_band": "r"}
NAMED = {"prediction": "new", "experiment": "a", "draws": "all", "fields": ["1-1-1"],
         "catalogue": "mine.csv", "folder": None, "classes": ["galaxy", "star"]}  # fmt: skip


def soft(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


# --- temperature --------------------------------------------------------------------------------
@pytest.mark.parametrize("wanted", [0.5, 1.0, 3.0])
def test_the_temperature_of_known_logits_is_found(wanted):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (40000, 3))
    truth = (soft(logits).cumsum(axis=1) < rng.random((40000, 1))).sum(axis=1)
    assert fit_temperature(soft(logits * wanted), truth) == pytest.approx(wanted, rel=0.03)


def test_a_temperature_changes_no_decision_and_one_changes_nothing():
    stated = soft(np.random.default_rng(0).normal(0, 3, (50, 4)))
    np.testing.assert_allclose(apply_temperature(stated, 1.0), stated, atol=1e-12)
    for temperature in LIMITS:
        found = apply_temperature(stated, temperature)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert (found.argmax(axis=1) == stated.argmax(axis=1)).all()


def test_objects_that_tell_nothing_leave_the_temperature_at_one():
    sure = np.array([[0.9, 0.1]] * 30)
    assert fit_temperature(sure, np.zeros(30, int)) == 1
    assert fit_temperature(sure[:3], np.array([0, 1, 0])) == 1
    half = np.array([0, 1] * 15)
    unknown = np.r_[half, [-1] * 10]
    assert fit_temperature(np.r_[sure, sure[:10]], unknown) == fit_temperature(sure, half)


# --- what is outside ----------------------------------------------------------------------------
def test_outliers_are_beyond_the_limit_and_the_stated_share_of_others_too():
    rng = np.random.default_rng(2)
    spread = np.array([1.0, 50.0, 1e-3])
    train, held, new = (rng.normal(5, 1, (n, 3)) * spread for n in (800, 2000, 2000))
    found = domain.fit_reference(train, held, 0.01)
    assert (found.distance(new) > found.limit).mean() == pytest.approx(0.01, abs=0.006)
    odd = train[:3] + np.array([[12, 0, 0], [0, 600, 0], [0, 0, 0.012]])
    assert (found.distance(odd) > found.limit).all()
    assert found.distance(np.full((1, 3), np.nan))[0] < found.limit  # unknown is no fault


def test_without_validation_objects_training_ones_are_held_against_each_other():
    train = np.random.default_rng(3).normal(size=(300, 2))
    found = domain.fit_reference(train, train[:0], 0.02)
    assert 0 < (found.distance(train, skip=1) > found.limit).sum() <= 6
    constant = domain.fit_reference(np.c_[train, np.full(300, 7.0)], train[:0], 0.02)
    assert constant.spread[2] == 1


def spots(n, dx=0, dy=0, side=25, seed=0):
    """Images of one star each, `dx`, `dy` pixels off the middle, in two bands with noise."""
    y, x = np.mgrid[:side, :side] - side // 2
    star = np.exp(-((x - dx) ** 2 + (y - dy) ** 2) / 2 / 1.5**2)
    noise = np.random.default_rng(seed).normal(0, 0.02, (n, 2, side, side))
    return (star + noise).astype(np.float32)


def test_the_nearest_light_tells_what_is_off_the_middle():
    off = lambda *place: middle.off_middle(spots(20, *place))  # noqa: E731
    assert off().max() < 1
    np.testing.assert_allclose(off(4, -3), 5, atol=0.8)
    beside = spots(20) + 5 * spots(20, 7, 0)  # a brighter neighbour is no fault
    assert middle.off_middle(beside).max() < 1
    empty = spots(20) - spots(20, seed=1)
    assert np.isnan(middle.off_middle(empty)).mean() > 0.9
    assert np.isnan(off(9)).all()  # a neighbour, and nothing in the middle
    blind = spots(4, 3)
    blind[:, 0], blind[3] = np.nan, np.nan
    np.testing.assert_allclose(middle.off_middle(blind), [3, 3, 3, np.nan], atol=0.8)


def test_reasons_stand_in_words():
    images = np.concatenate([spots(4), spots(1, 5, 0)])
    images[1, 0], images[2, 1, 0, 0] = np.nan, np.nan
    seen = pd.DataFrame({"snr_r": np.arange(5.0, 105.0), "psf_fwhm_r": 1.0})
    spans = domain.ranges(seen, spots(100), "r", **OUTSIDE)
    assert spans["off_px"] < 1 and spans["snr"] == 5
    table = pd.DataFrame({"snr_r": [50.0, 50, 2, 50, 50], "psf_fwhm_r": [1.4, 1.1, 1.1, 1.6, 0.7]})
    why = domain.reasons(np.array([0.9, 0.9, 0.9, 1.1, 0.9]), images, table, BANDS, spans)
    assert why == [
        "", "no data in g", "incomplete patch; S/N in r below training",
        "seeing far from training; unlike training", "not in the middle",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seeing", "unlike", "words"),
    [
        (1.1, 1, ""),
        (1.3, 1, "seeing 1.30 arcsec, in training 1.00"),  # and no object is outside by it
        (0.8, 0, "seeing 0.80 arcsec, in training 1.00"),
        (1.1, 4, ""),
        (1.1, 6, "6% of the objects unlike training, expected 1%"),
    ],
)
def test_a_field_that_differs_as_a_whole_has_a_warning(seeing, unlike, words):
    seen = pd.DataFrame({"snr_r": np.arange(5.0, 105.0), "psf_fwhm_r": 1.0})
    spans = domain.ranges(seen, spots(100), "r", **OUTSIDE)
    table = pd.DataFrame({"score": np.r_[[2.0] * unlike, [0.5] * (100 - unlike)],
                          "snr_r": 50.0, "psf_fwhm_r": seeing})  # fmt: skip
    assert "; ".join(domain.warnings(table, spans)) == words
    why = domain.reasons(table["score"].to_numpy(), spots(100), table, BANDS, spans)
    assert sum(map(bool, why)) <= unlike + 3  # and a few by chance


def test_a_field_without_known_seeing_or_objects_has_none():
    spans = domain.ranges(pd.DataFrame({"a": [1.0]}), spots(1), "r", **OUTSIDE)
    assert (spans["snr"], spans["seeing_arcsec"]) == (None, None)
    for n in (0, 3):
        assert domain.warnings(pd.DataFrame({"score": [0.5] * n, "psf_fwhm_r": 9.0}), spans) == []


# --- a trained network on new objects -----------------------------------------------------------
def measured(images, catalog):
    """The catalogue with what domains are told by: peak and light of every band."""
    told = catalog.assign(field="1-1-1", ra=1.0, dec=2.0, snr_r=9.0)
    for k, band in enumerate(BANDS):
        plane = np.nan_to_num(images[:, k])
        told[f"feat_peak_{band}"] = plane.max(axis=(1, 2))
        told[f"feat_light_{band}"] = plane.sum(axis=(1, 2))
    return told


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Two draws of a trained network, and the domain of their training objects."""
    folder = tmp_path_factory.mktemp("trained")
    images, catalog, manifest, draws = world(160)
    for draw in (0, 1):
        (folder / "resume").mkdir(exist_ok=True)
        run(folder, draw, (images, catalog, manifest, draws), f"draw-{draw}", test_views=8)
    members = load_members([folder / "draw-0", folder / "draw-1"], False, "cpu")
    arrays, card = fit_domain(members, images, measured(images, catalog), SETTINGS)
    return folder, members, arrays, json.loads(json.dumps(card))


def applied(fitted, images, catalog):
    _, members, arrays, card = fitted
    return apply(members, images, measured(images, catalog), arrays, card)


def test_predictions_are_those_of_the_networks_and_calibrated(fitted):
    images, catalog, manifest, _ = world(80, seed=5)
    table = applied(fitted, images, catalog)
    raw = []
    for draw in (0, 1):
        network, card = load_model(fitted[0] / f"draw-{draw}")
        raw.append(predict(network, card, images, catalog))
    np.testing.assert_allclose(table["p_star_raw"], np.mean(raw, axis=0)[:, 1], atol=1e-5)
    temperatures = [one["temperature"] for one in fitted[3]["runs"]]
    scaled = [apply_temperature(p, t)[:, 1] for p, t in zip(raw, temperatures, strict=True)]
    np.testing.assert_allclose(table["p_star"], np.mean(scaled, axis=0), atol=1e-5)
    np.testing.assert_allclose(table["spread"], np.std(scaled, axis=0, ddof=1), atol=1e-5)
    truth = manifest.set_index("object_id")["label"].reindex(table["object_id"])
    assert (table["decided"].to_numpy() == truth.to_numpy()).mean() > 0.9
    assert table["outside"].mean() < 0.1


def test_garbage_is_outside_and_gaps_give_no_nan(fitted):
    images, catalog, _, _ = world(24, seed=6)
    bad = images.copy()
    bad[:8] = np.random.default_rng(0).normal(0, 0.05, bad[:8].shape)  # no object
    bad[8:16] = 40.0  # saturated
    bad[16:] = np.roll(bad[16:], (5, 5), (2, 3))  # off its place
    bad[0, 0, :, :4] = np.nan
    table = applied(fitted, bad, catalog)
    assert np.isfinite(table[["p_star", "score"]]).all().all()
    assert table["outside"][:16].all()
    assert table["score"][16:].mean() > 2 * applied(fitted, images, catalog)["score"][16:].mean()
    assert table["why_outside"][0].startswith("incomplete patch")
    assert filled(images) is images


def test_temperature_and_limits_see_no_tested_object(fitted):
    """Labels of the test part may be anything."""
    _, members, arrays, card = fitted
    wrong = [m._replace(predictions=m.predictions.assign(
        label=m.predictions["label"].where(m.predictions["part"] != "test", "galaxy")))
        for m in members]  # fmt: skip
    images, catalog, _, _ = world(160)
    again, told = fit_domain(wrong, images, measured(images, catalog), SETTINGS)
    assert told == card
    assert all((again[name] == arrays[name]).all() for name in arrays)


def test_labels_change_nothing_and_may_be_missing(fitted):
    images, catalog, _, _ = world(12, seed=8)
    plain = applied(fitted, images, catalog)
    labelled = applied(fitted, images, catalog.assign(label="star"))
    pd.testing.assert_frame_equal(plain, labelled)
    assert "label" not in labelled


def test_columns_that_a_network_reads_are_compared_and_must_be_known(fitted):
    members = fitted[1]
    read = {"input": {"extra": [{"name": "extent_a"}, {"name": "log10(size)"}]}}
    wants = members[0]._replace(card=members[0].card | read)
    images, catalog, _, _ = world(12, seed=8)
    told = measured(images, catalog).assign(extent_a=1.0, extent_b=2.0, size=3.0)
    compared = compare_in(wants, told)
    assert {"extent_a", "size", "feat_peak_g"} <= set(compared) and "extent_b" not in compared
    check_known(wants, told)
    check_known(wants, told[:0])
    for gone in (told.drop(columns="size"), told.assign(size=np.nan)):
        with pytest.raises(FewskyError, match="wanted size of the new objects, which it reads"):
            check_known(wants, gone)
    flagged = {"input": {"extra": [{"name": "size"}, {"name": "known(size)"}]}}
    check_known(wants._replace(card=wants.card | flagged), told.assign(size=np.nan))


def test_one_network_has_no_spread_and_no_object_no_row(fitted):
    folder, _, _, _ = fitted
    members = load_members([folder / "draw-0", folder / "draw-1"], True, "cpu")
    assert len(members) == 1
    images, catalog, _, _ = world(160)
    arrays, card = fit_domain(members, images, measured(images, catalog), SETTINGS)
    table = apply(members, images[:5], measured(images, catalog)[:5], arrays, card)
    assert table["spread"].isna().all()
    none = apply(members, images[:0], measured(images, catalog)[:0], arrays, card)
    assert len(none) == 0 and list(none) == list(table)
    assert look(members[0], images[:0], catalog[:0])[1].shape[1] > 1


def test_the_largest_budget_of_every_draw_and_fold_is_taken():
    runs = [
        {"draw": d, "fold": f, "budget": b} for d in (1, 0) for f in (0, 1) for b in (20, 90 + d)
    ]
    assert largest(runs) == [(0, 0, 90), (0, 1, 90), (1, 0, 91), (1, 1, 91)]


# --- tables -------------------------------------------------------------------------------------
def rows(n=4, **changes):
    told = {"object_id": [f"1-1-1-{k}" for k in range(n)], "ra": 1.0, "dec": 2.0, "field": "1-1-1",
            "x": 1.0, "y": 2.0, "p_galaxy": [0.9, 0.2, 0.1, 0.3][:n],
            "p_star": [0.1, 0.8, 0.9, 0.7][:n], "decided": ["galaxy", *["star"] * 3][:n],
            "spread": 0.1, "score": [0.2, 0.3, 0.4, 2.0][:n], "outside": [False] * 3 + [True],
            "why_outside": [""] * 3 + ["unlike training; no data in u"],
            "warning": ""}  # fmt: skip
    return pd.DataFrame(told | changes)


def test_shards_are_joined_and_described(tmp_path):
    save_table(rows(), tmp_path / "a.parquet")
    save_table(rows()[:0], tmp_path / "b.parquet")
    table = join([tmp_path / "a.parquet", tmp_path / "b.parquet"], NAMED)
    runs = [{"trained_on": {"galaxy": 10, "star": 30}}]
    told = {"runs": runs, "limit": 1.0, "ranges": {}, "columns": [], "trained_on": ["1-1-1-2"]}
    card = describe(table, told, NAMED)
    assert (card["objects"], card["outside"], card["objects_trained_on"]) == (4, 1, 1)
    assert card["decided_inside"] == {"galaxy": 1, "star": 2}
    assert card["why_outside"] == {"no data in u": 1, "unlike training": 1}
    assert card["shares_in_training"] == {"galaxy": 0.25, "star": 0.75}
    assert sum(card["shares_expected"].values()) == pytest.approx(1, abs=1e-5)
    assert as_catalogued(table)["object_id"].tolist() == ["0", "1", "2", "3"]


def test_warnings_stand_in_the_table_the_card_and_the_closing_lines():
    table = pd.concat([rows(), rows().assign(field="1-1-2", object_id=["a", "b", "c", "d"])],
                      ignore_index=True).assign(psf_fwhm_r=[1.0] * 4 + [1.3] * 4)  # fmt: skip
    spans = {"band": "r", "seeing_arcsec": [0.9, 1.0], "snr": 5, "off_px": 1, **OUTSIDE}
    domain_card = {"runs": [{"trained_on": {"galaxy": 10, "star": 30}}] * 2, "limit": 1.0,
                   "ranges": spans, "columns": [], "trained_on": ["1-1-1-2"]}  # fmt: skip
    table = with_warnings(table, domain_card)
    first, second = "1 of 4 objects were trained on", "seeing 1.30 arcsec, in training 0.90 to 1.00"
    assert table["warning"].tolist() == [first] * 4 + [second] * 4
    card = describe(table, domain_card, NAMED | {"fields": ["1-1-1", "1-1-2"]})
    assert card["warnings"] == {"1-1-1": first, "1-1-2": second}
    lines = closing(card, "a/new.csv")
    assert lines[0] == "a/new.csv: 8 objects of 2 fields by a, mean of 2 networks"
    assert "galaxy 2 (" in lines[1] and "star 4 (" in lines[1]
    assert lines[2].startswith("outside, not to be believed: 2 (25%): ")
    assert lines[3:5] == [f"warning: 1-1-1: {first}", f"warning: 1-1-2: {second}"]
    assert 3 <= len(lines) <= 6


def test_no_object_in_the_field_is_one_line(tmp_path):
    save_table(rows()[:0], tmp_path / "a.parquet")
    with pytest.raises(FewskyError, match=r"wanted objects of mine\.csv in 1-1-1; found none"):
        join([tmp_path / "a.parquet"], NAMED)


def test_a_sheet_shows_the_surest_and_the_most_unlike():
    found = figures.sheets(rows(), ["galaxy", "star"])
    assert [(words, numbers) for words, numbers, _ in found] == [
        ("galaxy", [0]), ("star", [2, 1]), ("outside", [3]),
    ]  # fmt: skip
    fig = figures.draw_sheets(rows(), np.zeros((4, 3, 8, 8)), {"classes": ["galaxy", "star"]})
    assert len(fig.subfigs) == 2
    assert figures.counted(rows(), ["galaxy", "star"])[-1].endswith("(1)")


# --- positions of one's own, and none -------------------------------------------------------------
def test_a_catalogue_needs_no_label_and_a_wrong_one_is_not_read(tmp_path):
    table = pd.DataFrame({"object_id": ["a", "b"], "ra": [1.0, 2.0], "dec": [3.0, 4.0]})
    plain, odd = tmp_path / "plain.csv", tmp_path / "odd.csv"
    table.to_csv(plain, index=False)
    table.assign(label=["quasar", "star"]).to_csv(odd, index=False)
    first, second = (read_csv_catalogue(path, labelled=False) for path in (plain, odd))
    pd.testing.assert_frame_equal(first, second)
    objects, _ = select_objects(first, {"modes": "auto", "labelled": False})
    assert objects["object_id"].tolist() == ["a", "b"] and set(objects["label"]) == {""}
    with pytest.raises(FewskyError, match="label"):
        read_csv_catalogue(plain)


def test_a_catalogue_without_positions_is_one_line(tmp_path):
    pd.DataFrame({"object_id": ["a"], "ra": [1.0]}).to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(FewskyError, match="wanted columns ra, dec or x, y; found object_id, ra"):
        read_csv_catalogue(tmp_path / "bad.csv", labelled=False)


def test_classes_of_the_survey_are_forgotten():
    listed = pd.DataFrame({"label": ["star", "", "galaxy"], "nchild": 0, "mode": 1, "clean": 1})
    every, _ = select_objects(listed, {"labelled": False})
    known, _ = select_objects(listed, {})
    assert (len(every), len(known)) == (3, 2)
    assert set(every["label"]) == {""}


def test_sources_are_found_where_they_are():
    rng = np.random.default_rng(4)
    plane = rng.normal(0, 0.03, (200, 260))
    y, x = np.mgrid[:200, :260]
    places = [(40.3, 60.0), (130.0, 150.4), (220.0, 30.2)]
    for i, j in places:
        plane += 0.6 * np.exp(-((x - i) ** 2 + (y - j) ** 2) / 2 / 1.5**2)
    plane[:, :5] = np.nan
    wcs = WCS(naxis=2)
    wcs.wcs.crpix, wcs.wcs.cdelt, wcs.wcs.crval = [1, 1], [1e-4, 1e-4], [10, 20]
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    found = find_sources(plane.astype(np.float32), "94-1-12", wcs, 1.4, 0.396)
    wanted = sorted(places, key=lambda place: place[1])
    np.testing.assert_allclose(found[["x", "y"]], wanted, atol=0.3)
    assert found["object_id"].tolist() == ["94-1-12-0", "94-1-12-1", "94-1-12-2"]
    assert set(found["label"]) == {""} and found["ra"].between(9.9, 10.1).all()


# --- the configuration ----------------------------------------------------------------------------
def planned(**block):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    return resolve(config | {"predict": {"new": block}})


def test_a_prediction_is_a_survey_of_its_own_and_changes_no_other():
    before = resolve(yaml.safe_load((ROOT / "config.yaml").read_text()))
    after = planned(experiment="sg-large-ours", fields=["94-1-12"], catalogue="photoobj")
    for block in ("surveys", "datasets", "shards"):
        old, new = getattr(before, block), getattr(after, block)
        assert {name: new[name] for name in old} == old
        assert set(new) - set(old) == {"predict-new"}
    assert after.experiments == before.experiments and after.tasks == before.tasks
    assert after.datasets["predict-new"]["edge"] == "flag"
    assert after.shards["predict-new"]["94-1-0001"]["catalogue"] == {"94-1-12": "photoobj"}


def test_a_folder_takes_the_bands_that_were_learned_from():
    plan = planned(experiment="pn-lp", folder="somewhere")
    assert plan.surveys["predict-new"]["bands"] == ["i", "r", "b"]
    assert plan.datasets["predict-new"]["size"] == plan.datasets["pn-sss"]["size"]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"experiment": "sg-larg-ours", "fields": ["94-1-12"]}, "'sg-larg-ours'. Did you mean"),
        ({"experiment": "sg-large-forest", "fields": ["94-1-12"]}, "sg-large-forest, an opponent"),
        ({"experiment": "sg-large-forest", "fields": ["94-1-12"]}, "for example sg-large"),
        ({"experiment": "sg-distance-mean", "fields": ["94-1-12"]},
         "a catalogue with redshift, which sg-distance-mean reads; found catalogue found"),
        ({"experiment": "sg-distance-flag", "fields": ["94-1-12"], "catalogue": "calibobj"},
         "redshift_known"),
        ({"experiment": "sg-distance-drawn", "fields": ["94-1-12"], "catalogue": "my.csv"},
         "found catalogue my.csv"),
        ({"experiment": "specobj-magnitudes", "folder": "a"}, "a task with targets"),
        ({"experiment": "sg-large-ours", "folder": "a"}, "bands u, g, r, i, z; found a folder"),
        ({"experiment": "pn-lp", "fields": ["94-1-12"]}, "found fields"),
        ({"experiment": "pn-lp"}, "wanted fields or a folder; found neither"),
        ({"experiment": "sg-large-ours", "fields": ["94-9-12"]}, "wanted RUN-CAMCOL-FIELD"),
        ({"experiment": "sg-large-ours", "fields": ["94-1-12"], "catalogue": "a.txt"}, "catalogue"),
    ],
)  # fmt: skip
def test_a_fault_of_the_block_is_one_line(block, words):
    with pytest.raises(FewskyError) as caught:
        planned(**block)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_what_positions_do_not_tell_is_named(tmp_path):
    """Of a catalogue's columns those that a CSV of positions leaves unknown are in the list."""
    pd.DataFrame({"ra": [1.0], "dec": [2.0]}).to_csv(tmp_path / "a.csv", index=False)
    table = read_csv_catalogue(tmp_path / "a.csv", labelled=False)
    unknown = [name for name in table if table[name].isna().all() and name not in ("x", "y")]
    named = [name for name in unknown if name.startswith(OF_CATALOGUE)]
    assert set(unknown) - set(named) <= {f"psf_fwhm_{band}" for band in "ugriz"}  # the field's


def test_columns_measured_on_the_image_need_no_catalogue():
    plan = planned(experiment="sg-shift-kernel", fields=["4510-4-30"])
    assert plan.predict["new"]["catalogue"] == "found"
    photo = planned(experiment="sg-distance-mean", fields=["8162-6-80"], catalogue="photoobj")
    assert photo.predict["new"]["task"] == "star-galaxy-distance"


# --- the command ----------------------------------------------------------------------------------
ASKED = ["--name", "new", "--experiment", "sg-large-ours", "--fields", "94-1-12", "--"]
DEMO = ["--profile", str(ROOT / "profiles/demo"), "--cores", "2"]


def test_the_block_stands_beside_a_persons_own_settings():
    options, words = command.parsed([*ASKED, *DEMO, "--config", "mirror=m"])
    block = command.block_of(options)
    assert block == {"experiment": "sg-large-ours", "fields": ["94-1-12"]}
    own = command.with_block(words, "new", block)
    setting = own[own.index("--config") + 1]
    assert yaml.safe_load(setting.removeprefix("predict=")) == {"new": block}
    assert own[-1] == "mirror=m"
    assert command.with_block(DEMO, "new", block)[-2] == "--config"


def test_the_configuration_is_that_of_the_profile_and_the_words(monkeypatch):
    monkeypatch.chdir(ROOT)
    config = command.configured([*DEMO, "--config", "mirror=m", "raw_store=s"])
    assert (config["mirror"], config["pathvars"]["results"]) == ("m", "results/demo")
    assert config["raw_store"] == "s"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--experiment", "sg", "--fields", "94-1-12", "--", *DEMO], "wanted an experiment"),
        (["--experiment", "pn-lpft", "--folder", "nowhere", "--", *DEMO], "nowhere/catalog.csv"),
        ([*ASKED[2:], "--profile", "nowhere"], "wanted a profile"),
    ],
)
def test_a_fault_of_the_command_is_one_line(monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(command, "run", lambda *_, **__: pytest.fail("nothing may run"))
    assert command.main(["--name", "new", *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith("fewsky: ") and words in said and said.count("\n") == 1


def test_an_experiment_that_is_not_trained_is_told_with_what_to_run(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    calls = []

    def dry(words, **_):
        calls.append(words)
        return SimpleNamespace(returncode=0, stdout="train      5\nscore  1\n", stderr="")

    monkeypatch.setattr(command, "run", dry)
    assert command.main([*ASKED, *DEMO]) == 1
    said = capsys.readouterr().err
    assert "wanted sg-large-ours trained" in said and "(train 5)" in said
    assert "snakemake results/demo/models/sg-large-ours/draw-{0..4}/model.json" in said
    assert len(calls) == 1 and "--dry-run" in calls[0]
    assert "results/demo/predicted/new.csv" in calls[0]


def test_a_table_read_again_is_the_same(tmp_path):
    save_table(rows(), tmp_path / "new.csv")
    again = load_table(tmp_path / "new.csv", keep_default_na=False, na_values=[""])
    assert again["outside"].tolist() == rows()["outside"].tolist()
