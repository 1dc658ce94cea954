"""Galaxy10's reader: from an HDF5 file to objects and images, and a line for whatever is wrong."""

import hashlib

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml

from fewsky.console import FewskyError
from fewsky.cutouts.images import cut_shard
from fewsky.metrics.subsets import match_truth
from fewsky.raw.download import fetch_all, known_urls
from fewsky.raw.payload import examine
from fewsky.surveys import galaxy10, reader
from fewsky.surveys.galaxy10_file import read_images, select_objects
from fewsky.surveys.object_table import load_objects
from tests.conftest import ROOT

COUNTS = dict.fromkeys(galaxy10.CLASSES["decals"], 2)
DATASET = {
    "survey": "g", "size": 8, "edge": "drop", "scale": {"by": "fixed", "low": 0.0, "high": 255.0}
}  # fmt: skip


def survey(**change):
    return {
        "reader": "galaxy10", "release": "decals", "bands": ["red", "green", "blue"],
        "reference_band": "green", "shard_objects": 8, "counts": COUNTS, "sha256": None,
        "urls": {"images": "https://zenodo.org/records/1/files/G.h5"}, **change,
    }  # fmt: skip


def columns(**change):
    """What a small DECaLS file holds: image k is k in red, k + 1 in green, k + 2 in blue."""
    number = np.arange(20)
    images = np.zeros((20, 8, 8, 3), np.uint8) + np.arange(3, dtype=np.uint8)
    return {
        "images": images + number[:, None, None, None].astype(np.uint8),
        "ans": (number % 10).astype(np.uint8),
        "ra": number * 10.0,
        "dec": number - 10.0,
        "redshift": number / 100,
        "pxscale": np.full(20, 0.262),
        **change,
    }


def write(folder, **change):
    """A store with the file, and the list of it."""
    path = folder / "zenodo.org/records/1/files/G.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as content:
        for key, values in columns(**change).items():
            if values is not None:
                content.create_dataset(key, data=values)
    return pd.DataFrame([{"path": "zenodo.org/records/1/files/G.h5", "url": "G.h5"}])


def select(folder, files, **change):
    return select_objects(files, folder, galaxy10.selection(survey(**change)))


# --- what is asked for ---------------------------------------------------------------------------
def test_one_file_is_asked_for_and_its_digest_is_demanded():
    told = galaxy10.catalogue(survey(sha256="a" * 64))
    (entry,) = galaxy10.catalogue_files(told)
    assert entry["url"].endswith("/G.h5") and entry["published"] == f"sha256:{'a' * 64}"
    assert "published" not in galaxy10.catalogue_files(galaxy10.catalogue(survey()))[0]
    assert known_urls({"g": survey()}) == [entry["url"]]
    with pytest.raises(FewskyError, match=r"urls\.images: wanted an address"):
        galaxy10.catalogue_files(galaxy10.catalogue(survey(urls={})))


def test_shards_follow_from_the_counts():
    assert list(galaxy10.shards(survey())) == ["part-00", "part-01", "part-02"]
    assert list(galaxy10.shards(survey(shard_objects=20))) == ["part-00"]
    assert reader("galaxy10").PACKED and reader("galaxy10").KIND == "images"
    assert not any(reader(name).PACKED for name in ("sdss", "hash", "folder"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"release": None}, "release: wanted one of sdss, decals; found none"),
        ({"bands": ["grey"]}, "wanted three, for red, green and blue; found 1"),
        ({"counts": {**COUNTS, "spiral": 3}}, "each class of decals, .* found 'spiral'"),
        ({"counts": {"merging": 3}}, "each class of decals, .* found none for barred-spiral"),
        ({"counts": dict.fromkeys(COUNTS, 0)}, "counts: wanted images; found 0"),
        ({"release": "sdss"}, "each class of sdss, .* found 'barred-spiral'"),
    ],
)
def test_bad_surveys_are_one_line(change, reason):
    with pytest.raises(FewskyError, match=reason) as caught:
        galaxy10.shards(survey(**change))
    assert "\n" not in str(caught.value)


def test_the_real_counts_are_those_of_the_files():
    """21,785 and 17,736 images, as the files' shapes say; 394 cigars would be too many."""
    surveys = yaml.safe_load((ROOT / "config.yaml").read_text())["surveys"]
    sdss, decals = (surveys[f"galaxy10-{name}"]["counts"] for name in ("sdss", "decals"))
    assert sum(sdss.values()) == 21785 and sum(decals.values()) == 17736
    assert sdss["cigar-smooth"] == 349
    # The split of Tessa and Terranova: train, validation and test of nine classes.
    parts = [
        [2488, 5017, 4552, 257, 1122, 415, 797, 646, 381],
        [502, 1034, 905, 43, 205, 95, 181, 131, 66],
        [471, 946, 835, 49, 207, 79, 143, 129, 72],
    ]
    nine = [sdss[name] for name in galaxy10.CLASSES["sdss"] if name != "edge-on-boxy-bulge"]
    assert np.sum(parts, axis=0).tolist() == nine
    assert galaxy10.CLASSES["decals"][3] == "in-between-smooth"


# --- objects -------------------------------------------------------------------------------------
def test_rows_become_objects(tmp_path):
    table = select(tmp_path, write(tmp_path))
    assert table["object_id"].tolist()[::19] == ["g10-decals-00000", "g10-decals-00019"]
    assert table["label"].tolist()[:10] == list(galaxy10.CLASSES["decals"])
    assert table["shard"].value_counts().to_dict() == {"part-00": 8, "part-01": 8, "part-02": 4}
    assert table["ra"][3] == 30 and table["dec"][3] == -7 and table["redshift"][3] == 0.03
    assert (table["pxscale"] == 0.262).all() and table["glat"].notna().all()
    assert [galaxy10.row_of(name) for name in table["object_id"]] == list(range(20))


def test_the_file_of_sdss_needs_no_positions(tmp_path):
    files = write(tmp_path, ra=None, dec=None, redshift=None, pxscale=None)
    counts = dict.fromkeys(galaxy10.CLASSES["sdss"], 2)
    table = select(tmp_path, files, release="sdss", counts=counts)
    assert table["label"][5] == "edge-on-boxy-bulge" and table["object_id"][5] == "g10-sdss-00005"
    assert table[["ra", "dec", "glat"]].isna().all(axis=None) and "redshift" not in table


ANS = columns()["ans"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ans": None}, r"wanted a dataset 'ans'; found dec, images, pxscale, ra, redshift"),
        ({"images": None}, "wanted a dataset 'images'; found ans"),
        ({"pxscale": None}, "wanted a dataset 'pxscale'"),
        ({"ans": ANS[:19]}, "one 'ans' for each of 20 images; found 19 rows"),
        ({"ra": np.zeros(21)}, "one 'ra' for each of 20 images; found 21 rows"),
        ({"ans": ANS[:, None]}, r"one 'ans' for each of 20 images; found the shape \(20, 1\)"),
        ({"ans": np.where(ANS == 9, 10, ANS)}, "classes 0 to 9 of decals .* found 10 in row 9"),
        ({"ans": np.where(ANS == 9, -1, ANS.astype(int))}, "classes 0 to 9 .* found -1 in row 9"),
        ({"ans": ANS.astype(float)}, "whole numbers 0 to 9 in 'ans'; found type float64"),
        ({"images": np.zeros((20, 8, 8), np.uint8)}, r"images \(n, s, s, 3\) of type uint8"),
        ({"images": np.zeros((20, 8, 7, 3), np.uint8)}, r"found \(20, 8, 7, 3\) of type uint8"),
        ({"images": np.zeros((20, 3, 8, 8), np.uint8)}, r"found \(20, 3, 8, 8\) of type uint8"),
        ({"images": np.zeros((20, 8, 8, 3), np.float32)}, "of type float32"),
        ({"images": np.zeros((0, 8, 8, 3), np.uint8)}, "wanted images; found 0 of them"),
        ({"ra": np.full(20, 361.0)}, "'ra' in degrees, 0 to 360; found 361 in row 0"),
        (
            {"ans": np.where(ANS == 9, 8, ANS)},
            "edge-on-no-bulge: expected 2, found 4; edge-on-with-bulge: expected 2, found 0",
        ),
    ],
)
def test_bad_files_are_one_line(tmp_path, change, reason):
    files = write(tmp_path, **change)
    with pytest.raises(FewskyError, match=reason) as caught:
        select(tmp_path, files)
    assert "\n" not in str(caught.value) and str(caught.value).startswith("G.h5: wanted ")


def broken(path, how):
    content = path.read_bytes()
    path.write_bytes({
        "truncated": content[: len(content) // 2], "empty": b"",
        "html": b"<!DOCTYPE html><html><title>503 Service Unavailable</title></html>",
    }[how])  # fmt: skip


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("truncated", "a whole HDF5 file; found one that h5py cannot read .*truncated"),
        ("html", r"a whole HDF5 file; found an HTML page \(503 Service Unavailable\)"),
        ("empty", "a whole HDF5 file; found an empty file"),
    ],
)
def test_broken_files_are_one_line(tmp_path, how, reason):
    files = write(tmp_path)
    broken(tmp_path / files["path"][0], how)
    with pytest.raises(FewskyError, match=reason) as caught:
        select(tmp_path, files)
    assert "\n" not in str(caught.value)
    (tmp_path / files["path"][0]).unlink()
    with pytest.raises(FewskyError, match="wanted an HDF5 file; found none"):
        select(tmp_path, files)


@pytest.mark.parametrize("how", ["truncated", "html"])
def test_a_mirror_with_a_broken_file_is_refused(tmp_path, how):
    """The digest of the survey is demanded before anything is stored."""
    path = write(tmp_path / "mirror")["path"][0]
    digest = hashlib.sha256((tmp_path / "mirror" / path).read_bytes()).hexdigest()
    entries = galaxy10.catalogue_files(galaxy10.catalogue(survey(sha256=digest)))
    given = {"mirror": tmp_path / "mirror", "offline": True}
    listed = fetch_all(entries, tmp_path / "one", **given)
    assert listed["sha256"].tolist() == [digest] and not listed.attrs["simulated"]
    broken(tmp_path / "mirror" / path, how)
    with pytest.raises(FewskyError, match=r"G\.h5: wanted .*; found ") as caught:
        fetch_all(entries, tmp_path / "two", **given)
    assert "\n" not in str(caught.value) and not (tmp_path / "two" / path).exists()


def test_the_demo_sky_says_so_in_its_file(tmp_path):
    path = tmp_path / write(tmp_path)["path"][0]
    assert not examine(path).simulated
    with h5py.File(path, "a") as content:
        content.attrs["SIMULATED"] = "yes"
    assert examine(path).simulated


# --- images --------------------------------------------------------------------------------------
def test_a_shard_gets_its_own_images(tmp_path):
    files = write(tmp_path)
    select(tmp_path, files).to_csv(tmp_path / "objects.csv", index=False)
    objects = load_objects(tmp_path / "objects.csv")
    mine = objects[objects["shard"] == "part-01"]
    packed = files.assign(kind="packed")
    images, catalog = cut_shard(packed, mine, tmp_path, DATASET, survey())
    assert images.shape == (8, 3, 8, 8) and images.dtype == np.float32
    assert np.allclose(images[:, 0, 0, 0] * 255, np.arange(8, 16))
    assert np.allclose(images[2, :, 4, 4] * 255, [10, 11, 12])
    assert catalog["object_id"].tolist() == [f"g10-decals-{row:05d}" for row in range(8, 16)]
    assert catalog["label"].tolist() == mine["label"].tolist()
    assert catalog["redshift"].tolist() == mine["redshift"].tolist()
    assert (catalog["plate"] == "").all() and catalog["complete"].all()
    path, bands = tmp_path / files["path"][0], survey()["bands"]
    some = read_images(path, ["g10-decals-00007", "g10-decals-00003"], bands)
    assert [image[0, 0, 0] for image in some] == [7, 3]
    with pytest.raises(FewskyError, match="wanted 21 images or more; found 20"):
        list(read_images(path, ["g10-decals-00020"], bands))


# --- truth ---------------------------------------------------------------------------------------
def test_truth_with_names_is_joined_by_them():
    classes = ["merging", "disturbed"]
    truth = pd.DataFrame({"object_id": ["b", "a", "d"], "true_class": [*classes, "round-smooth"]})
    objects = pd.DataFrame({"object_id": ["a", "b", "c", "d"], "label": "merging"})
    expected = ["disturbed", "merging", "", ""]
    assert match_truth(objects, truth, classes).tolist() == expected
    assert match_truth(objects.set_index("object_id"), truth, classes).tolist() == expected
