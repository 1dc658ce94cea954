"""The raw room: what arrives is verified, what fails says why, and no byte is fetched twice."""

import bz2
import gzip
import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from fewsky.console import FewskyError
from fewsky.raw.checksums import load_checksums
from fewsky.raw.download import COLUMNS, fetch_all, known_urls, locate
from fewsky.raw.pace import hold_off, take_turn
from fewsky.raw.payload import BadBytes, examine, open_fits, read_unpacked
from tests.faults import mirror
from tests.faults.mirror_server import FAULTS, MirrorServer

SCRIPTS = str(Path(__file__).resolve().parents[2] / "scripts")
QUICK = {"rate_per_s": 1000.0, "timeout_s": 0.4, "tries": 4, "pause_s": 0.01}


def frame_bytes(seed: int = 0, marked: bool = False) -> bytes:
    """A small but whole FITS image whose noise does not compress."""
    image = np.random.default_rng(seed).normal(size=(64, 96)).astype(np.float32)
    hdu = fits.PrimaryHDU(image)
    if marked:
        hdu.header["ORIGIN"] = "SIMULATED"
    return b"".join(
        (hdu.header.tostring().encode(), image.astype(">f4").tobytes().ljust(9 * 2880, b"\0"))
    )


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """Loopback is asked directly, whatever proxy the machine has."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def archive(tmp_path):
    """A folder with one file of each kind."""
    folder = tmp_path / "archive"
    folder.mkdir()
    plain = frame_bytes()
    (folder / "a.fits").write_bytes(plain)
    (folder / "a.fits.bz2").write_bytes(bz2.compress(plain))
    (folder / "a.fits.gz").write_bytes(gzip.compress(plain, mtime=0))
    return folder


def entry(url: str, **more: str) -> dict[str, str]:
    return {"kind": "frame", "field": "94-1-12", "band": "r", "url": url, **more}


def stored(store, url: str):
    return store / locate(url)


def leftovers(store) -> list[str]:
    """Partial files and locks, which must not remain."""
    found = (path for path in store.rglob("*") if path.parent.name != ".pace")
    return sorted(path.name for path in found if path.suffix in (".part", ".json", ".lock"))


@pytest.mark.parametrize("name", ["a.fits", "a.fits.bz2", "a.fits.gz"])
def test_a_file_arrives_as_served_and_is_listed(archive, tmp_path, name):
    store = tmp_path / "store"
    with MirrorServer(archive) as server:
        table = fetch_all([entry(f"{server.url}/{name}")], store, **QUICK)
    assert list(table.columns) == COLUMNS
    content = (archive / name).read_bytes()
    assert (store / table["path"][0]).read_bytes() == content
    assert table["bytes"][0] == len(content)
    assert table["sha256"][0] == hashlib.sha256(content).hexdigest()
    assert leftovers(store) == []


def test_what_lies_in_the_store_is_verified_and_not_asked_for(archive, tmp_path):
    store = tmp_path / "store"
    with MirrorServer(archive) as server:
        row = entry(f"{server.url}/a.fits.bz2")
        first = fetch_all([row], store, **QUICK)
        second = fetch_all([row], store, **QUICK)
        assert len(server.requests) == 1
        stored(store, row["url"]).write_bytes((archive / "a.fits.bz2").read_bytes()[:-100])
        with pytest.raises(FewskyError, match=r"cut off before its end\. Delete it and run again"):
            fetch_all([row], store, **QUICK)
    pd.testing.assert_frame_equal(first, second)


PASSING = [
    "drop",
    "cut",
    "stall",
    "drip",
    "truncate",
    "longer",
    "wrong",
    "html",
    "429",
    "500",
    "503",
]


@pytest.mark.parametrize("fault", PASSING)
def test_faults_that_pass_are_outlived(archive, tmp_path, fault):
    with MirrorServer(archive, {"/a.fits.bz2": [fault]}, stall_s=1.0) as server:
        table = fetch_all([entry(f"{server.url}/a.fits.bz2")], tmp_path / "store", **QUICK)
    content = (archive / "a.fits.bz2").read_bytes()
    assert table["sha256"][0] == hashlib.sha256(content).hexdigest()
    assert leftovers(tmp_path / "store") == []


@pytest.mark.parametrize(
    ("fault", "asked", "reason"),
    [
        ("404", 1, "HTTP 404 Not Found"),
        ("loop", None, "redirects that go in circles"),
        ("503", 4, "HTTP 503 Service Unavailable, at the last of 4 tries"),
        ("html", 4, r"an HTML page \(Service unavailable\) instead of bzip2"),
        ("wrong", 4, "instead of (a sound compressed file|FITS)"),
        ("truncate", 4, "cut off before its end"),
        ("drop", 4, "a dropped connection"),
    ],
)
def test_faults_that_last_end_in_one_line_and_store_nothing(
    archive, tmp_path, fault, asked, reason
):
    with MirrorServer(archive, {"/a.fits.bz2": [fault] * 50}) as server:
        url = f"{server.url}/a.fits.bz2"
        with pytest.raises(FewskyError, match=reason) as caught:
            fetch_all([entry(url)], tmp_path / "store", **QUICK)
        assert asked is None or len(server.requests) == asked
    line = str(caught.value)
    assert "\n" not in line and "a.fits.bz2" in line and url in line
    assert not stored(tmp_path / "store", url).exists()


def test_a_cut_file_is_continued_by_range_not_begun_anew(archive, tmp_path):
    content = (archive / "a.fits.bz2").read_bytes()
    with MirrorServer(archive, {"/a.fits.bz2": ["cut", "ok"]}) as server:
        table = fetch_all([entry(f"{server.url}/a.fits.bz2")], tmp_path / "store", **QUICK)
        assert [span for _, span, _ in server.requests] == [None, f"bytes={len(content) // 2}-"]
    assert table["bytes"][0] == len(content)


def test_a_server_that_ignores_range_is_read_from_the_start(archive, tmp_path):
    script = {"/a.fits.bz2": ["cut", "no-range"]}
    with MirrorServer(archive, script, ranges=False) as server:
        table = fetch_all([entry(f"{server.url}/a.fits.bz2")], tmp_path / "store", **QUICK)
        assert server.requests[1][1] is not None
    content = (archive / "a.fits.bz2").read_bytes()
    assert table["sha256"][0] == hashlib.sha256(content).hexdigest()


def test_a_file_that_changed_meanwhile_is_not_patched_together(archive, tmp_path):
    with MirrorServer(archive, {"/a.fits": ["cut", "changed"]}) as server:
        table = fetch_all([entry(f"{server.url}/a.fits")], tmp_path / "store", **QUICK)
        assert len(server.requests) == 2
    assert table["sha256"][0] == hashlib.sha256((archive / "a.fits").read_bytes()).hexdigest()


def test_a_later_run_goes_on_from_what_an_earlier_one_left(archive, tmp_path):
    content = (archive / "a.fits.bz2").read_bytes()
    with MirrorServer(archive, {"/a.fits.bz2": ["cut", "ok"]}) as server:
        row = entry(f"{server.url}/a.fits.bz2")
        with pytest.raises(FewskyError, match=f"ended at {len(content) // 2:,} of"):
            fetch_all([row], tmp_path / "store", **{**QUICK, "tries": 1})
        fetch_all([row], tmp_path / "store", **QUICK)
        assert server.requests[1][1] == f"bytes={len(content) // 2}-"


def test_retry_after_is_waited_for(archive, tmp_path):
    with MirrorServer(archive, {"/a.fits": ["429"]}, retry_after="1") as server:
        fetch_all([entry(f"{server.url}/a.fits")], tmp_path / "store", **QUICK)
        assert server.times[1] - server.times[0] >= 0.99


def test_a_wish_to_wait_for_hours_ends_the_run(archive, tmp_path):
    with MirrorServer(archive, {"/a.fits": ["503"] * 9}, retry_after="7200") as server:
        with pytest.raises(FewskyError, match=r"a wish to wait 7200 s\. Run again after that"):
            fetch_all([entry(f"{server.url}/a.fits")], tmp_path / "store", **QUICK)
        assert len(server.requests) == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_per_cent_of_faults_end_verified_or_in_one_line(tmp_path, seed):
    folder = tmp_path / "archive"
    folder.mkdir()
    for number in range(12):
        (folder / f"f{number}.fits.bz2").write_bytes(bz2.compress(frame_bytes(number)))
    quick = {**QUICK, "tries": 6, "timeout_s": 0.2}
    done = 0
    kinds = [kind for kind in FAULTS if kind != "changed"]
    with MirrorServer(folder, share=0.3, seed=seed, stall_s=0.3, kinds=kinds) as server:
        for number in range(12):
            row = entry(f"{server.url}/f{number}.fits.bz2")
            try:
                table = fetch_all([row], tmp_path / "store", **quick)
            except FewskyError as error:
                assert row["url"] in str(error) and "\n" not in str(error)
                continue
            done += 1
            content = (folder / f"f{number}.fits.bz2").read_bytes()
            assert (tmp_path / "store" / table["path"][0]).read_bytes() == content
        assert {fault for _, _, fault in server.requests} - {"ok"}
    assert done >= 8


def test_a_bad_mirror_is_counted(tmp_path):
    found = mirror.run(3, 12, tmp_path)
    assert found["verified"] + len(found["refused"]) == found["files"] == 12
    assert found["verified"] >= 11 and found["requests"] > 12 and sum(found["faults"].values()) > 3


@pytest.mark.parametrize("kind", ["other-host", "chunked"])
def test_a_redirect_to_another_host_and_a_body_in_pieces_bring_the_file(archive, tmp_path, kind):
    with MirrorServer(archive, {"/a.fits.bz2": [kind]}) as server:
        row = entry(f"{server.url}/a.fits.bz2")
        fetch_all([row], tmp_path / "store", **QUICK)
        content = (archive / "a.fits.bz2").read_bytes()
        assert stored(tmp_path / "store", row["url"]).read_bytes() == content


def test_a_redirect_to_a_file_of_this_machine_is_refused(archive, tmp_path):
    with MirrorServer(archive, {"/a.fits": ["file-scheme"]}) as server:
        row = entry(f"{server.url}/a.fits")
        with pytest.raises(FewskyError, match="an address that cannot be used"):
            fetch_all([row], tmp_path / "store", **QUICK)
    assert leftovers(tmp_path / "store") == []


def test_a_body_packed_on_the_way_is_told_and_asked_for_again(archive, tmp_path):
    with MirrorServer(archive, {"/a.fits": ["gzip"]}) as server:
        row = entry(f"{server.url}/a.fits")
        with pytest.raises(FewskyError, match="found gzip instead of FITS"):
            fetch_all([row], tmp_path / "one", **{**QUICK, "tries": 1})
        fetch_all([row], tmp_path / "two", **QUICK)
        assert [fault for _, _, fault in server.requests] == ["gzip", "ok"]


def test_the_mirror_is_looked_at_first_and_linked(archive, tmp_path):
    url = "https://data.example.org/sas/dr17/a.fits.bz2"
    mirror = tmp_path / "mirror"
    (mirror / locate(url)).parent.mkdir(parents=True)
    (mirror / locate(url)).write_bytes((archive / "a.fits.bz2").read_bytes())
    table = fetch_all([entry(url)], tmp_path / "store", mirror=mirror, offline=True)
    assert table["path"][0] == "data.example.org/sas/dr17/a.fits.bz2"
    assert stored(tmp_path / "store", url).samefile(mirror / locate(url))
    assert leftovers(tmp_path / "store") == []


def test_a_bad_file_of_the_mirror_is_named_and_not_stored(tmp_path):
    url = "https://data.example.org/a.fits.bz2"
    (tmp_path / "mirror/data.example.org").mkdir(parents=True)
    (tmp_path / "mirror" / locate(url)).write_bytes(b"<html><title>Moved</title></html>")
    with pytest.raises(FewskyError, match=r"mirror/data.example.org/a.fits.bz2: .*HTML page \(Mov"):
        fetch_all([entry(url)], tmp_path / "store", mirror=tmp_path / "mirror")
    assert not stored(tmp_path / "store", url).exists()


def test_no_such_mirror_and_nothing_offline_are_one_line_each(tmp_path):
    row = entry("https://data.example.org/a.fits")
    with pytest.raises(FewskyError, match="wanted a folder laid out as HOST/PATH; found none"):
        fetch_all([row], tmp_path / "store", mirror=tmp_path / "nowhere")
    with pytest.raises(FewskyError, match="without the network; found it neither in the store"):
        fetch_all([row], tmp_path / "store", offline=True)


def test_what_is_not_in_the_mirror_comes_from_the_archive(archive, tmp_path):
    (tmp_path / "mirror").mkdir()
    with MirrorServer(archive) as server:
        row = entry(f"{server.url}/a.fits")
        fetch_all([row], tmp_path / "store", mirror=tmp_path / "mirror", **QUICK)
        assert len(server.requests) == 1


def test_the_first_digest_is_listed_and_later_ones_must_agree(archive, tmp_path):
    sums = tmp_path / "checksums.csv"
    with MirrorServer(archive) as server:
        row = entry(f"{server.url}/a.fits")
        fetch_all([row], tmp_path / "one", checksums=sums, **QUICK)
        listed = load_checksums(sums)[locate(row["url"])]
        digest = hashlib.sha256((archive / "a.fits").read_bytes()).hexdigest()
        assert (listed["sha256"], listed["source"]) == (digest, "archive")
        before = sums.read_bytes()
        (archive / "a.fits").write_bytes(frame_bytes(seed=1))
        with pytest.raises(FewskyError, match=f"instead of sha256 {digest}"):
            fetch_all([row], tmp_path / "two", checksums=sums, **QUICK)
    assert sums.read_bytes() == before
    assert not stored(tmp_path / "two", row["url"]).exists()


def test_a_published_digest_rules(archive, tmp_path):
    good = "md5:" + hashlib.md5((archive / "a.fits").read_bytes()).hexdigest()
    with MirrorServer(archive) as server:
        url = f"{server.url}/a.fits"
        fetch_all([entry(url, published=good)], tmp_path / "one", **QUICK)
        with pytest.raises(FewskyError, match="instead of the published md5:00"):
            fetch_all([entry(url, published="md5:00")], tmp_path / "two", **QUICK)


def test_simulated_files_say_so_and_are_not_listed(tmp_path):
    url = "https://data.example.org/a.fits"
    (tmp_path / "mirror/data.example.org").mkdir(parents=True)
    (tmp_path / "mirror" / locate(url)).write_bytes(frame_bytes(marked=True))
    sums = tmp_path / "checksums.csv"
    table = fetch_all([entry(url)], tmp_path / "store", mirror=tmp_path / "mirror", checksums=sums)
    assert table.attrs["simulated"] is True
    assert not sums.exists()


def test_a_local_catalogue_is_kept_under_its_digest(tmp_path):
    own = tmp_path / "mine.csv"
    own.write_text("ra,dec,label\n1,2,star\n")
    table = fetch_all([{"kind": "csv", "field": "", "band": "", "url": str(own)}], tmp_path / "s")
    assert (tmp_path / "s" / table["path"][0]).read_text() == own.read_text()
    with pytest.raises(FewskyError, match="wanted a file of your own; found none"):
        fetch_all([{"kind": "csv", "field": "", "band": "", "url": "no.csv"}], tmp_path / "s")


def test_two_jobs_fetch_one_file_once(archive, tmp_path):
    with MirrorServer(archive, {"/a.fits": ["stall"]}, stall_s=0.3) as server:
        row, tables = entry(f"{server.url}/a.fits"), []

        def job():
            tables.append(fetch_all([row], tmp_path / "store", **QUICK))

        threads = [threading.Thread(target=job) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(tables) == 2 and len(server.requests) == 2  # the stalled one and its repeat
    assert leftovers(tmp_path / "store") == []


def test_a_killed_download_leaves_a_part_that_the_next_one_continues(archive, tmp_path):
    with MirrorServer(archive, {"/a.fits": ["stall"]}, stall_s=5.0) as server:
        row = entry(f"{server.url}/a.fits")
        code = (
            f"from fewsky.raw.download import *; fetch_all([{row!r}], {str(tmp_path / 'store')!r})"
        )
        victim = subprocess.Popen([sys.executable, "-c", code], env={"PYTHONPATH": SCRIPTS})
        part = tmp_path / "store" / (locate(row["url"]) + ".part")
        while not (part.exists() and part.stat().st_size > 0):
            threading.Event().wait(0.02)
        victim.kill()
        victim.wait()
        fetch_all([row], tmp_path / "store", **QUICK)
        assert server.requests[-1][1] is not None
    assert leftovers(tmp_path / "store") == []


@pytest.mark.parametrize(
    "url",
    ["ftp://h/a.fits", "https://h", "https://h/", "https://h/a/../../b.fits", "https://h/a/%2e%2e/b",
     "https://h/a%2fb", "https://me:secret@h/a.fits"],
)  # fmt: skip
def test_addresses_that_would_leave_the_store_are_refused(url):
    with pytest.raises(FewskyError) as caught:
        locate(url)
    assert "secret" not in str(caught.value)


def test_a_query_is_part_of_the_name_as_wget_has_it():
    assert locate("https://h/cut?ra=1&dec=2") == "h/cut?ra=1&dec=2"


def test_requests_keep_to_the_rate(tmp_path):
    waits = [take_turn(tmp_path, "127.0.0.1:80", 20.0) for _ in range(4)]
    assert waits[0] == 0.0 and all(0.03 < wait <= 0.05 for wait in waits[1:])
    hold_off(tmp_path, "127.0.0.1:80", 0.2)
    assert take_turn(tmp_path, "127.0.0.1:80", 20.0) > 0.15


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.fits", b"", "found an empty file"),
        ("x.fits", b"<!DOCTYPE html><title>404</title>", r"an HTML page \(404\)"),
        ("x.fits", bz2.compress(frame_bytes()), "wanted FITS; found bzip2"),
        ("x.fits", frame_bytes()[:-2880], "FITS of .* bytes by its headers"),
        ("x.fits", frame_bytes() + b"\0" * 2880, "headers that end with END|by its headers"),
        ("x.fits.bz2", frame_bytes(), "wanted bzip2; found FITS"),
        ("x.fits.bz2", bz2.compress(frame_bytes())[:-9], "cut off before its end"),
        ("x.fits.bz2", bz2.compress(b"no FITS"), "wanted FITS; found bytes that begin with"),
        ("x.fits.bz2", bz2.compress(frame_bytes()[:-80]), "FITS in blocks"),
        ("x.fits.gz", gzip.compress(frame_bytes())[:-4], "cut off before its end"),
        ("x.fits.gz", gzip.compress(frame_bytes())[:-8] + b"\0" * 8, "sound compressed file"),
        ("x.csv", b"<html></html>", "an HTML page"),
        ("x.h5", b"PK\3\4", "wanted HDF5; found ZIP"),
    ],
)
def test_bad_bytes_are_told(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadBytes, match=reason):
        examine(tmp_path / name)


def test_one_flipped_bit_of_a_compressed_file_is_found(tmp_path):
    whole = bytearray(bz2.compress(frame_bytes()))
    whole[len(whole) // 2] ^= 4
    (tmp_path / "x.fits.bz2").write_bytes(whole)
    with pytest.raises(BadBytes):
        examine(tmp_path / "x.fits.bz2")


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("fewsky.raw.payload.LARGEST", 1 << 22)
    (tmp_path / "x.fits.bz2").write_bytes(bz2.compress(frame_bytes() + bytes(1 << 23)))
    with pytest.raises(BadBytes, match="more than 4,194,304 bytes unpacked"):
        examine(tmp_path / "x.fits.bz2")
    with pytest.raises(BadBytes, match="wanted at most 1,000 bytes unpacked"):
        read_unpacked(tmp_path / "x.fits.bz2", limit=1000)


def test_headers_that_promise_absurd_sizes_are_refused(tmp_path):
    content = frame_bytes().replace(
        b"NAXIS1  =                   96", b"NAXIS1  = 99999999999999999999"
    )
    (tmp_path / "x.fits").write_bytes(content)
    with pytest.raises(BadBytes, match="whole numbers"), open_fits(tmp_path / "x.fits"):
        pass


def test_known_urls_are_each_named_once():
    survey = {
        "reader": "sdss", "rerun": 301, "bands": ["r"], "reference_band": "r", "shard_fields": 1,
        "fields": ["94-1-12", "94-1-13"], "catalogue": {"default": "calibobj", "94-1-13": "my.csv"},
        "urls": {"frame": "https://h/{run:06d}-{field}-{band}", "calibobj": "https://h/{run}-{kind}"},
    }  # fmt: skip
    assert known_urls({"sdss": survey}) == [
        "https://h/000094-12-r", "https://h/94-star", "https://h/94-gal", "https://h/000094-13-r",
    ]  # fmt: skip
