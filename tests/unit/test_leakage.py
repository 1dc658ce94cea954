"""The leak price of a task: splits of equal size, and a gap where a gap was planted."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.leakage_check import check_leakage, leaking
from fewsky.metrics.leakage import score_leakage
from fewsky.models.priced import fit_leakage, probe_on
from fewsky.splits.image_hash import hash_images
from fewsky.splits.leakage import split_leakage
from tests.unit.test_splits import all_separations, sky, task

CLASSES = ["galaxy", "star"]
TOLD = {"draws": 20, "test_fraction": 0.25, "magnitudes": ["absent", "mag"], "bin_mag": 1.0}
FOREST = {"classes": CLASSES, "opponent": {"family": "forest", "columns": ["feat_*"],
          "options": {"n_estimators": 30}}}  # fmt: skip
SCORED = {"experiment": "probe", "classes": CLASSES, "metrics": ["mcc"], "bootstrap": 200}
RADIUS = {**task(by="radius", link_arcsec=20.0), "name": "t"}


def world(things=160, members=1, apart_arcsec=0.3, share_of_things=1.0, alike=True):
    """Things on a wide grid with features that say nothing of the class.

    `share_of_things` of them are there `members` times, `apart_arcsec` from each other; with
    `alike` members share class and features, so that who has seen one knows the others.
    """
    rng = np.random.default_rng(5)
    again = np.where(np.arange(things) < share_of_things * things, members, 1)
    thing = np.repeat(np.arange(things), again)
    number = np.concatenate([np.arange(n) for n in again])
    own = thing if alike else np.arange(len(thing))
    n = own.max() + 1
    label, a, b = np.array(CLASSES)[rng.integers(2, size=n)], rng.random(n), rng.random(n)
    mag = 18 + 3 * rng.random(n)
    return pd.DataFrame({
        "object_id": [f"o{k}" for k in range(len(thing))], "thing": thing,
        "ra": 10 + thing % 40 / 60 + number * apart_arcsec / 3600, "dec": thing // 40 / 60,
        "label": label[own], "mag": mag[own], "feat_a": a[own], "feat_b": b[own],
    })  # fmt: skip


def priced(catalog, block=RADIUS, looks=None):
    found = split_leakage(catalog, looks, block, TOLD, seed=1)
    predictions = fit_leakage(FOREST, catalog, None, found.objects, found.parts)
    table = score_leakage(predictions, found.objects, SCORED, seed=0)
    return found, table.set_index("protocol")


@pytest.fixture(scope="module")
def copied():
    catalog = world(members=2, share_of_things=0.6)
    return catalog, *priced(catalog)


@pytest.fixture(scope="module")
def neighbours():
    catalog = world(members=3, apart_arcsec=6.0)
    return catalog, *priced(catalog)


def test_every_split_has_equal_counts_of_class_and_magnitude(copied, neighbours):
    for catalog, found, _ in (copied, neighbours):
        known = catalog.set_index("object_id")
        cell = known["label"] + np.floor(known["mag"]).astype(str)
        parts = found.parts.assign(cell=cell[found.parts["object_id"]].to_numpy())
        assert not parts.duplicated(["protocol", "draw", "object_id"]).any()
        counts = parts.groupby(["draw", "part", "cell", "protocol"]).size().unstack("protocol")
        assert (counts.nunique(axis=1) == 1).all() and len(counts) == 20 * 2 * 6
        assert found.leaks.groupby("draw")[["n_train", "n_test"]].nunique().eq(1).all().all()
        assert found.told["magnitude"] == "mag"


def test_copies_are_what_a_random_split_is_rewarded_for(copied):
    catalog, found, table = copied
    assert found.told["arms"] == ["random"] and found.told["copies"] == 96
    assert found.told["objects"] == len(catalog) == 256 and found.told["largest_group"] == 1
    shares = found.leaks.groupby("protocol").mean()
    assert shares.loc["careful", "test_copied"] == 0 < 0.3 < shares.loc["random", "test_copied"]
    assert table.loc["random", "lower"] > 0.1 and table.loc["random", "verdict"] == "overstates"
    assert abs(table.loc["careful", "value"]) < 0.15  # the features tell nothing
    assert pd.isna(table.loc["careful", "difference"])
    assert table.loc["random", "careful"] == pytest.approx(table.loc["careful", "value"])


def test_the_grouped_split_holds_one_of_each_and_no_company(copied, neighbours):
    catalog, found, _ = copied
    thing = catalog.set_index("object_id")["thing"]
    careful = found.parts[found.parts["protocol"] == "careful"]
    for _, cell in careful.groupby("draw"):
        assert not thing[cell["object_id"]].duplicated().any()
    catalog, found, _ = neighbours
    place = catalog.set_index("object_id")
    one = found.parts[(found.parts["protocol"] == "careful") & (found.parts["draw"] == 0)]
    train, test = (place.loc[one.loc[one["part"] == p, "object_id"]] for p in ("train", "test"))
    assert all_separations(train, test).min() > 20
    assert test["thing"].value_counts().eq(3).all()


def test_shared_sky_has_its_price_without_any_copy(neighbours):
    _, found, table = neighbours
    assert found.told["arms"] == ["random"] and found.told["copies"] == 0
    assert found.told["largest_group"] == 3 and found.told["in_company"] == 480
    assert table.loc["random", "lower"] > 0.1
    shares = found.leaks.groupby("protocol").mean()
    assert shares.loc["random", "test_copied"] == 0 < shares.loc["random", "test_shared"]


def test_copies_and_neighbours_are_told_apart():
    """Each thing twice at one place, and a third time beside it: copies out, company stays."""
    catalog = world(members=3, apart_arcsec=6.0)
    double = catalog[catalog["thing"] % 2 == 0].groupby("thing").head(1)
    double = double.assign(object_id=double["object_id"] + "b", ra=double["ra"] + 0.2 / 3600)
    found, table = priced(pd.concat([catalog, double], ignore_index=True))
    assert found.told["arms"] == ["random", "random-once"] and found.told["copies"] == 80
    shares = found.leaks.groupby("protocol").mean()
    assert shares.loc["random-once", "test_copied"] == 0 < shares.loc["random", "test_copied"]
    assert shares.loc["random-once", "test_shared"] > 0.5
    assert (table.loc[["random", "random-once"], "verdict"] == "overstates").all()


def test_groups_that_share_nothing_cost_nothing():
    _, table = priced(world(members=3, apart_arcsec=6.0, alike=False))
    row = table.loc["random"]
    assert row["lower"] < 0 < row["upper"] and row["verdict"] == "cannot be told"
    assert row["n_replicates"] == 20


def test_single_objects_have_no_price_by_construction():
    found, table = priced(world())
    assert found.told["arms"] == [] and found.told["groups"] == 160
    assert list(table.index) == ["careful"]


def test_fields_are_tested_whole_and_intervals_resample_tiles():
    catalog = sky(fields=4)
    names = sorted(catalog["field"].unique())
    block = {**task(by="field", train=names[:2], val=names[2:3], test=names[3:]), "name": "t"}
    found = split_leakage(catalog, None, block, {**TOLD, "draws": 3}, seed=0)
    field = catalog.set_index("object_id")["field"]
    for _, cell in found.parts[found.parts["protocol"] == "careful"].groupby("draw"):
        sides = [set(field[cell.loc[cell["part"] == p, "object_id"]]) for p in ("train", "test")]
        assert len(sides[1]) == 1 and not sides[0] & sides[1]
    assert found.told["arms"] == ["random", "random-once"] and found.told["copies"] > 0
    assert found.objects["group"].nunique() > 10 and found.objects["group"].str.match("t").all()


def test_images_are_known_again_by_their_hashes_and_classes_stand_for_magnitudes():
    rng = np.random.default_rng(0)
    images = rng.normal(0, 1, (60, 1, 24, 24)).astype(np.float32)
    images[40:] = images[:20, :, ::-1]
    catalog = pd.DataFrame({
        "object_id": [f"g{k}" for k in range(60)], "ra": np.nan, "dec": np.nan,
        "label": np.tile(CLASSES, 30),
    })  # fmt: skip
    block = {**task(by="hash"), "name": "t"}
    found = split_leakage(catalog, hash_images([images]), block, TOLD, seed=0)
    assert found.told["copies"] == 20 and found.told["magnitude"] is None
    assert found.told["arms"] == ["random"]  # once copies are out, nothing belongs together
    assert set(found.objects["cell"]) == set(CLASSES)
    assert found.leaks.groupby("protocol")["test_copied"].mean()["random"] > 0.1


def test_one_group_is_no_price():
    catalog = world(things=2, members=2, apart_arcsec=5.0).assign(ra=10.0)
    with pytest.raises(FewskyError, match="leakage of t: wanted at least 2 groups by sky"):
        split_leakage(catalog, None, {**task(by="sky"), "name": "t"}, TOLD, seed=0)


# --- probes ---------------------------------------------------------------------------------------
def test_a_probe_reads_the_features_of_its_objects():
    catalog = pd.DataFrame({"object_id": [f"o{k}" for k in range(40)]})
    label = pd.Series(np.tile(["b", "c"], 20), index=catalog["object_id"])
    features = np.zeros((40, 8, 3), np.float32)
    features[:, 0, 1] = np.tile([0.0, 4.0], 20)
    features[:, 1:] = np.nan  # turned views are not looked at
    told = {"classes": ["a", "b", "c"], "probe": {"c": [100.0, 1.0, 0.01]}}
    fit = probe_on(told, catalog, features, label)
    ids = catalog["object_id"].iloc[::-1]
    stated = fit(ids[:20], ids[20:], 0)
    assert stated.shape == (20, 3) and (stated[:, 0] == 0).all()  # a class that nobody has shown
    right = label[ids[20:]].to_numpy() == np.array(told["classes"])[stated.argmax(axis=1)]
    assert right.all() and np.allclose(stated.sum(axis=1), 1)
    only = ids[:20][label[ids[:20]].to_numpy() == "b"]
    assert (fit(only, ids[20:], 0)[:, 1] == 1).all()


# --- the configuration ----------------------------------------------------------------------------
def plan(**probes):
    items = {
        "forest": {"task": "t", "opponent": {"family": "forest"}},
        "mode": {"task": "t", "opponent": {"family": "mode"}},
        "probe": {"task": "t", "probe": {}},
        "network": {"task": "t", "recipe": {}},
        "other": {"task": "boxes", "probe": {}},
    }
    tasks = {"t": {"classes": CLASSES}, "boxes": {"classes": []}}
    paper = {"audit": {"leakage": {"probes": probes}}}
    atlas = [{"task": "t", "experiment": "atlas-t-probe"}]
    return SimpleNamespace(experiments=items, tasks=tasks, paper=paper, atlas=atlas)


def test_probes_are_held_against_the_configuration():
    for name in ("forest", "probe", None):
        check_leakage(plan(t=name))
    for audit in (None, {"leakage": None}):
        assert leaking(SimpleNamespace(paper={"audit": audit})) == {}
    given = plan(t="forest", u=None, gone="atlas-gone-probe")
    assert leaking(given) == {"t": "forest"}
    with pytest.raises(FewskyError, match="atlas-t-none"):
        check_leakage(plan(t="atlas-t-none"))
    for wrong in ({"t": "mode"}, {"t": "network"}, {"t": "other"}, {"boxes": "other"}):
        with pytest.raises(FewskyError, match="a linear probe, a forest"):
            check_leakage(plan(**wrong))
    with pytest.raises(FewskyError, match="nobody"):
        check_leakage(plan(t="nobody"))
