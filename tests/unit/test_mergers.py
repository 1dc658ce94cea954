"""The reader of mergers: two lists by Galaxy Zoo's votes as SkyServer gives them, or one's own."""

from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.raw.download import known_urls
from fewsky.raw.forms import answer
from fewsky.surveys import mergers
from tests.unit.properties_world import bring, choose, survey

HEAD = "#Table1\nobjid,ra,dec,redshift,u,g,r,i,z\n"
ROW = "7,10.0,1.0,0.05,19.5,18,17,16.5,-9999\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return bring(tmp_path_factory.mktemp("mergers"), "mergers", label_noise=0.0, absurd_share=1.0)


def lists(folder, one, two):
    for name, text in (("one.csv", one), ("two.csv", two)):
        (folder / name).write_text(text)
    paths = ["one.csv", "two.csv"]
    return pd.DataFrame({"kind": ["mergers", "others"], "path": paths, "url": paths})


def test_each_class_is_asked_for_by_its_votes():
    rows = mergers.catalogue_files(mergers.catalogue(survey("mergers")))
    assert [row["kind"] for row in rows] == ["mergers", "others"]
    words = {}
    for row in rows:
        base = survey("mergers")["urls"]["catalogue"]
        name = row["url"].removeprefix(f"{base}/{row['kind']}-")
        assert len(name) == len("0123456789ab.csv") and name.endswith(".csv")
        address = answer(row["form"], None, None)
        assert address.startswith(f"{base}?")
        asked = parse_qs(urlsplit(address).query)
        assert asked["format"] == ["csv"]
        words[row["kind"]] = asked["cmd"][0]
    for query in words.values():
        chosen = query.partition(" FROM ")[0].removeprefix("SELECT ")
        columns = [column.split()[-1].rpartition(".")[2] for column in chosen.split(",")]
        assert columns == ["objid", "ra", "dec", *mergers.NUMBERS]
        assert "FROM zooSpec AS v" in query and "s.z > 0.005 AND s.z < 0.1" in query
        assert "s.zWarning = 0" in query and " ORDER BY p.objID" in query
    assert "v.p_mg > 0.4" in words["mergers"]
    assert "v.p_mg = 0 AND v.nvote >= 20" in words["others"]
    assert len(known_urls({"s": survey("mergers")})) == 2
    with pytest.raises(FewskyError, match=r"urls.catalogue: wanted an address"):
        mergers.catalogue_files(mergers.catalogue(survey("mergers", urls={})))


def test_the_lists_are_read_and_labelled(world):
    table = world.catalog
    assert table["label"].value_counts().to_dict() == {"merger": 6, "non-merger": 6}
    assert (table["u"] == 26.999).all()  # absurd ones stay
    assert table[["g", "r", "i", "z"]].notna().all(axis=None)
    joined = table.merge(world.truth, on="object_id", suffixes=("", "_true"))
    assert (joined["label"] == joined["label_true"]).all() and len(joined) == 12
    assert (joined["r"] - joined["mag_r"]).abs().max() < 0.1
    assert (joined["redshift"] - joined["redshift_true"]).abs().max() < 1e-5
    assert world.images.shape == (12, 3, 48, 48)


def test_a_galaxy_with_two_spectra_is_one(tmp_path):
    twice = HEAD + ROW + ROW.replace("0.05", "0.0501")
    listed = lists(tmp_path, twice, HEAD + ROW.replace("7,", "8,", 1))
    found = choose(listed, tmp_path, survey("mergers", per_class=1))
    assert found["object_id"].tolist() == ["mg-7", "mg-8"]
    assert found["label"].tolist() == ["merger", "non-merger"]
    assert found["redshift"].tolist() == [0.05, 0.05] and (found["z"] == -9999).all()


def test_bad_lists_are_told(tmp_path):
    good = HEAD + ROW
    for one, two, words in (
        (good, good, "wanted each object once; found mg-7 twice"),
        (HEAD, good, "one.csv: wanted rows"),
        ("<html><title>503 busy</title>", good, r"found an HTML page \(503 busy\)"),
        ("name,z\nA,1\n", good, "wanted a column objid"),
        (good, good.replace("redshift", "x"), "two.csv: wanted a column redshift"),
        (HEAD + ROW.replace("10.0", "10 20 30"), good, "wanted numbers in ra"),
        (good, HEAD + ROW.replace("18", "faint"), "wanted numbers in g; found 'faint' in row 1"),
    ):
        with pytest.raises(FewskyError, match=words) as caught:
            choose(lists(tmp_path, one, two), tmp_path, survey("mergers", per_class=1))
        assert "\n" not in str(caught.value)


def test_ones_own_list_needs_a_label(tmp_path):
    own = mergers.catalogue(survey("mergers", table="mine.csv"))
    assert mergers.local_files(own) == ["mine.csv"]
    [row] = mergers.catalogue_files(own)
    assert (row["kind"], row["url"]) == ("catalogue", "mine.csv")
    text = "ra,dec,label,r\n1,2,merger,17\n3,4,non-merger,18\n"
    listed = pd.DataFrame([{"kind": "catalogue", "path": "mine.csv"}])
    (tmp_path / "mine.csv").write_text(text)
    found = choose(listed, tmp_path, survey("mergers", per_class=1))
    assert found["label"].tolist() == ["merger", "non-merger"]
    assert found["object_id"].tolist() == ["mg-1.00000+2.00000", "mg-3.00000+4.00000"]
    assert found["r"].tolist() == [17, 18] and found[["redshift", "u"]].isna().all(axis=None)
    (tmp_path / "mine.csv").write_text(text.replace(",merger,", ",comet,"))
    with pytest.raises(FewskyError, match=r"wanted classes merger, non-merger; found 'comet'"):
        choose(listed, tmp_path, survey("mergers", per_class=1))
    (tmp_path / "mine.csv").write_text(text.replace("label", "class"))
    with pytest.raises(FewskyError, match=r"wanted a column label"):
        choose(listed, tmp_path, survey("mergers", per_class=1))
