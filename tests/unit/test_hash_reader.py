"""HASH: which plates are asked for, how the form is sent, who is drawn, and what ends in a line."""

import gzip
import io
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
import yaml
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from fewsky.aligned.plates import align_plates, grid
from fewsky.console import FewskyError
from fewsky.raw.checksums import load_checksums
from fewsky.raw.download import fetch_all, known_urls, locate, with_published
from fewsky.raw.forms import link_of
from fewsky.surveys import hash as reader
from fewsky.surveys.hash_catalogue import read_objects, select_objects
from fewsky.surveys.hash_kinds import STATUS, kind_of
from fewsky.surveys.object_table import load_objects

SCRIPTS = str(Path(__file__).resolve().parents[2] / "scripts")
QUICK = {"rate_per_s": 1000.0, "timeout_s": 0.5, "tries": 3, "pause_s": 0.01}
URLS = {
    "pnmain": "https://cds.example.org/V/163/pnmain.dat",
    "readme": "https://cds.example.org/V/163/ReadMe",
    "plate": "https://plates.example.org/cgi-bin/pixel.cgi",
}
SURVEY = {
    "reader": "hash", "bands": ["i", "r", "b"], "reference_band": "r", "pixel_arcsec": 0.67,
    "field_arcsec": 40.0, "status": {"true-pn": ["T"], "not-pn": ["G", "HII"]},
    "undecided": ["L", "c"], "exclude": [], "per_class": 2, "shard_objects": 3, "seed": 0,
    "table": None, "urls": URLS,
}  # fmt: skip
SETTINGS = {key: SURVEY[key] for key in reader.SELECTION}
HEAD = "idPNMain,PNstat,RAJ2000,DECJ2000,Name,morphMainClass,MajDiam\n"
ROWS = (
    "7,T,01:00:00.0,-00:30:00.0,A 1,B,20\n8,T,02:00:00.0,+40:00:00,A 2,,\n"
    "9,G,03:00:00.0,+02:29:59,A 3,E,5\n12,HII,04:00:00.0,+02:30:00,A 4,,600\n"
    "20,L,05:00:00.0,+10:00:00,A 5,,\n30,T,06:00:00,-80:59:59.9,A 6,R,1\n"
)


def listed(tmp_path, text: str, name: str = "own.csv") -> pd.DataFrame:
    (tmp_path / name).write_text(text)
    return pd.DataFrame([{"kind": "table", "path": name, "url": name}])


# --- names and forms ---------------------------------------------------------------------------
def test_the_name_of_a_request_is_stable_and_inside_the_store():
    url = reader.plate_url(URLS, 350.957880, -45.281790, 4.8, "ukst", "r")
    assert url == f"{URLS['plate']}/ukst-r/350.95788-45.28179-4.80.fits.gz"
    assert locate(url).startswith("plates.example.org/cgi-bin/pixel.cgi/ukst-r/")


@pytest.mark.parametrize(
    ("dec", "plates"), [(-90, "ukst"), (2.4999, "ukst"), (2.5, "poss"), (90, "poss")]
)
def test_plates_change_at_two_and_a_half_degrees(dec, plates):
    assert reader.plates_of(dec) == plates


def test_a_request_covers_a_grid_that_is_turned_and_stays_within_the_form_s_limit():
    assert reader.plate_side_arcmin({"field_arcsec": 240.0}) == 4.8
    assert reader.plate_side_arcmin({"field_arcsec": 750.0}) == 15.0


@pytest.mark.parametrize(
    ("ra", "dec", "text"),
    [
        (0.0, 0.0, "00 00 00.00 +00 00 00.0"),
        (268.349083333, -29.829305556, "17 53 23.78 -29 49 45.5"),
        (15.0, -0.5, "01 00 00.00 -00 30 00.0"),
        (359.9999999, 89.9999999, "00 00 00.00 +90 00 00.0"),
        (14.99999999, 9.99999999, "01 00 00.00 +10 00 00.0"),
    ],
)
def test_positions_are_written_as_the_form_has_them(ra, dec, text):
    assert reader.sexagesimal(ra, dec) == text


def test_each_object_is_asked_for_in_each_band_of_its_own_plates():
    objects = [
        {"object_id": "pn-1", "shard": "part-00", "ra": "10.5", "dec": "-1.0", "field": "ukst"},
        {"object_id": "pn-2", "shard": "part-00", "ra": "20.5", "dec": "30.0", "field": "poss"},
        {"object_id": "pn-3", "shard": "part-01", "ra": "30.5", "dec": "30.0", "field": "poss"},
    ]
    shard = reader.shards(SURVEY)["part-00"]
    rows = reader.files(shard, objects)
    assert [(row["field"], row["band"]) for row in rows] == [
        (name, band) for name in ("pn-1", "pn-2") for band in "irb"
    ]
    assert [row["form"]["fields"]["waveband"] for row in rows] == ["I", "R", "J", "N", "F", "B"]
    assert rows[0]["form"]["fields"] == {
        "coords": "00 42 00.00 -01 00 00.0", "equinox": "2", "size": "0.80", "waveband": "I",
        "gif": "0",
    }  # fmt: skip
    assert len({locate(row["url"]) for row in rows}) == 6


def test_the_number_of_shards_follows_from_the_numbers_of_objects():
    assert list(reader.shards(SURVEY)) == ["part-00", "part-01"]
    whole = {**SURVEY, "per_class": 500, "shard_objects": 100}
    assert list(reader.shards(whole))[-1] == "part-09"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bands": ["r", "u"]}, "wanted each of b, r, i; found 'u'"),
        (
            {"undecided": ["G"]},
            "status code 'G': wanted it in one list; found it in not-pn and und",
        ),
        ({"field_arcsec": None}, "field_arcsec: wanted it for a hash survey"),
        ({"status": {}}, "status: wanted it for a hash survey"),
        ({"urls": {}}, r"urls\.plate: wanted an address; found none"),
    ],
)
def test_bad_settings_are_one_line(change, reason):
    with pytest.raises(FewskyError, match=reason):
        reader.shards({**SURVEY, **change})


def test_readers_for_the_snakefile_need_nothing_heavy():
    code = (
        "import sys; import fewsky.surveys.hash, fewsky.surveys.folder; "
        "print(sorted({'numpy', 'pandas', 'astropy', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": SCRIPTS}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


# --- who is drawn ------------------------------------------------------------------------------
def test_objects_are_labelled_told_in_words_and_drawn_evenly(tmp_path):
    objects = select_objects(listed(tmp_path, HEAD + ROWS), tmp_path, SETTINGS)
    assert objects["label"].value_counts().to_dict() == {"true-pn": 2, "not-pn": 2}
    assert objects["object_id"].tolist() == sorted(objects["object_id"], key=lambda n: int(n[3:]))
    assert objects["shard"].tolist() == ["part-00"] * 3 + ["part-01"]
    kinds = objects.set_index("object_id")["kind"]
    assert (kinds["pn-9"], kinds["pn-12"]) == ("galaxy", "HII region")
    fields = objects.set_index("object_id")["field"]
    assert (fields["pn-9"], fields["pn-12"]) == ("ukst", "poss")
    place = SkyCoord(45.0, 2 + 29 / 60 + 59 / 3600, unit="deg").galactic
    row = objects.set_index("object_id").loc["pn-9"]
    assert np.allclose((row["glon"], row["glat"]), (place.l.deg, place.b.deg), atol=1e-5)


def test_morphology_is_told_of_nebulae_only():
    assert kind_of("T", "B") == "bipolar PN" and kind_of("T", "") == "PN"
    assert kind_of("G", "E") == "galaxy" and kind_of("new?", "") == "new?"


def test_every_code_of_the_catalogue_is_placed_once():
    """A code in neither list would end a run on the real catalogue."""
    config = yaml.safe_load((Path(SCRIPTS).parent / "config.yaml").read_text(encoding="utf-8"))
    survey = config["surveys"]["hash"]
    placed = Counter(code for codes in survey["status"].values() for code in codes)
    placed.update(survey["undecided"])
    assert placed == Counter(list(STATUS))
    assert survey["status"]["true-pn"] == ["T"]
    assert {"test", "k", "b", "Be?", "?Em*"} <= set(survey["undecided"])


def test_the_list_survives_its_file_whatever_words_look_like(tmp_path):
    odd = HEAD + ROWS.replace("A 3", "NA").replace("A 4", "007")
    objects = select_objects(listed(tmp_path, odd), tmp_path, SETTINGS)
    objects.to_csv(tmp_path / "objects.csv", index=False)
    again = load_objects(tmp_path / "objects.csv")
    pd.testing.assert_frame_equal(again, objects, check_dtype=False)
    assert {"NA", "007"} <= set(again["name"])


def test_a_new_object_moves_at_most_one_other(tmp_path):
    rows = "".join(f"{k},T,01:{k:02d}:00.0,-10:00:00,,,\n" for k in range(10, 40))
    rows += "".join(f"{k},G,02:{k:02d}:00.0,-10:00:00,,,\n" for k in range(40, 59))
    settings = {**SETTINGS, "per_class": 10}
    before = select_objects(listed(tmp_path, HEAD + rows), tmp_path, settings)
    more = rows + "99,T,03:00:00,-10:00:00,,,\n"
    after = select_objects(listed(tmp_path, HEAD + more), tmp_path, settings)
    assert len(set(before["object_id"]) - set(after["object_id"])) <= 1
    other = select_objects(listed(tmp_path, HEAD + rows), tmp_path, {**settings, "seed": 1})
    assert set(other["object_id"]) != set(before["object_id"])


BAD_TABLES = [
    (HEAD + ROWS + "31,zz,06:00:00,+01:00:00,,,\n", r"status or undecided; found 'zz' \(1\)"),
    (HEAD + ROWS.replace("12,HII", "12,L"), "2 objects of each label; found 3 true-pn, 1 not-pn"),
    (HEAD + ROWS + "31,G,01:00:00.0,-00:30:00.5,,,\n", "1 arcsec: pn-7 and pn-31. Name one"),
    (HEAD + ROWS + "7,T,07:00:00,+01:00:00,,,\n", "each idPNMain once; found 7 twice"),
    (HEAD + ROWS + "x,T,07:00:00,+01:00:00,,,\n", "whole numbers in idPNMain; found 'x'"),
    (HEAD + ROWS + "31,T,07:00:00,+91:00:00,,,\n", r"on the sky; found '07:00:00 \+91:00:00' in"),
    (HEAD + ROWS + "31,T,07:61:00,+01:00:00,,,\n", "positions on the sky; found '07:61:00"),
    (HEAD + ROWS + "31,T,,,,,\n", "positions on the sky"),
    (HEAD.replace("PNstat", "status") + ROWS, "wanted a column PNstat; found idPNMain, status"),
    (HEAD.replace("idPNMain", "id") + ROWS, "wanted a column idPNMain; found id, PNstat"),
    (HEAD.replace("DECJ2000", "dec") + ROWS, "wanted a column DECJ2000; found idPNMain"),
    (HEAD, "wanted rows; found only the line of column names"),
    ("", "wanted a CSV with a line of column names"),
]


@pytest.mark.parametrize(("text", "reason"), BAD_TABLES)
def test_bad_tables_are_one_line(tmp_path, text, reason):
    with pytest.raises(FewskyError, match=reason) as caught:
        select_objects(listed(tmp_path, text), tmp_path, SETTINGS)
    assert "\n" not in str(caught.value) and "own.csv" in str(caught.value)


def test_too_few_rejected_objects_name_the_way_out(tmp_path):
    with pytest.raises(FewskyError, match=r"name a table exported from HASH in the survey's table"):
        select_objects(listed(tmp_path, HEAD + ROWS.replace("HII", "G")), tmp_path,
                       {**SETTINGS, "per_class": 3})  # fmt: skip


def test_a_contradiction_can_be_put_aside_by_name(tmp_path):
    text = HEAD + ROWS + "31,G,01:00:00.0,-00:30:00.5,,,\n"
    objects = select_objects(listed(tmp_path, text), tmp_path, {**SETTINGS, "exclude": ["pn-31"]})
    assert "pn-31" not in set(objects["object_id"])


README = """\
V/163   HASH   (Parker+, 2016)
================================================================================
File Summary:
--------------------------------------------------------------------------------
 FileName      Lrecl  Records   Explanations
--------------------------------------------------------------------------------
ReadMe            80        .   This file
pnmain.dat        60        3   The table
--------------------------------------------------------------------------------

Byte-by-byte Description of file: pnmain.dat
--------------------------------------------------------------------------------
   Bytes Format Units   Label      Explanations
--------------------------------------------------------------------------------
   1-  5  I5    ---     idPNMain   Number
   7-  8  I2    h       RAh        Right ascension
  10- 11  I2    min     RAm        Right ascension
  13- 16  F4.1  s       RAs        Right ascension
      18  A1    ---     DE-        Sign
  19- 20  I2    deg     DEd        Declination
  22- 23  I2    arcmin  DEm        Declination
  25- 26  I2    arcsec  DEs        Declination
  28- 35  A8    ---     Name       Name
  37- 40  A4    ---     PNstat     Status
      42  A1    ---     morphMainClass ? Class
  44- 48  I5    arcsec  MajDiam    ? Diameter
--------------------------------------------------------------------------------
"""
PNMAIN = (
    "    9 17 53 23.8 -00 49 45 JaSt 93  T    E    14\n"
    "32280 23 23 49.9 +45 16 54 Dr 21    T           \n"
    "17907 07 26 26.8 -34 12 26 NGC 16   G?       120\n"
)


def v163(tmp_path, table: str = PNMAIN, readme: str = README) -> pd.DataFrame:
    (tmp_path / "pnmain.dat").write_text(table)
    (tmp_path / "ReadMe").write_text(readme)
    rows = [{"kind": "pnmain", "path": "pnmain.dat"}, {"kind": "readme", "path": "ReadMe"}]
    return pd.DataFrame(rows)


def test_v163_is_read_by_its_own_description(tmp_path):
    objects = read_objects(v163(tmp_path), tmp_path).set_index("object_id")
    assert objects.loc["pn-9", "dec"] == pytest.approx(-(49 / 60 + 45 / 3600))
    assert objects.loc["pn-32280", "ra"] == pytest.approx(15 * (23 + 23 / 60 + 49.9 / 3600))
    assert objects["status"].tolist() == ["T", "T", "G?"]
    assert objects["kind"].tolist() == ["elliptical PN", "PN", "possible galaxy"]
    assert objects.loc["pn-17907", "diameter_arcsec"] == 120
    assert np.isnan(objects.loc["pn-32280", "diameter_arcsec"])


@pytest.mark.parametrize(
    ("table", "readme", "reason"),
    [
        (PNMAIN, "no description\n", "pnmain.dat: wanted the layout that its ReadMe describes"),
        (PNMAIN, README.replace("PNstat", "Status"), "wanted a column PNstat"),
        (PNMAIN, README.replace("DEm ", "dem2"), "wanted a column DEm"),
        (PNMAIN.replace("32280 23", "32280 xx"), README, "wanted the layout|on the sky"),
    ],
)
def test_a_v163_of_another_layout_is_one_line(tmp_path, table, readme, reason):
    with pytest.raises(FewskyError, match=reason) as caught:
        read_objects(v163(tmp_path, table, readme), tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.real
def test_a_real_table_of_true_nebulae_is_read_and_lacks_the_others(shared, tmp_path):
    source = shared / "catalogs/hash-true-pn.csv"
    with pytest.raises(FewskyError, match="wanted a column PNstat; found idPNMain, PNG, Name, RAJ"):
        select_objects(listed(tmp_path, source.read_text()), tmp_path, SETTINGS)
    text = source.read_text().splitlines()
    text = "\n".join([text[0] + ",PNstat", *(line + ",T" for line in text[1:])])
    objects = read_objects(listed(tmp_path, text), tmp_path).set_index("object_id")
    assert len(objects) == 1991
    assert objects.loc["pn-9", "ra"] == pytest.approx(15 * (17 + 53 / 60 + 23.78 / 3600))
    raw = pd.read_csv(source)
    places = SkyCoord(raw["RAJ2000"], raw["DECJ2000"], unit=("hourangle", "deg"))
    assert np.allclose(objects["ra"], places.ra.deg) and np.allclose(objects["dec"], places.dec.deg)
    with pytest.raises(FewskyError, match="found 1991 true-pn, 0 not-pn"):
        select_objects(listed(tmp_path, text), tmp_path, SETTINGS)


# --- the form ----------------------------------------------------------------------------------
def plate_bytes(ra=10.5, dec=-1.0, side=90, turn=0.0, **cards) -> bytes:
    """A plate: a bright star on the position, a fainter one 12 arcsec north and 6 arcsec east."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix = [ra, dec], [side / 2 + 0.3, side / 2 - 0.2]
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    wcs.wcs.cd = 0.67 / 3600 * np.array([[-cos, sin], [sin, cos]])
    y, x = np.mgrid[:side, :side]
    image = np.full((side, side), 5000.0)
    north = SkyCoord(ra, dec, unit="deg").directional_offset_by(0 * u.deg, 12 * u.arcsec)
    second = north.directional_offset_by(90 * u.deg, 6 * u.arcsec)
    for place, height in ((SkyCoord(ra, dec, unit="deg"), 9000), (second, 4000)):
        x0, y0 = wcs.world_to_pixel(place)
        image += height * np.exp(-0.5 * ((x - x0) ** 2 + (y - y0) ** 2) / 1.5**2)
    header = wcs.to_header()
    header.update({"FIELDNUM": 843, **cards})
    stream = io.BytesIO()
    table = fits.BinTableHDU(np.array([(1.0,)], dtype=[("mag", "f4")]))
    hdus = fits.HDUList([fits.PrimaryHDU(np.round(image).astype(np.int16), header), table])
    hdus.writeto(stream)
    return gzip.compress(stream.getvalue(), mtime=0)


LINK = '<html><body>Your image: <a href="{url}/tmp/a1.fits.gz">FITS</a></body></html>'
NO_LINK = "<html><title>SSS</title><body>Sorry, no <b>data</b> there</body></html>"


@contextmanager
def service(answers, content=b"", status=200):
    """A form at /pixel.cgi whose answers come in order, the last one for ever, and its files."""
    seen = {"posts": [], "gets": []}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            page = answers[min(len(seen["posts"]), len(answers) - 1)]
            seen["posts"].append({key: value[0] for key, value in parse_qs(text).items()})
            code, page = page if isinstance(page, tuple) else (200, page)
            self.answer(code, page.format(url=self.server.url).encode(), "text/html")

        def do_GET(self):
            seen["gets"].append(self.path)
            self.answer(status, content, "application/x-gzip")

        def answer(self, code, body, kind):
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{server.server_port}"
    seen["url"] = f"{server.url}/pixel.cgi"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """Loopback is asked directly, whatever proxy the machine has."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def asked(url: str) -> list[dict]:
    """One object in one band, asked of a form at `url`."""
    shard = {"shard": "part-00", "bands": ["r"], "field_arcsec": 40.0, "urls": {"plate": url}}
    item = {"object_id": "pn-1", "shard": "part-00", "ra": "10.5", "dec": "-1", "field": "ukst"}
    return reader.files(shard, [item])


def test_the_answer_of_a_form_is_stored_under_the_name_of_the_request(tmp_path):
    content = plate_bytes()
    sums = tmp_path / "checksums.csv"
    with service([LINK], content) as seen:
        entries = asked(seen["url"])
        table = fetch_all(entries, tmp_path / "store", checksums=sums, **QUICK)
        again = fetch_all(entries, tmp_path / "store", checksums=sums, **QUICK)
        assert len(seen["posts"]) == 1 and seen["gets"] == ["/tmp/a1.fits.gz"]
        assert seen["posts"][0]["coords"] == "00 42 00.00 -01 00 00.0"
        assert seen["posts"][0]["waveband"] == "R"
    pd.testing.assert_frame_equal(table, again)
    path = tmp_path / "store" / table["path"][0]
    assert path.read_bytes() == content and path.name == "10.50000-1.00000-0.80.fits.gz"
    assert load_checksums(sums)[table["path"][0]]["source"] == "archive"
    left = [p.name for p in path.parent.iterdir()]
    assert left == [path.name]


def test_a_page_without_a_link_is_asked_again(tmp_path):
    with service([NO_LINK, (503, "busy"), LINK], plate_bytes()) as seen:
        fetch_all(asked(seen["url"]), tmp_path, **QUICK)
        assert len(seen["posts"]) == 3


@pytest.mark.parametrize(
    ("answers", "content", "status", "posts", "reason"),
    [
        ([NO_LINK], b"", 200, 3, r"\(SSS\) that says 'Sorry, no data there' without a link to a"),
        ([(500, "no")], b"", 200, 3, "HTTP 500 Internal Server Error, at the last of 3 tries"),
        ([(404, "no")], b"", 200, 1, "HTTP 404 Not Found"),
        ([LINK], b"", 404, 1, "HTTP 404 Not Found"),
        ([LINK], plate_bytes()[:-400], 200, 3, "cut off before its end"),
        (
            [LINK],
            b"<html><title>Oops</title></html>",
            200,
            3,
            r"HTML page \(Oops\) instead of gzip",
        ),
        ([LINK], gzip.compress(b"no image", mtime=0), 200, 3, "instead of FITS"),
        (['<a href="ftp://h/a.fits.gz">'], b"", 200, 3, "without a link"),
        ([""], b"", 200, 3, "an empty file without a link"),
    ],
)
def test_what_lasts_ends_in_one_line_and_stores_nothing(
    tmp_path, answers, content, status, posts, reason
):
    with service(answers, content, status) as seen:
        entries = asked(seen["url"])
        with pytest.raises(FewskyError, match=reason) as caught:
            fetch_all(entries, tmp_path, **QUICK)
        assert len(seen["posts"]) == posts
    assert "\n" not in str(caught.value) and entries[0]["url"] in str(caught.value)
    assert not (tmp_path / locate(entries[0]["url"])).exists()


def test_the_mirror_holds_answers_by_their_names(tmp_path):
    [entry] = asked(URLS["plate"])
    held = tmp_path / "mirror" / locate(entry["url"])
    held.parent.mkdir(parents=True)
    held.write_bytes(plate_bytes())
    table = fetch_all([entry], tmp_path / "store", mirror=tmp_path / "mirror", offline=True)
    assert (tmp_path / "store" / table["path"][0]).samefile(held)
    with pytest.raises(FewskyError, match=r"without the network; .* Fill a mirror with make fetch"):
        fetch_all([entry], tmp_path / "other", offline=True)


def test_the_digests_of_a_demo_sky_are_demanded(tmp_path):
    entries = asked(URLS["plate"])
    made = pd.DataFrame([{"path": locate(entries[0]["url"]), "sha256": "00"}])
    assert with_published(entries, [made])[0]["published"] == "sha256:00"
    assert "published" not in with_published(entries, [])[0]
    own = [{"kind": "table", "field": "", "band": "", "url": "own.csv"}]
    assert with_published(own, [made]) == own


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ('<a href="/tmp/x.fits.gz">', "http://h/tmp/x.fits.gz"),
        ("see http://o.example.org/a/b.fits.gz here", "http://o.example.org/a/b.fits.gz"),
        ("<A HREF=http://o/c.fits.gz>", "http://o/c.fits.gz"),
        ('<a href="q.cgi?a=1&amp;f=c.fits.gz">', "http://h/cgi/c.fits.gz"),
        ("x.fits.gz.txt", None),
        ("x.fits", None),
        ("", None),
    ],
)
def test_links_are_found_in_pages(page, found):
    assert link_of(page.encode(), "http://h/cgi/pixel.cgi", ".fits.gz") == found


def test_addresses_of_plates_are_known_once_objects_are_listed(tmp_path):
    assert known_urls({"hash": SURVEY}, tmp_path) == [URLS["pnmain"], URLS["readme"]]
    room = tmp_path / "raw/hash"
    room.mkdir(parents=True)
    objects = select_objects(listed(tmp_path, HEAD + ROWS), tmp_path, SETTINGS)
    objects.to_csv(room / "objects.csv", index=False)
    found = known_urls({"hash": SURVEY}, tmp_path)
    assert len(found) == 2 + 4 * 3 and found[2].startswith(f"{URLS['plate']}/")
    assert known_urls({"hash": {**SURVEY, "table": "own.csv"}}) == []


# --- one grid ----------------------------------------------------------------------------------
def aligned(tmp_path, contents: dict[str, bytes], code="code", **change):
    """The list of one object whose plates are given by band."""
    rows = []
    for band, content in contents.items():
        name = f"{band}.fits.gz"
        (tmp_path / name).write_bytes(content)
        digest = f"{len(content)}-{hash(content)}"
        rows.append({"kind": "plate", "field": "pn-1", "band": band, "path": name,
                     "sha256": digest})  # fmt: skip
    objects = pd.DataFrame([{"object_id": "pn-1", "ra": 10.5, "dec": -1.0}])
    settings = {**SURVEY, "bands": list(contents), **change}
    return align_plates(pd.DataFrame(rows), objects, tmp_path, tmp_path / "out", settings, code)


def test_bands_of_turned_plates_meet_on_one_grid_north_up(tmp_path):
    table = aligned(tmp_path, {"r": plate_bytes(), "b": plate_bytes(turn=8.0, FIELDNUM=12)})
    assert table[["bands", "plate_r", "plate_b"]].iloc[0].tolist() == ["rb", "843", "12"]
    with fits.open(tmp_path / "out" / table["path"][0]) as hdus:
        cube, header = hdus[0].data, hdus[0].header
    assert cube.shape == (2, 60, 60) and cube.dtype == np.dtype(">f4")
    assert header["BUNIT"] == "density" and np.isfinite(cube).all()
    assert "SIMULATED" not in repr(header)
    above = np.maximum(cube - 5000 - 200, 0)
    y, x = np.mgrid[:60, :60]
    for plane in above:
        middle = (np.hypot(x - 29.5, y - 29.5) < 6) * plane
        assert (middle * x).sum() / middle.sum() == pytest.approx(29.5, abs=0.02)
        # 12 arcsec north is up by 17.9 pixels, 6 arcsec east is left by 9.0.
        near = (np.hypot(x - 20.54, y - 47.41) < 5) * plane
        assert (near * x).sum() / near.sum() == pytest.approx(20.54, abs=0.05)
        assert (near * y).sum() / near.sum() == pytest.approx(47.41, abs=0.05)


def test_sky_beyond_a_plate_is_nan_and_a_plate_of_another_place_is_one_line(tmp_path):
    table = aligned(tmp_path, {"r": plate_bytes(side=50)})
    cube = fits.getdata(tmp_path / "out" / table["path"][0])
    assert np.isnan(cube[0, 0, 0]) and np.isfinite(cube[0, 30, 30])
    with pytest.raises(FewskyError, match=r"around 10.50000 -1.00000; found another piece of sky"):
        aligned(tmp_path, {"r": plate_bytes(dec=-1.05)})


def test_aligned_fits_are_kept_until_code_inputs_or_settings_change(tmp_path):
    aligned(tmp_path, {"r": plate_bytes()})
    path = tmp_path / "out/plates/pn-1.fits"
    first = path.stat().st_mtime_ns, path.read_bytes()
    aligned(tmp_path, {"r": plate_bytes()}, per_class=9)
    assert (path.stat().st_mtime_ns, path.read_bytes()) == first
    for change in ({"code": "other"}, {"field_arcsec": 30.0}):
        before = path.stat().st_mtime_ns
        aligned(tmp_path, {"r": plate_bytes()}, **change)
        assert path.stat().st_mtime_ns != before


def test_simulated_plates_stay_marked(tmp_path):
    table = aligned(tmp_path, {"r": plate_bytes(ORIGIN="SIMULATED sky")})
    assert "SIMULATED" in fits.getheader(tmp_path / "out" / table["path"][0])["ORIGIN"]


def test_plates_that_are_none_are_one_line(tmp_path):
    with pytest.raises(FewskyError, match="wanted plates in r, b; found none in b"):
        raw = pd.DataFrame([{"field": "pn-1", "band": "r", "path": "x", "sha256": ""}])
        objects = pd.DataFrame([{"object_id": "pn-1", "ra": 1.0, "dec": 1.0}])
        align_plates(raw, objects, tmp_path, tmp_path, {**SURVEY, "bands": ["r", "b"]}, "")
    stream = io.BytesIO()
    fits.PrimaryHDU(np.zeros((8, 8), np.int16)).writeto(stream)
    with pytest.raises(FewskyError, match="wanted celestial coordinates; found none"):
        aligned(tmp_path, {"r": gzip.compress(stream.getvalue())})
    empty = io.BytesIO()
    fits.PrimaryHDU().writeto(empty)
    with pytest.raises(FewskyError, match="wanted an image of two axes; found none"):
        aligned(tmp_path, {"r": gzip.compress(empty.getvalue())})


def test_the_grid_is_centred_north_up_and_east_left():
    wcs = grid(123.0, 45.0, SURVEY)
    place = wcs.pixel_to_world(29.5, 29.5)
    assert place.separation(SkyCoord(123.0, 45.0, unit="deg")).arcsec < 1e-6
    assert wcs.pixel_to_world(29.5, 30.5).dec > place.dec
    assert wcs.pixel_to_world(28.5, 29.5).ra > place.ra
