"""The reader of Galaxy Zoo 2: list, votes and archive become galaxies with classes and pictures."""

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fewsky.console import FewskyError
from fewsky.surveys import galaxyzoo, galaxyzoo_table, reader
from fewsky.surveys.galaxyzoo_table import SHARES, read_images, select_objects
from tests.unit.crowds_world import survey

BANDS = ["red", "green", "blue"]
MAPPING = "objid,sample,asset_id\n11,original,3\n12,extra,5\n12,original,9\n13,original,7\n"


def jpeg(side=16, shade=200, mode="RGB"):
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[..., 0] = shade
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def archive(path, files, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", how) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


def votes(rows=((11, 10.0, 1.5, "Er"), (12, 20.0, 2.5, "SBc2m"), (13, 30.0, 3.5, "A"))):
    head = ["dr7objid", "ra", "dec", "rastring", "gz2_class", *SHARES]
    lines = [[*row[:3], "x", row[3], 40, 0.7, 0.2, 0.1] for row in rows]
    return "\n".join(",".join(map(str, line)) for line in [head, *lines])


def store(folder, mapping=MAPPING, told=None, pictures=None):
    """A store with the three files, small, and the list of them."""
    pictures = {f"images/{k}.jpg": jpeg() for k in (3, 5, 7, 9)} if pictures is None else pictures
    archive(folder / "images.zip", pictures)
    (folder / "mapping.csv").write_text(mapping)
    (folder / "votes.csv.gz").write_bytes(gzip.compress((told or votes()).encode()))
    paths = ["images.zip", "mapping.csv", "votes.csv.gz"]
    return pd.DataFrame({"kind": ["packed", "mapping", "votes"], "path": paths})


def choose(listed, folder, **change):
    settings = galaxyzoo.selection(survey(**{"number": 3, **change}))
    return select_objects(listed, folder, settings)


# --- what is asked for --------------------------------------------------------------------------
def test_three_files_are_asked_for():
    module, block = reader("galaxyzoo"), survey()
    assert (module.KIND, module.PACKED, module.ALIGNS) == ("images", True, False)
    rows = module.catalogue_files(module.catalogue(block))
    assert [row["kind"] for row in rows] == ["packed", "mapping", "votes"]
    assert [row["url"] for row in rows] == list(block["urls"].values())
    assert list(module.shards(block)) == ["part-00", "part-01", "part-02"]
    for change, words in (
        ({"number": None}, "number: wanted how many images"),
        ({"bands": ["r"]}, "wanted three, for red, green and blue"),
    ):
        with pytest.raises(FewskyError, match=words):
            module.shards(survey(**change))
    with pytest.raises(
        FewskyError, match=r"urls.images: wanted the address of a .zip; found .*tar"
    ):
        module.catalogue_files({"urls": {**block["urls"], "images": "https://a.org/x.tar"}})
    with pytest.raises(FewskyError, match=r"urls.votes: wanted an address; found none"):
        module.catalogue_files({"urls": {k: block["urls"][k] for k in ("images", "mapping")}})


@pytest.mark.parametrize(("word", "label"), [
    ("Er", "round-smooth"), ("Ei(o)", "in-between-smooth"), ("Ec", "cigar-smooth"),
    ("Ser", "edge-on-rounded-bulge"), ("Seb", "edge-on-boxy-bulge"), ("Sen(d)", "edge-on-no-bulge"),
    ("Sa", "face-on-disk"), ("SBb(r)", "face-on-disk"), ("Sc2t", "tight-spiral"),
    ("SBc?m", "medium-spiral"), ("Sd+l(m)", "loose-spiral"), ("A", "artefact"),
    ("", ""), ("E", ""), ("Se", ""), ("Sc2", ""), ("Sx2t", ""), ("spiral", ""), ("Er junk", ""),
])  # fmt: skip
def test_shorthand_becomes_a_class(word, label):
    assert galaxyzoo.label_of(word) == label


# --- objects ------------------------------------------------------------------------------------
def test_galaxies_come_with_votes_place_and_picture(tmp_path):
    found = choose(store(tmp_path), tmp_path)
    assert found["object_id"].tolist() == ["gz2-3", "gz2-7", "gz2-9"]  # 12 as in `original`
    assert found["label"].tolist() == ["round-smooth", "artefact", "medium-spiral"]
    assert found["status"].tolist() == ["Er", "A", "SBc2m"]
    assert found["name"].tolist() == ["11", "13", "12"]
    assert found["ra"].tolist() == [10, 30, 20] and found["dec"].tolist() == [1.5, 3.5, 2.5]
    assert found["p_smooth"].tolist() == [0.7] * 3 and found["votes"].tolist() == [40] * 3


def test_long_names_are_kept_to_the_last_digit(tmp_path):
    names = ["587722981736120347", "587722981736120348"]
    mapping = "objid,sample,asset_id\n" + "".join(
        f"{name},original,{k}\n" for k, name in zip((3, 5), names, strict=True)
    )
    told = votes([(name, 1, 2, "Er") for name in names])
    found = choose(store(tmp_path, mapping, told), tmp_path, number=2)
    assert sorted(found["name"]) == names


def test_as_many_are_drawn_as_asked_for(tmp_path):
    keys = range(1, 41)
    mapping = "objid,sample,asset_id\n" + "".join(f"{k},original,{k}\n" for k in keys)
    told = votes([(k, 1, 2, "Er") for k in keys])
    listed = store(tmp_path, mapping, told, {f"images/{k}.jpg": b"" for k in keys if k != 4})
    ten, twenty = (choose(listed, tmp_path, number=n)["object_id"] for n in (10, 20))
    assert len(ten) == 10 and set(ten) < set(twenty) and "gz2-4" not in set(twenty)
    other = choose(listed, tmp_path, number=10, seed=1)["object_id"]
    assert set(other) != set(ten)
    without = choose(listed, tmp_path, number=10, exclude=[ten[0]])["object_id"]
    assert set(ten) - set(without) == {ten[0]}
    parts = choose(listed, tmp_path, number=20)["shard"].value_counts().to_dict()
    assert parts == {"part-00": 8, "part-01": 8, "part-02": 4}
    with pytest.raises(FewskyError, match=r"wanted 40 galaxies with votes and a picture; found 39"):
        choose(listed, tmp_path, number=40)


@pytest.mark.parametrize(("change", "words"), [
    ({"mapping": "objid,asset_id\n1,2\n"}, "wanted a column sample"),
    ({"mapping": "objid,sample,asset_id\n1,original,../2\n"}, r"in asset_id; .*\.\./2"),
    ({"mapping": "objid,sample,asset_id\n1,original,2\n3,original,2\n"}, "asset_id once; found 2"),
    ({"mapping": "objid,sample,asset_id\n"}, "wanted rows"),
    ({"mapping": "<html><title>Gone</title></html>"}, r"mapping.csv: .*an HTML page \(Gone\)"),
    ({"mapping": ""}, "wanted a table with a line of column names"),
    ({"told": votes([(11, 400, 0, "Er")])}, "wanted ra and dec in degrees"),
    ({"told": votes([(11, "x", 0, "Er")])}, "wanted numbers in ra"),
    ({"told": votes([(11, 1, 2, "spiral")])}, "wanted classes as Er, Sen or SBc2m"),
    ({"told": "dr7objid,ra\n1,2\n"}, "wanted a column dec"),
    ({"pictures": {}}, "found 0. Lower number"),
])  # fmt: skip
def test_bad_tables_are_told_in_one_line(tmp_path, change, words):
    with pytest.raises(FewskyError, match=words) as caught:
        choose(store(tmp_path, **change), tmp_path)
    assert "\n" not in str(caught.value)


# --- pictures -----------------------------------------------------------------------------------
def test_pictures_come_in_the_order_asked_for(tmp_path):
    files = {"SIMULATED.txt": b"x", "deep/images/5.jpg": jpeg(16, 50),
             "images/12.jpg": jpeg(8, 250), "__MACOSX/images/._5.jpg": b"x",
             "images/5.png": b"x"}  # fmt: skip
    path = archive(tmp_path / "a.zip", files, zipfile.ZIP_DEFLATED)
    found = list(read_images(path, ["gz2-12", "gz2-5"], BANDS))
    assert [image.shape for image in found] == [(3, 8, 8), (3, 16, 16)]
    assert found[0].dtype == np.float32
    assert abs(found[0][0].mean() - 250) < 4 and abs(found[1][0].mean() - 50) < 4
    with pytest.raises(FewskyError, match=r"a.zip: wanted images/7.jpg; found none"):
        list(read_images(path, ["gz2-7"], BANDS))


@pytest.mark.parametrize("name", ["../images/5.jpg", "/images/5.jpg", "a/../../images/5.jpg",
                                  "..\\images\\5.jpg"])  # fmt: skip
def test_names_that_lead_out_are_refused(tmp_path, name):
    path = archive(tmp_path / "a.zip", {"images/5.jpg": jpeg(), name: jpeg()})
    with pytest.raises(FewskyError, match="wanted names within the archive"):
        list(read_images(path, ["gz2-5"], BANDS))
    assert not (tmp_path.parent / "images").exists()


def test_a_picture_unpacks_to_so_much_at_most(tmp_path, monkeypatch):
    path = archive(tmp_path / "a.zip", {"images/5.jpg": b"\0" * 100_000}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1000
    monkeypatch.setattr(galaxyzoo_table, "LARGEST_MEMBER", 5000)
    with pytest.raises(FewskyError, match=r"at most 5,000 bytes; found images/5.jpg of more"):
        list(read_images(path, ["gz2-5"], BANDS))
    monkeypatch.setattr(galaxyzoo_table, "MOST_MEMBERS", 0)
    with pytest.raises(FewskyError, match="wanted at most 0 files; found 1"):
        list(read_images(path, ["gz2-5"], BANDS))


def test_broken_archives_and_pictures_are_told(tmp_path):
    with pytest.raises(FewskyError, match="wanted an archive; found none"):
        list(read_images(tmp_path / "none.zip", ["gz2-5"], BANDS))
    path = archive(tmp_path / "a.zip", {"images/5.jpg": jpeg(64)})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FewskyError, match=r"a.zip: wanted a whole .zip"):
        list(read_images(path, ["gz2-5"], BANDS))
    damaged = bytearray(whole)
    damaged[200] ^= 255
    path.write_bytes(bytes(damaged))
    with pytest.raises(FewskyError, match=r"a.zip: wanted a whole .zip; found Bad CRC"):
        list(read_images(path, ["gz2-5"], BANDS))
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "b.zip", "w") as out,
    ):
        for _ in range(2):
            out.writestr("images/5.jpg", jpeg())
    with pytest.raises(FewskyError, match=r"wanted each picture once; found images/5.jpg twice"):
        list(read_images(tmp_path / "b.zip", ["gz2-5"], BANDS))
    for content, words in ((b"no picture", "wanted an image"), (jpeg(mode="L"), "found a grey")):
        path = archive(tmp_path / "c.zip", {"images/5.jpg": content})
        with pytest.raises(FewskyError, match=words):
            list(read_images(path, ["gz2-5"], BANDS))
