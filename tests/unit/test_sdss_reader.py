"""SDSS files: names, real counts, and one clear line for each file that is not as it should be."""

import bz2
import gzip
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from fewsky.console import FewskyError
from fewsky.raw.download import fetch_all
from fewsky.surveys import reader, sdss
from fewsky.surveys.catalogue_table import COLUMNS, read_csv_catalogue
from fewsky.surveys.sdss_catalogues import luptitude, read_calibobj, read_photoobj
from fewsky.surveys.sdss_frames import read_frame
from fewsky.surveys.sdss_objects import (
    check_positions,
    in_footprint,
    read_catalogue,
    select_objects,
)

BASE = "https://data.sdss.org/sas/dr17/eboss"
SURVEY = {
    "reader": "sdss", "rerun": 301, "bands": list("ugriz"), "reference_band": "r",
    "shard_fields": 8, "fields": ["94-1-12", "4510-4-30", "8162-6-80"],
    "catalogue": {"default": "none", "94-1-12": "photoobj", "4510-4-30": "calibobj"},
    "calibobj_kinds": ["star"],
    "urls": {
        "frame": f"{BASE}/photoObj/frames/{{rerun}}/{{run}}/{{camcol}}/"
                 "frame-{band}-{run:06d}-{camcol}-{field:04d}.fits.bz2",
        "photoobj": f"{BASE}/photoObj/{{rerun}}/{{run}}/{{camcol}}/"
                    "photoObj-{run:06d}-{camcol}-{field:04d}.fits",
        "calibobj": f"{BASE}/sweeps/dr13_final/{{rerun}}/"
                    "calibObj-{run:06d}-{camcol}-{kind}.fits.gz",
    },
}  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = str(ROOT / "scripts")
SHARED = ROOT.parent / "shared" / "mirror" / "data.sdss.org/sas/dr17/eboss"
REAL = {
    "94": SHARED / "photoObj/301/94/1/photoObj-000094-1-0012.fits",
    "3900": SHARED / "photoObj/301/3900/6/photoObj-003900-6-0269.fits",
    "star": SHARED / "sweeps/dr13_final/301/calibObj-004510-4-star.fits.gz",
}


def real_frame(run: int, camcol: int, field: int, band: str = "r") -> Path:
    name = f"frame-{band}-{run:06d}-{camcol}-{field:04d}.fits.bz2"
    return SHARED / "photoObj/frames/301" / str(run) / str(camcol) / name


# --- names and addresses --------------------------------------------------------------------------


def test_field_names_have_one_form():
    assert sdss.parse_field("8162-6-80") == (8162, 6, 80)
    assert sdss.parse_field("8162-6-80").name == "8162-6-80"
    for bad in ("8162-7-80", "8162-6", "008162-6-80", "8162-6-080", "8162_6_80", "", None, "a-1-2"):
        with pytest.raises(FewskyError, match="wanted RUN-CAMCOL-FIELD"):
            sdss.parse_field(bad)


def test_addresses_are_those_of_the_archive():
    shards = sdss.shards(SURVEY)
    assert sorted(shards) == ["4510-4-0003", "8162-6-0010", "94-1-0001"]
    urls = [row["url"] for row in sdss.files(shards["8162-6-0010"])]
    assert urls[2] == (f"{BASE}/photoObj/frames/301/8162/6/frame-r-008162-6-0080.fits.bz2")
    assert len(urls) == 5
    rows = sdss.files(shards["4510-4-0003"])
    assert [row["kind"] for row in rows] == ["frame"] * 5 + ["calibobj-star"]
    assert rows[-1]["url"] == f"{BASE}/sweeps/dr13_final/301/calibObj-004510-4-star.fits.gz"
    assert rows[-1]["field"] == ""
    photo = sdss.files(shards["94-1-0001"])[-1]
    assert photo["url"] == f"{BASE}/photoObj/301/94/1/photoObj-000094-1-0012.fits"


def test_both_halves_of_the_sweeps_are_wanted_unless_said_otherwise():
    survey = {**SURVEY, "catalogue": "calibobj"}
    del survey["calibobj_kinds"]
    kinds = {row["kind"] for row in sdss.files(sdss.shards(survey)["4510-4-0003"])}
    assert {"calibobj-star", "calibobj-gal"} < kinds


def test_a_new_field_leaves_other_shards_as_they_are():
    before = sdss.shards(SURVEY)
    more = {**SURVEY, "fields": ["8162-6-81", "8162-6-96", *SURVEY["fields"]]}
    more["catalogue"] = {**SURVEY["catalogue"], "8162-6-96": "photoobj"}
    after = sdss.shards(more)
    assert after["94-1-0001"] == before["94-1-0001"]
    assert after["4510-4-0003"] == before["4510-4-0003"]
    assert after["8162-6-0010"]["fields"] == ["8162-6-80", "8162-6-81"]
    assert "photoobj" not in after["8162-6-0010"]["urls"]


def test_ten_thousand_fields_take_well_under_a_second():
    fields = [
        f"{run}-{camcol}-{k}" for run in (94, 95) for camcol in range(1, 6) for k in range(1000)
    ]
    start = time.perf_counter()
    shards = sdss.shards({**SURVEY, "fields": fields, "catalogue": {"default": "calibobj"}})
    assert len(shards) == 1250
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fields": ["94-1-12", "94-1-12"]}, "wanted each field once; found it twice"),
        ({"bands": ["r", "y"]}, "wanted each of u, g, r, i, z at most once"),
        ({"reference_band": "y"}, "wanted one of the survey's bands"),
        (
            {"catalogue": "tractor"},
            "calibobj, photoobj, found, none or a path ending in .csv; found 'tractor'",
        ),
        ({"catalogue": {"94-1-13": "none"}}, "wanted 'default' or a field of this survey"),
    ],
)
def test_bad_settings_are_one_line(change, reason):
    with pytest.raises(FewskyError, match=reason):
        sdss.shards({**SURVEY, **change})


@pytest.mark.parametrize(
    ("urls", "reason"),
    [
        ({}, "urls.frame: wanted a URL pattern; found none"),
        ({"frame": "https://h/{run}/{tile}"}, "urls.frame: wanted only .*; found {tile}"),
        ({"frame": "https://h/{run.__class__}"}, "wanted only"),
    ],
)
def test_bad_patterns_are_one_line(urls, reason):
    shard = next(iter(sdss.shards({**SURVEY, "urls": urls}).values()))
    with pytest.raises(FewskyError, match=reason):
        sdss.files(shard)


def test_an_unknown_reader_is_one_line():
    assert reader("sdss") is sdss
    for name in ("sdds", "sdss_frames", "os"):
        with pytest.raises(FewskyError, match=r"survey reader .*: wanted one of .*sdss"):
            reader(name)


def test_addresses_need_nothing_heavy():
    code = (
        "import sys; from fewsky.surveys import reader; reader('sdss');"
        "sys.exit(bool({'numpy', 'pandas', 'astropy', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": SCRIPTS}, check=False)
    assert done.returncode == 0


# --- frames ---------------------------------------------------------------------------------------


def hdus(**cards) -> fits.HDUList:
    """A small frame in the archive's form: image, calibration, sky, astrometry."""
    image = np.random.default_rng(0).normal(0, 0.02, (40, 64)).astype(np.float32)
    header = fits.Header({
        "RUN": 94, "CAMCOL": 1, "FILTER": "r", "FRAME": 12, "BUNIT": "nanomaggy",
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 33.0, "CRPIX2": 21.0,
        "CRVAL1": 336.66, "CRVAL2": -0.93,
        "CD1_1": 0.0, "CD1_2": 1.1e-4, "CD2_1": 1.1e-4, "CD2_2": 0.0,
    })  # fmt: skip
    header.update(cards)
    table = fits.BinTableHDU.from_columns([fits.Column("ALLSKY", "E", array=np.zeros(1))])
    calibration = fits.ImageHDU(np.ones(64, np.float32))
    return fits.HDUList([fits.PrimaryHDU(image, header), calibration, table, table.copy()])


def written(folder: Path, content: fits.HDUList, name="frame-r-000094-1-0012.fits.bz2") -> Path:
    plain = folder / "plain.fits"
    content.writeto(plain, overwrite=True)
    (folder / name).write_bytes(bz2.compress(plain.read_bytes()))
    return folder / name


def test_a_frame_is_read_with_field_and_band_of_its_name(tmp_path):
    frame = read_frame(written(tmp_path, hdus(FRAME=99)))
    assert (frame.field.name, frame.band, frame.simulated) == ("94-1-12", "r", False)
    assert frame.image.shape == (40, 64) and frame.image.dtype == np.float32
    assert frame.image.dtype.isnative
    assert read_frame(written(tmp_path, hdus(ORIGIN="SIMULATED"))).simulated


def with_pixel(value: float) -> fits.HDUList:
    content = hdus()
    content[0].data[3, 4] = value
    return content


def with_image(image) -> fits.HDUList:
    content = hdus()
    content[0].data = image
    return content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (hdus(BUNIT="counts"), "wanted BUNIT nanomaggy; found 'counts'"),
        (hdus(RUN=95), "wanted RUN 94 as in the name; found RUN 95"),
        (hdus(CAMCOL=2), "wanted CAMCOL 1"),
        (hdus(FILTER="g"), "wanted FILTER r"),
        (hdus(CD1_2=0.0, CD2_1=0.0), "cannot be used: Linear transformation matrix is singular"),
        (hdus(CD1_2=1.1e-3, CD2_1=1.1e-3), "0.396 arcsec a pixel; found 3.96 by 3.96"),
        (hdus(CD1_1=1.1e-4, CD2_2=1.1e-4), "arcsec a pixel"),
        (hdus(CRVAL2=97.0), "cannot be used|on the sky"),
        (hdus(CTYPE1="LINEAR", CTYPE2="LINEAR"), "wanted a WCS with RA and Dec"),
        (hdus(CTYPE1="RA---XXX"), "cannot be used|RA and Dec"),
        (with_pixel(np.nan), "1 of 2,560 that are NaN or infinite"),
        (with_pixel(np.inf), "NaN or infinite"),
        (with_image(np.zeros((40, 64), np.float32)), "0 in every pixel"),
        (with_image(np.zeros((2, 40, 64), np.float32)), "found 2 x 40 x 64"),
        (with_image(None), "in the first HDU; found none"),
        (hdus()[:1], r"wanted 4 HDUs \(image, calibration, sky, astrometry\); found 1 HDU"),
    ],
)
def test_frames_that_are_not_frames_are_one_line(tmp_path, content, reason):
    path = written(tmp_path, fits.HDUList(content))
    with warnings.catch_warnings(), pytest.raises(FewskyError, match=reason) as caught:
        warnings.simplefilter("ignore")
        read_frame(path)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html><title>503 Service Unavailable</title></html>", r"found an HTML page \(503 Serv"),
        (b"", "found an empty file"),
        (bz2.compress(b"SIMPLE  = " * 999)[:-20], "cut off before its end"),
    ],
)
def test_bytes_that_are_not_fits_are_one_line(tmp_path, content, reason):
    path = tmp_path / "frame-r-000094-1-0012.fits.bz2"
    path.write_bytes(content)
    with pytest.raises(FewskyError, match=reason):
        read_frame(path)
    with pytest.raises(FewskyError, match="wanted a FITS file; found none"):
        read_frame(tmp_path / "frame-g-000094-1-0012.fits.bz2")
    with pytest.raises(FewskyError, match="wanted the name frame-BAND"):
        read_frame(tmp_path / "image.fits")


@pytest.mark.real
@pytest.mark.parametrize("field", [(94, 1, 12), (4510, 4, 30), (2583, 2, 136)])
def test_real_frames_are_read_without_a_warning(field):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = read_frame(real_frame(*field, band="z"))
    assert frame.image.shape == (1489, 2048)
    assert frame.header["FRAME"] == frame.field.field + 6  # the quirk that names must overrule
    assert not frame.simulated


# --- catalogues -----------------------------------------------------------------------------------


@pytest.mark.real
def test_real_photoobj_counts_of_a_repeat_scan():
    table = read_photoobj(REAL["94"])
    assert list(table.columns) == COLUMNS and len(table) == 999
    assert not table["primary"].any()
    objects, counts = select_objects(table, {"modes": "auto"})
    assert objects["label"].value_counts().to_dict() == {"galaxy": 327, "star": 317}
    assert counts["listed"] == 999 and counts["selected"] == 644
    assert select_objects(table, {"modes": [1]})[1]["selected"] == 0
    assert select_objects(table, {"clean": True})[1]["selected"] == 0


@pytest.mark.real
def test_real_photoobj_counts_of_a_primary_scan():
    table = read_photoobj(REAL["3900"])
    assert (table["mode"] == 1).sum() == table["primary"].sum() == 703
    assert select_objects(table, {"modes": "auto"})[1]["selected"] == 703
    assert select_objects(table, {"modes": [1, 2]})[1]["selected"] == 713
    assert select_objects(table, {"types": [6]})[1]["selected"] == 239


@pytest.mark.real
def test_real_magnitudes_are_the_archive_s_own():
    with fits.open(REAL["94"]) as content:
        wanted = content[1].data["PSFMAG"][:, 2].astype(float)
    found = read_photoobj(REAL["94"])["psfmag_r"].to_numpy()
    known = wanted > -9999
    # the archive keeps them as float32, good to 2e-6 mag
    assert np.abs(found[known] - wanted[known]).max() < 5e-6
    assert np.isnan(found[~known]).all()


@pytest.mark.real
def test_real_catalogue_and_frame_agree_and_patches_are_whole():
    table, frame = read_photoobj(REAL["94"]), read_frame(real_frame(94, 1, 12))
    check_positions(table, frame.wcs, "94-1-12")
    objects, _ = select_objects(in_footprint(table, frame.wcs, frame.image.shape), {})
    row, column = np.rint(objects["y"]), np.rint(objects["x"])
    whole = column.between(12, 2048 - 13) & row.between(12, 1489 - 13)
    assert objects[whole]["label"].value_counts().to_dict() == {"galaxy": 327, "star": 317}


@pytest.mark.real
def test_real_sweep_rows_of_a_field_are_found_by_position():
    table, frame = read_calibobj(REAL["star"], None), read_frame(real_frame(4510, 4, 30))
    assert len(table) == 5232 and set(table["label"]) == {"star"}
    inside = in_footprint(table, frame.wcs, frame.image.shape)
    assert len(inside) == 178 and (inside["field"] == "4510-4-30").sum() == 161
    check_positions(table, frame.wcs, "4510-4-30")
    # a repeat scan: only 2 of its 178 stars are survey primaries, so those alone would not do
    assert inside["primary"].sum() == 2
    assert select_objects(inside, {"modes": "auto"})[1]["selected"] == 152


@pytest.mark.real
def test_a_frame_of_another_band_is_told_from_the_right_one():
    table = read_photoobj(REAL["94"])
    with pytest.raises(FewskyError, match="wanted catalogue and frame to agree to 2 px"):
        check_positions(table, read_frame(real_frame(94, 1, 12, "g")).wcs, "94-1-12")


@pytest.mark.real
@pytest.mark.parametrize("field", ["94", "3900"])
def test_the_mode_of_a_sweep_is_photoobj_s(tmp_path, field):
    """photoObj's unique rows, read as the halves of a sweep, get the MODE and OBJID they have."""
    halves = {}
    with fits.open(REAL[field]) as content:
        data = content[1].data
        for half, kind in {"star": 6, "gal": 3}.items():
            halves[half] = tmp_path / f"{half}.fits"
            single = (data["OBJC_TYPE"] == kind) & (data["NCHILD"] == 0)
            fits.BinTableHDU(data[single]).writeto(halves[half])
    swept = read_calibobj(**halves).set_index("object_id")
    wanted = read_photoobj(REAL[field]).set_index("object_id").loc[swept.index]
    assert len(swept) > 700
    assert (swept["mode"] == wanted["mode"]).all()
    assert (swept["label"] == wanted["label"]).all()


def table_hdu(**changes) -> fits.BinTableHDU:
    """A small catalogue in the archive's form, that serves as photoObj and as a sweep's half."""
    count = 8
    five = np.ones((count, 5), np.float32)
    columns = {
        "RUN": np.full(count, 94), "RERUN": np.full(count, "301"), "CAMCOL": np.full(count, 1),
        "FIELD": np.full(count, 12), "ID": np.arange(count), "OBJC_TYPE": np.full(count, 6),
        "RA": 336.66 + np.linspace(-1e-3, 1e-3, count), "DEC": np.full(count, -0.93),
        "ROWC": 21 * five, "COLC": 33 * five, "RESOLVE_STATUS": np.full(count, 0x101),
        "PSFFLUX": five * [1, 2, 3, 4, 5], "MODELFLUX": 2 * five, "EXTINCTION": 0.1 * five,
        "OBJID": np.array([str(k) for k in range(count)]), "MODE": np.ones(count, int),
        "NCHILD": np.zeros(count, int), "CLEAN": np.ones(count, int),
    } | changes  # fmt: skip
    return fits.BinTableHDU.from_columns(
        [
            fits.Column(name.lower(), _code(values), array=values)
            for name, values in columns.items()
            if values is not None
        ]
    )


def _code(values) -> str:
    values = np.asarray(values)
    width = values.shape[1] if values.ndim == 2 else ""
    return {"i": f"{width}J", "f": f"{width}D" if not width else f"{width}E", "U": "19A"}[
        values.dtype.kind
    ]


def photoobj(folder: Path, name="photoObj-000094-1-0012.fits", **changes) -> Path:
    hdu = table_hdu(**changes)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(folder / name, overwrite=True)
    return folder / name


def test_columns_are_found_by_name_in_any_case_and_vectors_are_ugriz(tmp_path):
    table = read_photoobj(photoobj(tmp_path))
    for index, band in enumerate("ugriz"):
        assert (table[f"psfflux_{band}"] == index + 1).all()
        assert table[f"psfmag_{band}"].to_numpy() == pytest.approx(luptitude(index + 1, band))
    assert (table["x"] == 32.5).all() and (table["y"] == 20.5).all()
    assert table["label"].tolist() == ["star"] * 8
    assert (table["thing_id"] == -1).all()


def test_a_measurement_without_weight_is_unknown(tmp_path):
    weight = np.ones((8, 5), np.float32)
    weight[3, 2] = 0
    table = read_photoobj(photoobj(tmp_path, PSFFLUX_IVAR=weight))
    assert table["psfmag_r"].isna().tolist() == [k == 3 for k in range(8)]
    assert table["psfmag_g"].notna().all()


def test_zero_flux_has_the_archive_s_asinh_magnitude():
    wanted = {"u": 24.63, "g": 25.11, "r": 24.80, "i": 24.36, "z": 22.83}
    for band, magnitude in wanted.items():
        assert luptitude(0.0, band) == pytest.approx(magnitude, abs=0.006)
    assert luptitude(1e4, "r") == pytest.approx(22.5 - 10, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"RA": None}, "wanted columns RUN, .*; found no RA among CAMCOL"),
        ({"MODE": None, "CLEAN": None}, "found no MODE, CLEAN among"),
        ({"FIELD": np.full(8, 13)}, "wanted FIELD 12 as in the name; found FIELD 13"),
        ({"PSFFLUX": np.ones((8, 4), np.float32)}, "PSFFLUX with 5 values a row"),
        ({"DEC": np.full(8, 400.0)}, "8 rows that are not on the sky"),
        ({"RA": np.full(8, np.nan)}, "not on the sky"),
    ],
)
def test_bad_catalogues_are_one_line(tmp_path, changes, reason):
    with pytest.raises(FewskyError, match=reason) as caught:
        read_photoobj(photoobj(tmp_path, **changes))
    assert "photoObj-000094-1-0012.fits" in str(caught.value) and "\n" not in str(caught.value)


def test_an_empty_catalogue_and_one_without_a_table_are_one_line(tmp_path):
    hdu = table_hdu()
    empty = fits.BinTableHDU(hdu.data[:0])
    fits.HDUList([fits.PrimaryHDU(), empty]).writeto(tmp_path / "photoObj-000094-1-0012.fits")
    with pytest.raises(FewskyError, match="wanted a table with rows; found an empty one"):
        read_photoobj(tmp_path / "photoObj-000094-1-0012.fits")
    fits.PrimaryHDU(np.ones((4, 4))).writeto(tmp_path / "image.fits")
    with pytest.raises(
        FewskyError, match="wanted a table of objects in the second HDU; found none"
    ):
        read_photoobj(tmp_path / "image.fits")
    (tmp_path / "html.fits").write_bytes(b"<!doctype html><title>Error 404</title>")
    with pytest.raises(FewskyError, match=r"an HTML page \(Error 404\)"):
        read_photoobj(tmp_path / "html.fits")


def test_swapped_stars_and_galaxies_are_told(tmp_path):
    star = photoobj(tmp_path, "calibObj-000094-1-star.fits")
    gal = photoobj(tmp_path, "calibObj-000094-1-gal.fits", OBJC_TYPE=np.full(8, 3))
    table = read_calibobj(star, gal)
    assert table["label"].value_counts().to_dict() == {"star": 8, "galaxy": 8}
    assert set(table["mode"]) == {1} and set(table["clean"]) == {-1}
    with pytest.raises(FewskyError, match=r"only OBJC_TYPE 6 \(star\) in the star half; found 3"):
        read_calibobj(gal, star)
    with pytest.raises(FewskyError, match="wanted a star file, a gal file or both"):
        read_calibobj(None, None)


def test_a_truncated_sweep_is_one_line(tmp_path):
    content = gzip.compress(photoobj(tmp_path).read_bytes())
    (tmp_path / "calibObj-000094-1-star.fits.gz").write_bytes(content[:-200])
    with pytest.raises(FewskyError, match="cut off before its end"):
        read_calibobj(tmp_path / "calibObj-000094-1-star.fits.gz", None)


def test_clean_cannot_be_asked_of_a_catalogue_without_it(tmp_path):
    table = read_calibobj(photoobj(tmp_path, "star.fits"), None)
    with pytest.raises(FewskyError, match="wanted a catalogue with CLEAN"):
        select_objects(table, {"clean": True})


def csv(folder: Path, text: str) -> Path:
    (folder / "mine.csv").write_text(text)
    return folder / "mine.csv"


def test_a_csv_of_sky_positions_or_pixels_is_a_catalogue(tmp_path):
    table = read_csv_catalogue(csv(tmp_path, "RA, Dec, Label\n336.66,-0.93,star\n336.67,-0.93,3\n"))
    assert table["label"].tolist() == ["star", "galaxy"]
    assert table["object_id"].tolist() == ["mine-0", "mine-1"]
    assert table["primary"].all() and (table["mode"] == -1).all()
    assert select_objects(table, {})[1]["selected"] == 2
    pixels = read_csv_catalogue(
        csv(tmp_path, "x,y,label,field,object_id\n3,4,6,94-1-12,a\n5,6,,94-1-13,b\n")
    )
    assert pixels["x"].tolist() == [3, 5] and pixels["ra"].isna().all()
    assert pixels["label"].tolist() == ["star", ""] and pixels["run"].tolist() == [94, 94]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a line of column names"),
        ("ra,dec\n1,2\n", "wanted columns ra, dec, label or x, y, label; found ra, dec"),
        ("ra,dec,label\n", "found only the line of column names"),
        ("ra,dec,label\n1,2,quasar\n", "found 'quasar'"),
        ("ra,dec,label\n1,two,star\n", "wanted numbers in dec; found 'two' in row 1"),
        ("ra,dec,label\n1,200,star\n", "not on the sky"),
        (
            "ra,dec,label,object_id\n1,2,star,a\n1,3,star,a\n",
            "each object_id once; found 'a' twice",
        ),
        ("ra,dec,label,field\n1,2,star,94-9-1\n", "wanted RUN-CAMCOL-FIELD"),
    ],
)
def test_bad_csv_is_one_line(tmp_path, text, reason):
    with pytest.raises(FewskyError, match=reason):
        read_csv_catalogue(csv(tmp_path, text))


def fetched(survey: dict, folder: Path, mirror: Path) -> tuple[dict, pd.DataFrame]:
    shard = sdss.shards(survey)["94-1-0001"]
    return shard, fetch_all(sdss.files(shard), folder / "store", mirror=mirror, offline=True)


@pytest.mark.real
@pytest.mark.parametrize("kind", ["photoobj", "csv", "pixels", "none"])
def test_each_kind_of_catalogue_is_read_through_the_shard_s_list(tmp_path, kind):
    sky = csv(tmp_path, "ra,dec,label\n336.66,-0.93,star\n10,10,galaxy\n")
    pixels = tmp_path / "pixels.csv"
    pixels.write_text("x,y,label\n1000,700,star\n-5,3,galaxy\n")
    catalogue = {"csv": str(sky), "pixels": str(pixels)}.get(kind, kind)
    survey = {**SURVEY, "bands": ["r"], "fields": ["94-1-12"], "catalogue": catalogue}
    shard, raw = fetched(survey, tmp_path, SHARED.parents[3])
    frame = read_frame(real_frame(94, 1, 12))
    table = read_catalogue(raw, tmp_path / "store", "94-1-12", shard, frame.wcs, frame.image.shape)
    assert list(table.columns) == COLUMNS
    assert len(table) == {"photoobj": 995, "csv": 1, "pixels": 1, "none": 0}[kind]
    if kind != "none":
        x, y = frame.wcs.all_world2pix(table["ra"], table["dec"], 0)
        assert np.hypot(x - table["x"], y - table["y"]).max() < 1e-6
        assert set(table["field"]) == {"94-1-12"}


def test_pixels_of_several_fields_must_say_which(tmp_path):
    own = csv(tmp_path, "x,y,label\n10,10,star\n")
    survey = {**SURVEY, "bands": ["r"], "fields": ["94-1-12", "94-1-13"], "catalogue": str(own)}
    shard = sdss.shards(survey)["94-1-0001"]
    assert sdss.local_files(survey) == [str(own)]
    raw = fetch_all([sdss.files(shard)[-1]], tmp_path / "store")
    frame = read_frame(written(tmp_path, hdus()))
    place = (frame.wcs, frame.image.shape)
    with pytest.raises(FewskyError, match="wanted a column 'field', since x and y are pixels"):
        read_catalogue(raw, tmp_path / "store", "94-1-12", shard, *place)
    own.write_text("x,y,label,field\n10,10,star,94-1-12\n11,11,star,94-1-13\n")
    raw = fetch_all([sdss.files(shard)[-1]], tmp_path / "store")
    table = read_catalogue(raw, tmp_path / "store", "94-1-13", shard, *place)
    assert table["x"].tolist() == [11.0]
