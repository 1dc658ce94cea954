"""Real mergers of SDSS: the folder that `make sample` reads, its splits and its controls."""

import numpy as np
import pandas as pd
import pytest

from fewsky.cutouts.images import cut_shard
from fewsky.models.opponents import fit_opponent
from fewsky.splits.assign import make_split
from fewsky.splits.held_out import HeldOut, held_out
from fewsky.splits.keep_out import split_apart
from fewsky.splits.labels import target_values
from fewsky.splits.sphere import close_pairs
from fewsky.surveys import folder
from fewsky.surveys.folder_images import read_picture, select_objects
from fewsky.surveys.object_table import load_objects
from tests.unit.shipped import shipped

PLACE = "images/galaxy-mergers"
MAGNITUDES = ["u", "g", "r", "i", "z"]


@pytest.fixture(scope="module")
def plan():
    return shipped("mergers")


@pytest.fixture(scope="module")
def catalog(shared, tmp_path_factory):
    """All objects as the rule that selects them writes them, and as the cut reads them."""
    place = shared / PLACE
    listed = pd.DataFrame({"path": ["catalog.csv"], "url": [str(place / "catalog.csv")]})
    path = tmp_path_factory.mktemp("mergers") / "objects.csv"
    select_objects(listed, place, {"reader": "folder"}).to_csv(path, index=False)
    return load_objects(path)


def told(plan, task, **split):
    """A task's block as its rule is told it."""
    block = plan.tasks[task]
    side = plan.surveys["mergers"]["field_arcsec"]
    return {**block, "split": {**block["split"], **split}, "patch_arcsec": side}


@pytest.fixture(scope="module")
def grouped(plan, catalog):
    """Manifest, draws and audit of the task mg."""
    return make_split(catalog, None, told(plan, "mg"), seed=plan.tasks["mg"]["split"]["seed"])


def pictures(catalog, place, names, bands):
    rows = catalog.set_index("object_id").loc[names]
    return [read_picture(place / name, name, bands) for name in rows["file"]]


def shown(plan):
    return plan.paper["self-supervision"]


# --- the profile --------------------------------------------------------------------------------
def test_the_overlay_asks_for_pretext_splits_budgets_and_controls(plan):
    assert plan.surveys["mergers"]["reader"] == "folder"
    assert plan.tasks["mg"]["split"]["by"] == "radius"
    assert plan.tasks["mg-random"]["split"]["audit"] == "report"
    assert plan.tasks["mergers-magnitudes"]["targets"]["columns"] == MAGNITUDES
    assert plan.weights["ssl-mergers"]["from"] == "mergers-magnitudes"
    assert {row["task"] for row in plan.atlas} == {"mg"}  # nothing else is trained on a sample
    assert {row["start"] for row in plan.atlas} == {"none", "mergers"}
    opponents = {name: plan.experiments[name].get("opponent", {}) for name in plan.of_task("mg")}
    controls = {name for name, item in opponents.items() if item.get("control") == "nuisance"}
    assert controls == {"mg-nuisance", "mg-nuisance-ring"} <= set(shown(plan)["real"])
    for row in plan.atlas:
        item = plan.experiments[row["experiment"]]
        assert item["budgets"][0] == 50 and item["budgets"][-1] == 3000
    [gate] = plan.gates
    assert (gate["metric"], gate["at_least"]) == ("balanced_accuracy", 0.945)
    assert plan.tasks[gate["task"]]["split"]["audit"] == "enforce"


# --- the folder ---------------------------------------------------------------------------------
@pytest.mark.real
def test_the_folder_holds_as_many_of_each_and_absurd_magnitudes(plan, catalog):
    assert catalog["label"].value_counts().to_dict() == {"merger": 2000, "non-merger": 2000}
    assert catalog["ra"].notna().all() and catalog["redshift"].between(0.005, 0.1).all()
    values = target_values(catalog, plan.tasks["mergers-magnitudes"]["targets"])
    listed = catalog[MAGNITUDES].to_numpy(float)
    assert np.isfinite(listed).all() and listed.max() > 26.9
    missing = np.isnan(values).sum(axis=0)
    print(f"magnitudes taken for none, {', '.join(MAGNITUDES)}: {missing.tolist()}")
    assert missing[0] > 0 and missing.sum() == 11  # as counted in the folder
    assert np.nanmax(values) < 22.0


@pytest.mark.real
def test_images_are_cut_with_their_ring_and_their_numbers(plan, catalog, shared):
    few = catalog.groupby("label").head(8)
    survey, dataset = plan.surveys["mergers"], plan.datasets["mergers"]
    place = shared / PLACE
    shard = {"folder": str(place)}
    files = pd.DataFrame(folder.files(shard, few.to_dict("records")))
    files["path"] = [str(name).removeprefix(f"{place}/") for name in files["url"]]
    images, table = cut_shard(files, few, place, dataset, survey)
    assert images.shape == (16, 3, 64, 64) and 0 <= images.min() < images.max() <= 1
    assert images.std() > 0.02
    columns = plan.experiments["mg-nuisance"]["opponent"]["columns"]
    assert table[columns].notna().all(axis=None)
    assert table[["ring_median_red", "peaks_green"]].notna().all(axis=None)


@pytest.mark.real
def test_the_side_of_an_image_is_that_of_its_sky(plan, catalog, shared):
    """One galaxy stands in both classes, 3.3 arcsec apart: its images tell the scale."""
    pairs = close_pairs(catalog["ra"], catalog["dec"], 10.0)
    assert len(pairs) == 1
    names = catalog["object_id"].to_numpy()[pairs[0]]
    assert sorted(catalog["label"].to_numpy()[pairs[0]]) == ["merger", "non-merger"]
    bands = plan.surveys["mergers"]["bands"]
    one, two = (image.mean(axis=0) for image in pictures(catalog, shared / PLACE, names, bands))
    one, two = one - one.mean(), two - two.mean()
    like = np.fft.ifft2(np.fft.fft2(one) * np.conj(np.fft.fft2(two))).real
    shift = np.array(np.unravel_index(like.argmax(), like.shape))
    shift = np.where(shift > len(one) // 2, shift - len(one), shift)
    assert like.max() > 0.95 * np.sqrt((one**2).sum() * (two**2).sum())
    apart = close_distance(catalog.iloc[pairs[0]])
    side = plan.surveys["mergers"]["field_arcsec"] / len(one)
    # A whole pixel is 0.4 arcsec; the shift is known to half of one.
    assert abs(np.hypot(*shift) * side - apart) < 0.3


def close_distance(pair):
    """Separation of two rows in arcsec."""
    ra, dec = pair["ra"].to_numpy(), pair["dec"].to_numpy()
    return 3600 * np.hypot((ra[1] - ra[0]) * np.cos(np.radians(dec[0])), dec[1] - dec[0])


# --- splits -------------------------------------------------------------------------------------
@pytest.mark.real
def test_the_split_by_sky_is_clean_and_has_room_for_the_budgets(plan, grouped):
    manifest, draws, audit = grouped
    assert audit["verdict"] == "clean" and audit["sky"] == "auditable"
    # The nearest pair of pool and test is farther than the diagonal of an image.
    assert audit["min_separation_arcsec"]["pool-test"] > audit["guard_arcsec"] > 71
    counts = manifest["part"].value_counts()
    assert 780 <= counts["test"] <= 820
    ranked = draws[draws["even"]].groupby("draw").size()
    assert len(ranked) == 5 and ranked.min() >= 3000


@pytest.mark.real
def test_the_pretext_learns_from_no_tested_galaxy(plan, catalog, grouped):
    tested = held_out(grouped[0])
    reach = np.sqrt(2) * plan.surveys["mergers"]["field_arcsec"]
    kept = {"mg": HeldOut(tested, True, reach, reach)}
    settings = {**told(plan, "mergers-magnitudes"), "label": "label"}
    manifest, _, audit = split_apart(catalog, None, settings, kept, seed=0)
    report = audit["kept_out"]["mg"]
    print(f"mergers-magnitudes: {report}")
    assert report["left"] == report["may_share_pixels"] == 0
    assert report["taken_out"] >= len(tested) == report["tested"]
    assert not set(manifest["object_id"]) & set(tested["object_id"])
    assert (manifest["part"] == "pool").sum() > 2500


# --- controls -----------------------------------------------------------------------------------
@pytest.mark.real
def test_magnitudes_and_redshift_alone_tell_some_mergers(plan, catalog, grouped):
    """Well above chance, and far below what images tell."""
    manifest, draws, _ = grouped
    settings = {**plan.experiments["mg-nuisance"]["opponent"], "options": {"n_estimators": 100}}
    found = fit_opponent(settings, catalog, manifest, draws, told(plan, "mg"), 0, [3000])
    tested = found[found["part"] == "test"]
    right = (tested["p_merger"] > 0.5) == (tested["label"] == "merger")
    score = right.groupby(tested["label"]).mean().mean()
    print(f"balanced accuracy of magnitudes and redshift at 3,000 labels: {score:.3f}")
    assert 0.58 < score < 0.72
