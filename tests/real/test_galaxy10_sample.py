"""A small Galaxy10 made of real images of DECaLS goes through the reader and the cut."""

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fewsky.console import FewskyError
from fewsky.cutouts.images import cut_shard
from fewsky.cutouts.measure_images import measure_images
from fewsky.surveys import galaxy10
from fewsky.surveys.galaxy10_file import select_objects
from fewsky.surveys.object_table import load_objects

pytestmark = pytest.mark.real
CLASSES = galaxy10.CLASSES["decals"]
SURVEY = {
    "reader": "galaxy10", "release": "decals", "bands": ["red", "green", "blue"],
    "reference_band": "green", "shard_objects": 64, "counts": dict.fromkeys(CLASSES, 10),
}  # fmt: skip
DATASET = {
    "survey": "sample", "size": 64, "edge": "drop", "scale": {"by": "fixed", "low": 0, "high": 255}
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(shared, tmp_path_factory):
    """A store with an HDF5 as the archive's, compressed, of the 100 images, and its pixels."""
    folder = shared / "images/galaxy10-decals-sample"
    catalog = pd.read_csv(folder / "catalog.csv")
    pixels = np.stack([np.asarray(Image.open(folder / name)) for name in catalog["file"]])
    places = pd.read_csv(shared / "catalogs/galaxy10-decals-coordinates.csv").head(len(catalog))
    store = tmp_path_factory.mktemp("store")
    with h5py.File(store / "sample.h5", "w") as content:
        content.create_dataset("images", data=pixels, compression="gzip", compression_opts=1)
        content["ans"] = catalog["label"].to_numpy(np.uint8)
        content["ra"], content["dec"] = places["RA"].to_numpy(), places["DEC"].to_numpy()
        content["redshift"], content["pxscale"] = np.full(100, np.nan), np.full(100, 0.262)
    return store, pixels, catalog["label"].to_numpy()


def listed():
    return pd.DataFrame([{"kind": "packed", "path": "sample.h5", "url": "sample.h5"}])


def test_real_images_reach_the_cutouts(sample, tmp_path):
    store, pixels, numbers = sample
    select_objects(listed(), store, galaxy10.selection(SURVEY)).to_csv(
        tmp_path / "objects.csv", index=False
    )
    objects = load_objects(tmp_path / "objects.csv")
    assert objects["label"].tolist() == [CLASSES[number] for number in numbers]
    assert objects["redshift"].isna().all() and objects["glat"].notna().all()
    mine = objects[objects["shard"] == "part-01"]
    images, catalog = cut_shard(listed(), mine, store, DATASET, SURVEY)
    assert images.shape == (36, 3, 64, 64) and catalog["object_id"][0] == "g10-decals-00064"
    # Resizing keeps the mean; Lanczos may ring by a little, and is cut at 0 and 255.
    means = pixels[64:].mean(axis=(1, 2)) / 255
    assert np.abs(images.mean(axis=(2, 3)) - means).max() < 0.004
    whole, _ = cut_shard(listed(), mine, store, {**DATASET, "size": 256}, SURVEY)
    assert np.array_equal(np.rint(whole * 255), np.moveaxis(pixels[64:], 3, 1))
    measured = measure_images(images, catalog, SURVEY["bands"])
    assert len(measured) == 36 and measured.notna().all(axis=None)
    assert (catalog["background_green"] < 60).all()  # a dark sky around every galaxy


def test_real_classes_that_are_counted_otherwise_are_refused(sample):
    counts = {**SURVEY["counts"], "cigar-smooth": 9, "merging": 11}
    told = galaxy10.selection({**SURVEY, "counts": counts})
    with pytest.raises(FewskyError, match=r"merging: expected 11, found 10; cigar-smooth: .* 9, "):
        select_objects(listed(), sample[0], told)
