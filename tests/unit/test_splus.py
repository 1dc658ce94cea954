"""The reader of S-PLUS: twelve FITS an object become one calibrated image."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from fewsky.console import FewskyError
from fewsky.raw.answers import Hiccup, Refused
from fewsky.raw.sia import image_of
from fewsky.sky.properties_splus import sky_noise
from fewsky.surveys import splus
from fewsky.surveys.splus_images import read_cutout
from tests.unit.properties_world import bring, survey


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return bring(tmp_path_factory.mktemp("splus"), "splus", label_noise=0.0, absurd_share=0.0)


def write(path, plane, **cards):
    header = fits.Header([(key, value) for key, value in cards.items()])
    fits.PrimaryHDU(np.asarray(plane, np.float32), header).writeto(path, overwrite=True)
    return path


# --- what is asked -------------------------------------------------------------------------------
def test_the_query_asks_for_every_column():
    row = splus.catalogue_files(splus.catalogue(survey("splus")))[0]
    asked = parse_qs(urlsplit(row["form"]["address"]).query)["QUERY"][0]
    for band in splus.BANDS:
        assert f"AS mag_{band}," in asked and f"AS magerr_{band}," in asked
    assert "ndet_auto = 12" in asked and "photoflag = 0" in asked and "zwarning = 0" in asked


def test_an_object_has_a_cutout_a_band():
    block = survey("splus", bands=["g", "r", "f660"])
    shard = splus.shards(block)["part-00"]
    item = {"object_id": "a", "ra": "10.5", "dec": "-1.25", "shard": "part-00"}
    rows = splus.files(shard, [item, {**item, "shard": "part-07"}])
    assert [row["band"] for row in rows] == ["g", "r", "f660"]
    assert len({row["url"] for row in rows}) == 3
    assert rows[0]["form"]["fields"]["POS"] == "10.50000,-1.25000"
    with pytest.raises(FewskyError, match=r"found 'y', which the survey does not have"):
        splus.shards(survey("splus", bands=["g", "y"]))


TABLE = """<?xml version="1.0"?><VOTABLE xmlns="http://www.ivoa.net/xml/VOTable/v1.2"><RESOURCE>
<TABLE><FIELD name="ACCESS_URL"/><FIELD name="obs_bandpass"/><FIELD name="prodtype"/><DATA>
<TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


def answered(*rows):
    cells = "".join("<TR>" + "".join(f"<TD>{c}</TD>" for c in row) + "</TR>" for row in rows)
    return TABLE.format(rows=cells).encode()


def test_an_answer_gives_the_image_of_the_band():
    page = answered(
        ("https://a.org/w?b=1&amp;c=2", "F378", "weight"), ("https://a.org/u", "uJAVA", "image"),
        ("https://a.org/f", "J0378", "image"), ("https://a.org/g", "g SDSS", "stack"),
    )  # fmt: skip
    assert [image_of(page, band) for band in ("u", "f378", "g")] == [
        "https://a.org/u", "https://a.org/f", "https://a.org/g"
    ]  # fmt: skip
    with pytest.raises(Refused, match=r"4 images .*none in r"):
        image_of(page, "r")
    with pytest.raises(Hiccup, match=r"an HTML page instead of a table"):
        image_of(b"<!doctype html><html><br>busy", "r")


# --- what comes ----------------------------------------------------------------------------------
def test_bands_are_calibrated_and_stand_in_the_survey_s_order(world):
    bands = list(splus.BANDS)
    assert world.images.shape == (9, 12, 32, 32)
    # Undoes the scale: nanomaggies of the middle, where the light of a star is.
    flux = (world.images[:, :, 8:24, 8:24] * 50.5 - 0.5).sum(axis=(2, 3))
    scatter = 16 * sky_noise(survey("splus")["pixel_arcsec"])
    star = (world.catalog["label"] == "star").to_numpy()
    for k, band in enumerate(bands):  # zero points differ by up to 3.2 mag, a factor of 19
        told = 10 ** (-0.4 * (world.catalog[f"mag_{band}"][star] - 22.5))
        off = np.abs(flux[star, k] - told)
        # 5 deviations of the image's sky, and what the catalogue's own error leaves.
        assert (off < 5 * scatter[k] + 0.1 * told).all(), band


def test_magnitudes_are_those_of_the_sky(world):
    table = world.catalog.merge(world.truth, on="object_id", suffixes=("", "_true"))
    assert ((table["mag_r"] - table["mag_r_true"]).abs() < 5 * table["magerr_r"]).all()
    assert table[[f"mag_{band}" for band in splus.BANDS]].notna().all(axis=None)


def test_zero_points_come_from_the_header_or_the_survey(tmp_path):
    paths = {"g": write(tmp_path / "g.fits", np.ones((4, 4)), MAGZP=20.0),
             "r": write(tmp_path / "r.fits", np.ones((5, 5)), MAGZP=22.5)}  # fmt: skip
    image = read_cutout(paths, ["r", "g"])
    assert image.shape == (2, 4, 4) and image.dtype == np.float32
    assert np.allclose(image[0], 1) and np.allclose(image[1], 10)
    assert np.allclose(read_cutout(paths, ["g"], {"g": 25.0}), 0.1)


def test_bad_cutouts_are_told(tmp_path):
    good = write(tmp_path / "g.fits", np.ones((4, 4)), MAGZP=20.0)
    for other, words in (
        (write(tmp_path / "a.fits", np.ones((4, 4))), "wanted a zero point, a number in one of"),
        (write(tmp_path / "b.fits", np.ones((4, 9)), MAGZP=20.0), "of one size in all bands"),
        (write(tmp_path / "c.fits", np.ones((2, 4, 4)), MAGZP=20.0), "an image of two axes"),
    ):
        with pytest.raises(FewskyError, match=words):
            read_cutout({"g": good, "r": other}, ["g", "r"])
    with pytest.raises(FewskyError, match=r"wanted the bands g, r; found g"):
        read_cutout({"g": good}, ["g", "r"])


def test_absurd_magnitudes_stay(tmp_path):
    table = bring(tmp_path, "splus", absurd_share=1.0).catalog
    absurd = table[[f"mag_{band}" for band in splus.BANDS]].abs() == 99
    assert absurd.any(axis=1).all() and pd.Series(absurd.sum(axis=1)).median() == 1
