"""Redshifts of SDSS objects: what is asked, how it is joined, and what the demo sky answers."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from test_sdss_reader import SURVEY
from test_sky import RUN, SEED, SMALL, objects

from fewsky.console import FewskyError
from fewsky.cutouts.cut import _in_order
from fewsky.raw.download import known_urls, locate
from fewsky.raw.payload import examine
from fewsky.sky.sdss import simulate_run
from fewsky.surveys import sdss
from fewsky.surveys.sdss_asked import redshift_row
from fewsky.surveys.sdss_redshifts import read_redshifts, with_redshifts

BASE = "https://skyserver.sdss.org/dr17/SkyServerWS/SearchTools/SqlSearch"
ASKING = {**SURVEY, "redshifts": "photoz", "urls": {**SURVEY["urls"], "redshifts": BASE}}


def stored(folder, text, field="94-1-12"):
    """A store with an answer of SkyServer, and the list of it."""
    (folder / "answer.csv").write_text(text)
    return pd.DataFrame([{"kind": "redshifts", "field": field, "path": "answer.csv"}])


def detected(*names):
    return pd.DataFrame({"object_id": names, "label": "galaxy"})


def joined(folder, text, *names):
    raw = stored(folder, text)
    return with_redshifts(detected(*names), raw, folder, {"redshifts": "photoz"}, "94-1-12")


# --- what is asked --------------------------------------------------------------------------------
def test_a_field_with_a_catalogue_is_asked_about_and_its_neighbours():
    shards = sdss.shards(ASKING)
    row = sdss.files(shards["94-1-0001"])[-1]
    assert (row["kind"], row["field"]) == ("redshifts", "94-1-12")
    asked = parse_qs(urlsplit(row["form"]["address"]).query)
    assert asked["format"] == ["csv"] and "p.field BETWEEN 11 AND 13" in asked["cmd"][0]
    assert "p.run = 94 AND p.camcol = 1" in asked["cmd"][0] and "Photoz" in asked["cmd"][0]
    assert locate(row["url"]).rpartition("/")[2].startswith("photoz-000094-1-0012-")
    assert [row["kind"] for row in sdss.files(shards["8162-6-0010"])] == ["frame"] * 5
    assert row["url"] in known_urls({"sdss": ASKING})


def test_spectra_of_stars_are_not_asked_for():
    shard = next(iter(sdss.shards({**ASKING, "redshifts": "specobj"}).values()))
    row = redshift_row(shard, sdss.parse_field("94-1-0"))
    command = parse_qs(urlsplit(row["form"]["address"]).query)["cmd"][0]
    assert "class IN ('GALAXY', 'QSO')" in command and "BETWEEN 0 AND 1" in command


def test_a_survey_that_does_not_ask_is_told_nothing_of_it():
    urls = ASKING["urls"]
    for none in ({**SURVEY, "urls": urls}, {**SURVEY, "urls": urls, "redshifts": "none"}):
        assert sdss.shards(none) == sdss.shards(SURVEY)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"redshifts": "tractor"}, "wanted photoz, specobj or none"), ({"urls": {}}, "urls.redsh")],
)
def test_bad_settings_are_one_line(change, said):
    survey = {**ASKING, **change}
    if "urls" in change:
        survey["urls"] = SURVEY["urls"]
    with pytest.raises(FewskyError, match=said):
        [sdss.files(shard) for shard in sdss.shards(survey).values()]


# --- how it is joined -----------------------------------------------------------------------------
def test_redshifts_are_joined_by_name_and_none_is_made_up(tmp_path):
    text = "#Table1\nobjid,redshift,redshift_error\n7,0.2,0.03\n5,0.4,0.02\n9,-9999,-9999\n"
    found = joined(tmp_path, text, "5", "6", "7", "9")
    np.testing.assert_array_equal(found["redshift"], [0.4, np.nan, 0.2, np.nan])
    np.testing.assert_array_equal(found["redshift_error"], [0.02, np.nan, 0.03, np.nan])
    assert found["redshift_known"].tolist() == [1, 0, 1, 0]
    assert found["object_id"].tolist() == ["5", "6", "7", "9"]


def test_the_best_of_several_redshifts_is_kept(tmp_path):
    text = "objid,redshift,redshift_error\n5,0.4,0.02\n5,0.3,0.001\n5,0.1,-9999\n"
    assert joined(tmp_path, text, "5")["redshift"].tolist() == [0.3]


def test_no_rows_are_an_answer_and_no_objects_too(tmp_path):
    header = "#Table1\nobjid,redshift,redshift_error\n"
    assert joined(tmp_path, header, "5")["redshift_known"].tolist() == [0]
    assert list(joined(tmp_path, header)) == [
        "object_id", "label", "redshift", "redshift_error", "redshift_known",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>busy</html>", "HTML page"),
        ("objid,z\n1,2\n", "a column redshift"),
        ("objid,redshift,redshift_error\n1e18,.2,.1\n", "object ids"),
        ("objid,redshift,redshift_error\n1,much,.1\n", "numbers in redshift"),
    ],
)
def test_bad_answers_are_one_line(tmp_path, text, said):
    with pytest.raises(FewskyError, match=said):
        joined(tmp_path, text, "1")


def test_a_list_without_the_answer_is_one_line(tmp_path):
    raw = stored(tmp_path, "", field="94-1-13")
    with pytest.raises(FewskyError, match="redshifts of 94-1-12: wanted them"):
        with_redshifts(detected("1"), raw, tmp_path, {"redshifts": "photoz"}, "94-1-12")


def test_columns_are_there_only_where_they_are_asked_for():
    numbers = ["run", "camcol", "mode", "nchild", "clean", "resolve_status", "thing_id"]
    table = pd.DataFrame(1, index=[0], columns=numbers).assign(primary=True, complete=True)
    assert not any(name.startswith("redshift") for name in _in_order(table, ["r"]))
    told = _in_order(table.assign(redshift=0.1, redshift_known=1.0), ["r"])
    assert list(told)[-2:] == ["redshift", "redshift_known"]


# --- the demo sky ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """A mirror of two fields that overlap, with redshifts; its list and the fields' rows."""
    mirror, run = tmp_path_factory.mktemp("sky"), {**RUN, "fields": [80, 81]}
    asked = {"redshifts": "photoz", "urls": {"redshifts": BASE}}
    settings = {**SMALL, "columns": 400, "galaxies_per_mpix": 900.0}
    files, _ = simulate_run(settings, run, mirror, seed=SEED, asked=asked)
    rows = [redshift_row(asked, sdss.Field(8162, 6, field)) for field in (80, 81)]
    return mirror, files, [locate(row["url"]) for row in rows], (settings, run)


def test_the_sky_answers_under_the_name_that_the_reader_asks_for(answered):
    mirror, files, names, _ = answered
    assert set(names) < set(files["path"])
    assert examine(mirror / names[0]).simulated
    first, second = (read_redshifts(mirror / name) for name in names)
    assert set(first["object_id"]) == set(second["object_id"])  # each covers its neighbour, too


def test_only_primaries_typed_galaxy_have_a_redshift_and_most_have(answered):
    mirror, _, names, _ = answered
    found = read_redshifts(mirror / names[0])
    tables = np.concatenate([objects(mirror, field) for field in (80, 81)])
    typed = (tables["OBJC_TYPE"] == 3) & (tables["MODE"] == 1)
    known = np.isin(tables["OBJID"].astype(str), found["object_id"])
    assert not known[~typed].any() and (tables["OBJC_TYPE"] == 6).sum() > 10
    assert 0.85 < known[typed].mean() <= 1  # 2 % fail
    assert found["redshift"].between(0, 3).all() and (found["redshift_error"] > 0).all()


def test_the_sky_without_redshifts_is_the_same_sky(answered, tmp_path):
    _, files, names, (settings, run) = answered
    plain, _ = simulate_run(settings, run, tmp_path, seed=SEED)
    with_them = files[~files["path"].isin(names)].reset_index(drop=True)
    pd.testing.assert_frame_equal(plain, with_them)
