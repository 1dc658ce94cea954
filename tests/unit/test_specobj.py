"""The reader of SDSS's spectroscopic classes: its query, its pictures, and bad answers."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.raw.download import known_urls, locate
from fewsky.raw.forms import answer
from fewsky.surveys import specobj
from tests.unit.properties_world import SKY, bring, choose, simulated, survey


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return bring(tmp_path_factory.mktemp("specobj"), "specobj", label_noise=0.0, absurd_share=0.0)


def stored(folder, text):
    """A store with an answer of SkyServer, and the list of it."""
    (folder / "answer.csv").write_text(text)
    return pd.DataFrame([{"kind": "catalogue", "path": "answer.csv", "url": "answer.csv"}])


def lines(**change):
    row = {"objid": "1", "ra": "10.5", "dec": "-1.0", "class": "STAR"}
    row |= dict.fromkeys(specobj.NUMBERS, "18.5") | change
    return f"#Table1\n{','.join(row)}\n{','.join(row.values())}\n"


def test_the_query_asks_for_every_column_and_its_name_follows_it():
    row = specobj.catalogue_files(specobj.catalogue(survey("specobj")))[0]
    asked = parse_qs(urlsplit(row["form"]["address"]).query)
    words = asked["cmd"][0].lower().replace("p.", "").replace("s.class", "class")
    for column in ("ra", "dec", "class", *specobj.NUMBERS):
        assert column in words.replace(",", " ").split(), column
    assert "s.z as redshift" in words and "zwarning = 0" in words
    assert asked["format"] == ["csv"]
    other = specobj.catalogue_files(specobj.catalogue(survey("specobj", query="SELECT 1")))[0]
    assert other["url"] != row["url"] and other["url"].endswith(".csv")
    assert len(locate(row["url"]).rpartition("/")[2]) < 60  # a file name, not the query


def test_a_picture_has_a_name_and_an_address(world):
    shard = specobj.shards(survey("specobj"))["part-00"]
    item = {"object_id": "a", "ra": "10.5", "dec": "-1.25", "shard": "part-00"}
    row, other = specobj.files(shard, [item, {**item, "ra": "11"}])
    assert row["url"].endswith("getjpeg/0.396-32/10.50000-1.25000.jpg") != other["url"]
    assert answer(row["form"], None, None) == row["form"]["address"]
    asked = parse_qs(urlsplit(row["form"]["address"]).query)
    assert {k: float(v[0]) for k, v in asked.items()} == {
        "ra": 10.5, "dec": -1.25, "scale": 0.396, "width": 32, "height": 32
    }  # fmt: skip
    assert not specobj.files(shard, [{**item, "shard": "part-01"}])
    assert len(known_urls({"s": survey("specobj")})) == 1


def test_objects_keep_their_numbers(world):
    table = world.catalog.merge(world.truth, on="object_id", suffixes=("", "_true"))
    assert table["label"].value_counts().to_dict() == dict.fromkeys(["star", "quasar", "galaxy"], 8)
    off = (table["modelmag_r"] - table["mag_r"]).abs() / table["modelmagerr_r"]
    assert off.max() < 5 and off.median() > 0.2
    assert np.allclose(table["redshift"], table["redshift_true"], atol=1e-5)
    galaxy = table["label"] == "galaxy"
    assert (table["psfmag_r"] - table["modelmag_r"])[galaxy].min() > 0.15
    assert (table["psfmag_r"] - table["modelmag_r"])[~galaxy].abs().max() < 0.15
    assert table["petror50_r"][galaxy].median() > 1.2 * table["petror50_r"][~galaxy].median()
    ultraviolet = (table["modelmag_u"] - table["modelmag_g"]).groupby(table["label"]).median()
    assert ultraviolet["quasar"] < 0.6 < ultraviolet["star"]


def test_quasars_look_blue_and_pointlike(world):
    middle = world.images[:, :, 12:20, 12:20].mean(axis=(2, 3))
    blue = pd.Series(middle[:, 2] - middle[:, 0]).groupby(world.catalog["label"]).median()
    assert blue["quasar"] > 0 > blue["star"]


def test_absurd_magnitudes_stay(tmp_path):
    files, _ = simulated(tmp_path, "specobj", absurd_share=1.0)
    path = next(path for path in files["path"] if path.endswith(".csv"))
    listed = pd.DataFrame([{"path": path}])
    found = choose(listed, tmp_path, survey("specobj"))
    assert (
        found[[f"{k}mag_{b}" for k in ("psf", "model", "petro") for b in "ugriz"]] == -9999
    ).any(axis=None)


def test_as_many_as_told_are_drawn_and_the_same_ones(tmp_path, world):
    files, _ = simulated(tmp_path, "specobj")
    path = next(path for path in files["path"] if path.endswith(".csv"))
    listed = pd.DataFrame([{"path": path}])
    some = choose(listed, tmp_path, survey("specobj", per_class=5, shard_objects=4))
    assert some["label"].value_counts().unique().tolist() == [5]
    assert some["shard"].nunique() == 4 == len(specobj.shards(survey(
        "specobj", per_class=5, shard_objects=4)))  # fmt: skip
    fewer = choose(listed, tmp_path, survey("specobj", per_class=3))
    assert set(fewer["object_id"]) < set(some["object_id"])
    gone = some["object_id"].iloc[0]
    left = choose(listed, tmp_path, survey("specobj", per_class=5, exclude=[gone]))
    assert gone not in set(left["object_id"]) and len(left) == 15
    with pytest.raises(
        FewskyError, match=rf"wanted 9 objects of each class; found {SKY['per_class']}"
    ):
        choose(listed, tmp_path, survey("specobj", per_class=9))


BAD = {
    "words": (lines(psfmag_u="faint"), "wanted numbers in psfmag_u; found 'faint' in row 1"),
    "class": (lines(**{"class": "COMET"}), "wanted classes STAR, QSO, GALAXY; found 'COMET'"),
    "place": (lines(dec="-91"), "wanted ra and dec in degrees; found '10.5 -91' in row 1"),
    "page": ("<html><title>503 busy</title>", r"found an HTML page \(503 busy\)"),
    "column": (lines().replace("petror50_r", "x"), "wanted a column petror50_r"),
    "rows": ("\n".join(lines().split("\n")[:2]), "wanted rows; found only the line"),
    "twice": (lines() + lines().split("\n")[2], "wanted each object once; found sdss-1 twice"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_answer_is_told_in_a_line(tmp_path, kind):
    text, words = BAD[kind]
    with pytest.raises(FewskyError, match=words) as caught:
        choose(stored(tmp_path, text), tmp_path, survey("specobj", per_class=1))
    assert "\n" not in str(caught.value)


def test_bad_settings_are_told(tmp_path):
    for change, words in (
        ({"bands": ["r"]}, "wanted three, for red, green and blue; found 1"),
        ({"field_arcsec": None}, "field_arcsec: wanted it for a specobj survey"),
        ({"field_arcsec": 1.0}, "wanted images of 8 to 2048 pixels; found 3"),
        ({"urls": {}}, "urls.image: wanted an address"),
    ):
        with pytest.raises(FewskyError, match=words):
            specobj.shards(survey("specobj", **change))
    with pytest.raises(FewskyError, match=r"urls.catalogue: wanted an address"):
        specobj.catalogue_files({"query": None, "table": None, "urls": {}})
    own = specobj.catalogue(survey("specobj", table="mine.csv"))
    assert specobj.catalogue_files(own)[0]["url"] == "mine.csv"
    assert specobj.local_files(own) == ["mine.csv"]
