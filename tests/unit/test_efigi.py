"""The reader of EFIGI: two archives become galaxies with types; types become classes."""

import io
import tarfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fewsky.console import FewskyError
from fewsky.raw.payload import examine
from fewsky.splits.grouped import grouped
from fewsky.surveys import efigi
from fewsky.surveys.efigi_file import ATTRIBUTES, PLACES, read_images
from fewsky.task_groups import name_groups
from tests.unit.properties_world import CONFIG, bring, choose, survey


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return bring(tmp_path_factory.mktemp("efigi"), "efigi", label_noise=0.0)


def png(side=8, mode="RGB"):
    pixels = np.arange(side * side * 3, dtype=np.uint8).reshape(side, side, 3)
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, "PNG")
    return stream.getvalue()


def archive(path, files):
    with tarfile.open(path, "w:gz") as out:
        for name, content in files.items():
            member = tarfile.TarInfo(f"efigi-1.6/{name}")
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))


def store(folder, types="PGC0000002 -5 -6 -4\nPGC0000001 10 9 11\n", places="", pictures=None):
    """A store with two small archives, and the list of them."""
    pictures = {f"png/PGC000000{k}.png": png() for k in (1, 2)} if pictures is None else pictures
    archive(folder / "png.tgz", pictures)
    texts = {ATTRIBUTES: "header\n" * 82 + types, PLACES: places}
    archive(folder / "tables.tgz", {name: text.encode() for name, text in texts.items()})
    return pd.DataFrame({"kind": ["packed", "tables"], "path": ["png.tgz", "tables.tgz"]})


def test_galaxies_come_with_type_and_place(tmp_path):
    listed = store(tmp_path, places="PGC0000001 10.5 -1.25 0.01 0.02\n")
    found = choose(listed, tmp_path, survey("efigi"))
    assert found["object_id"].tolist() == ["PGC0000001", "PGC0000002"]
    assert found["label"].tolist() == ["T10", "T-5"] and found["hubble_t"].tolist() == [10, -5]
    assert found["ra"].iloc[0] == 10.5 and np.isnan(found["ra"].iloc[1])
    left = choose(listed, tmp_path, survey("efigi", exclude=["PGC0000001"]))
    assert left["object_id"].tolist() == ["PGC0000002"]


def test_pictures_come_in_the_order_asked_for(tmp_path):
    pictures = {f"png/PGC{k}.png": png(side=k) for k in (8, 9, 10)}
    listed = store(tmp_path, types="PGC8 0 0 0\n", pictures=pictures)
    path = tmp_path / listed["path"][0]
    found = list(read_images(path, ["PGC10", "PGC8"], ["red", "green", "blue"]))
    assert [image.shape for image in found] == [(3, 10, 10), (3, 8, 8)]
    assert found[1][:, 0, 1].tolist() == [3, 4, 5] and found[1].dtype == np.float32
    with pytest.raises(FewskyError, match=r"wanted PGC7.png; found none"):
        list(read_images(path, ["PGC7"], ["red", "green", "blue"]))
    assert not examine(path).simulated


def test_bad_archives_are_told(tmp_path):
    for change, words in (
        ({"types": "PGC1 12 11 13\n"}, "wanted whole types -6 to 11; found 'PGC1 12'"),
        ({"types": "PGC1 x\n"}, "wanted whole types -6 to 11"),
        ({"types": ""}, "wanted rows of galaxies in EFIGI_attributes.txt"),
        ({"types": "PGC1 1 0 2\nPGC1 2 1 3\n"}, "wanted each galaxy once; found PGC1 twice"),
        ({"pictures": {}}, "wanted a PNG named after each galaxy; found none"),
        ({"places": "PGC0000001 400 0 0\n"}, "wanted ra in degrees"),
    ):
        with pytest.raises(FewskyError, match=words):
            choose(store(tmp_path, **change), tmp_path, survey("efigi"))
    listed = store(tmp_path)
    whole = (tmp_path / "tables.tgz").read_bytes()
    (tmp_path / "tables.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FewskyError, match=r"tables.tgz: wanted a whole .tgz"):
        choose(listed, tmp_path, survey("efigi"))
    with pytest.raises(FewskyError, match=r"a sound compressed file|a whole compressed file"):
        examine(tmp_path / "tables.tgz")
    with pytest.raises(FewskyError, match=r"urls.images: wanted the address of a .tgz"):
        efigi.catalogue_files(
            {"urls": {"images": "https://a.org/b.zip", "tables": "https://a/t.tgz"}}
        )


def test_the_sky_has_every_type(world):
    assert world.catalog["label"].value_counts().to_dict() == {f"T{t}": 2 for t in efigi.TYPES}
    assert (world.catalog["hubble_t"] == world.catalog["label"].str[1:].astype(float)).all()
    # Spirals are bluer than ellipticals: blue over red, whole images.
    colour = pd.Series(world.images[:, 2].mean((1, 2)) / world.images[:, 0].mean((1, 2)))
    early, late = (world.catalog["hubble_t"] <= -4), world.catalog["hubble_t"].between(6, 10)
    assert colour[late].min() > colour[early].max()


# --- tasks with groups of labels -----------------------------------------------------------------
def test_types_become_the_classes_of_a_task():
    tasks = {name: {**CONFIG["tasks"][name]} for name in ("ef-2", "ef-4", "ef-15")}
    name_groups(tasks)
    assert tasks["ef-2"]["classes"] == ["elliptical", "spiral"]
    assert tasks["ef-4"]["classes"] == ["elliptical", "lenticular", "spiral", "irregular"]
    table = pd.DataFrame({"label": [efigi.label_of(t) for t in efigi.TYPES]})
    four = grouped(table, tasks["ef-4"], "label")["label"]
    assert four.value_counts().to_dict() == {
        "elliptical": 3, "lenticular": 3, "spiral": 10, "irregular": 1, "": 1
    }  # fmt: skip
    assert grouped(table, tasks["ef-15"], "label") is table and len(tasks["ef-15"]["classes"]) == 15
    assert grouped(table, tasks["ef-4"], "other") is table


def test_a_label_stands_in_one_group():
    with pytest.raises(FewskyError, match=r"tasks.a.groups: .*found T1 in x and y"):
        name_groups({"a": {"groups": {"x": ["T1"], "y": ["T1", "T2"]}}})
