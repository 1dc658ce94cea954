"""The reader of mergers: two lists as VizieR writes them, or one's own."""

import numpy as np
import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.raw.forms import answer
from fewsky.surveys import mergers
from tests.unit.properties_world import bring, choose, survey

VIZIER = "#SIMULATED\n#\n_RAJ2000\t_DEJ2000\tobjID\tz_sp\n \t \t \t \n------\t-----\t----\t---\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return bring(tmp_path_factory.mktemp("mergers"), "mergers", label_noise=0.0, absurd_share=1.0)


def lists(folder, one, two):
    for name, text in (("one.tsv", one), ("two.tsv", two)):
        (folder / name).write_text(text)
    paths = ["one.tsv", "two.tsv"]
    return pd.DataFrame({"kind": ["mergers", "others"], "path": paths, "url": paths})


def test_each_list_has_a_name_and_an_address():
    rows = mergers.catalogue_files(mergers.catalogue(survey("mergers")))
    assert [row["kind"] for row in rows] == ["mergers", "others"]
    for row in rows:
        assert row["url"].endswith(".tsv") and "?" not in row["url"]
        assert answer(row["form"], None, None) == survey("mergers")["urls"][row["kind"]]
    plain = survey("mergers", urls={key: f"https://a.org/{key}.tsv" for key in mergers.CLASSES})
    assert "form" not in mergers.catalogue_files(mergers.catalogue(plain))[0]


def test_the_lists_are_read_and_labelled(world):
    table = world.catalog
    assert table["label"].value_counts().to_dict() == {"merger": 6, "non-merger": 6}
    assert (table["u"] == 26.999).all()  # absurd ones stay
    assert table[["g", "r", "i", "z"]].notna().all(axis=None)
    joined = table.merge(world.truth, on="object_id", suffixes=("", "_true"))
    assert (joined["r"] - joined["mag_r"]).abs().max() < 0.1
    assert world.images.shape == (12, 3, 48, 48)


def test_units_and_dashes_are_no_rows(tmp_path):
    listed = lists(tmp_path, VIZIER + "10.0\t1.0\t7\t0.05\n", VIZIER + "20.0\t1.0\t8\t\n")
    found = choose(listed, tmp_path, survey("mergers", per_class=1))
    assert found["object_id"].tolist() == ["mg-7", "mg-8"]
    assert np.array_equal(found["redshift"], [0.05, np.nan], equal_nan=True)
    assert found["u"].isna().all()


def test_bad_lists_are_told(tmp_path):
    row = "10.0\t1.0\t7\t0.05\n"
    for one, two, words in (
        (VIZIER + row, VIZIER + row, "wanted each object once; found mg-7 twice"),
        (VIZIER, VIZIER + row, "wanted rows"),
        ("name\tz\nA\t1\n", VIZIER + row, "wanted a column ra"),
        (VIZIER + row.replace("10.0", "10 20 30"), VIZIER + row, "wanted numbers in _raj2000"),
    ):
        with pytest.raises(FewskyError, match=words):
            choose(lists(tmp_path, one, two), tmp_path, survey("mergers", per_class=1))


def test_ones_own_list_needs_a_label(tmp_path):
    own = mergers.catalogue(survey("mergers", table="mine.csv"))
    assert mergers.local_files(own) == ["mine.csv"]
    assert mergers.catalogue_files(own)[0]["kind"] == "catalogue"
    text = "ra,dec,label,r\n1,2,merger,17\n3,4,non-merger,18\n"
    listed = pd.DataFrame([{"kind": "catalogue", "path": "mine.csv"}])
    (tmp_path / "mine.csv").write_text(text)
    found = choose(listed, tmp_path, survey("mergers", per_class=1))
    assert found["label"].tolist() == ["merger", "non-merger"]
    assert found["object_id"].tolist() == ["mg-1.00000+2.00000", "mg-3.00000+4.00000"]
    (tmp_path / "mine.csv").write_text(text.replace(",merger,", ",comet,"))
    with pytest.raises(FewskyError, match=r"wanted classes merger, non-merger; found 'comet'"):
        choose(listed, tmp_path, survey("mergers", per_class=1))
    (tmp_path / "mine.csv").write_text(text.replace("label", "class"))
    with pytest.raises(FewskyError, match=r"wanted a column label"):
        choose(listed, tmp_path, survey("mergers", per_class=1))
