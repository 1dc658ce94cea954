"""The sky of Galaxy10 DECaLS: all its 17,736 real coordinates, and a list of labels for them."""

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.splits.assign import make_split
from fewsky.splits.sphere import close_pairs
from fewsky.surveys import galaxy10
from fewsky.surveys.galaxy10_file import select_objects
from tests.conftest import ROOT

pytestmark = pytest.mark.real
CLASSES = galaxy10.CLASSES["decals"]
ROWS, LISTED = 17736, 17733
TOLERANCE = 0.02  # of a class's share of a part, which is that of all objects; .011 as measured


@pytest.fixture(scope="module")
def plan():
    return resolve(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def places(shared):
    table = pd.read_csv(shared / "catalogs/galaxy10-decals-coordinates.csv", index_col=0)
    return table.rename(columns={"RA": "ra", "DEC": "dec"})


@pytest.fixture(scope="module")
def labels(shared):
    """Class of each number in the list."""
    table = pd.read_csv(shared / "catalogs/galaxy10-decals-index-to-label.csv")
    number = table["FILENAME"].str.extract(r"-(\d{5})$")[0].astype(int)
    return pd.Series(table["CLASS"].to_numpy(), index=number)


@pytest.fixture(scope="module")
def catalog(places, labels):
    """Coordinates and labels joined by number."""
    joined = places.join(labels.rename("class"), how="inner", validate="one_to_one")
    label = np.array(CLASSES)[joined["class"]]
    return joined.assign(object_id=[f"g10-decals-{k:05d}" for k in joined.index], label=label)


def by_radius(plan, **split):
    """The DECaLS task of config.yaml with patches of 256 px of 0.262 arcsec."""
    block = plan.tasks["galaxy10-decals"]
    told = {**block["split"], "by": "radius", "draws": 2, **split}
    return {**block, "split": told, "patch_arcsec": 256 * 0.262}


def test_the_list_lacks_an_object_in_each_of_three_classes(plan, catalog, labels):
    assert len(catalog) == len(labels) == LISTED and labels.index.is_unique
    published = plan.surveys["galaxy10-decals"]["counts"]
    found = catalog["label"].value_counts()
    lost = {name: n - found[name] for name, n in published.items() if n != found[name]}
    assert sum(published.values()) == ROWS
    assert lost == {"tight-spiral": 1, "loose-spiral": 1, "edge-on-no-bulge": 1}


def test_the_list_s_numbers_are_no_row_numbers_of_the_file(plan, labels):
    """The list is sorted by class and counts without a gap, so what it lacks is not its end."""
    assert labels.is_monotonic_increasing and list(labels.index) == list(range(LISTED))
    counts = plan.surveys["galaxy10-decals"]["counts"]
    if_sorted = np.repeat(np.arange(len(CLASSES)), [counts[name] for name in CLASSES])
    wrong = np.flatnonzero(labels.to_numpy() != if_sorted[:LISTED])
    # If the file is sorted, too, a join by number is right but for the rows between two classes.
    print(f"labels joined by number: {len(wrong)} of {LISTED} are of the class next to theirs")
    assert wrong.tolist() == [11811, 14438, 14439, 15860, 15861, 15862]


def test_a_join_by_position_is_refused(plan, places, labels, tmp_path):
    with h5py.File(tmp_path / "joined.h5", "w") as content:
        content["images"] = np.zeros((ROWS, 1, 1, 3), np.uint8)
        content["ans"] = labels.to_numpy(np.uint8)
        for key in ("ra", "dec"):
            content[key] = places[key].to_numpy()
    files = pd.DataFrame({"path": ["joined.h5"]})
    with pytest.raises(FewskyError, match="one 'ans' for each of 17,736 images; found 17,733 rows"):
        select_objects(files, tmp_path, plan.surveys["galaxy10-decals"])


def test_twins_have_two_classes(places, catalog):
    every = close_pairs(places["ra"], places["dec"], 1.0)
    pairs = close_pairs(catalog["ra"], catalog["dec"], 1.0)
    label = catalog["label"].to_numpy()
    agree = int((label[pairs[:, 0]] == label[pairs[:, 1]]).sum())
    print(f"twins within 1 arcsec: {len(every)}, with labels {len(pairs)}, of one class {agree}")
    # Each class was made without repeats, all of them together were not.
    assert (len(every), len(pairs), agree) == (59, 59, 0)


@pytest.mark.parametrize("duplicates", ["drop", "keep"])
def test_a_split_by_radius_is_clean_and_stratified(plan, catalog, duplicates):
    told = by_radius(plan, duplicates=duplicates)
    manifest, _, audit = make_split(catalog, None, told, seed=0)
    assert audit["mode"] == "enforce" and audit["verdict"] == "clean"
    assert audit["sky"] == "auditable"
    assert audit["twins"] == 59 and audit["twin_label_agreement"] == 0
    assert audit["label_noise"] is None
    assert audit["duplicates_removed"] == (59 if duplicates == "drop" else 0)
    used = manifest[manifest["part"].isin(["pool", "val", "test"])]
    assert len(used) == LISTED - audit["duplicates_removed"]
    whole = used["part"].value_counts(normalize=True)
    shares = pd.crosstab(used["label"], used["part"], normalize="index")
    off = float((shares - whole).abs().to_numpy().max())
    leak = audit["random_split_leak"]
    print(
        f"duplicates {duplicates}: shares of the classes within {off:.4f}; a random split would "
        f"leak {leak['pairs_near_copy']:.1f} twins and {leak['pairs_sharing_pixels']:.1f} pairs "
        f"that share pixels, {leak['test_share_leaked']:.2%} of its test part"
    )
    assert off < TOLERANCE
    assert leak["pairs_near_copy"] > 5 and leak["pairs_sharing_pixels"] > 30


def test_all_coordinates_without_labels_split_clean(plan, places):
    names = np.array(CLASSES)[np.arange(ROWS) % len(CLASSES)]
    catalog = places.assign(object_id=places.index.astype(str), label=names)
    manifest, _, audit = make_split(catalog, None, by_radius(plan), seed=0)
    assert len(manifest) == ROWS and audit["verdict"] == "clean"
    # 303 pairs lie within a patch's diagonal; no chain of them is longer than four.
    pairs = close_pairs(places["ra"], places["dec"], np.sqrt(2) * 256 * 0.262)
    assert len(pairs) == 303 and manifest["group"].value_counts().max() == 4


def test_a_split_that_ignores_the_sky_does_not_pass(plan, catalog):
    told = by_radius(plan, link_arcsec=0.5, guard_arcsec=0.0, audit="report")
    audit = make_split(catalog, None, told, seed=0)[2]
    assert audit["pairs_sharing_pixels"] > 30 and "watermark" in audit
