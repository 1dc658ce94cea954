"""The cutouts room: patches are slices of the image, at the right places, with the right rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from fewsky.console import FewskyError
from fewsky.cutouts.cut import cut_shard, distance_to_edge, gather, neighbours

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "mirror"
BANDS = ["g", "r"]
SHAPE = (2, 90, 110)
DATASET = {
    "survey": "sdss",
    "size": 9,
    "edge": "drop",
    "objects": {"modes": "auto", "clean": False},
}
SURVEY = {"bands": BANDS, "reference_band": "r", "pixel_arcsec": 0.396,
          "catalogue": {"1-1-1": "mine.csv"}, "csv_fields": {"mine.csv": 1}}  # fmt: skip
ALIGNED = {"field": "1-1-1", "path": "fields/1-1-1.fits", "bands": "gr", "psf_fwhm_g": 1.3,
           "psf_fwhm_r": 1.1, "noise_g": 0.02, "noise_r": 0.03}  # fmt: skip


def ramp(shape=SHAPE):
    """An image whose every pixel is another number."""
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_patch_is_a_slice(data):
    size = data.draw(st.sampled_from([1, 5, 25]))
    half = size // 2
    x = data.draw(st.floats(half, SHAPE[2] - 1 - half))
    y = data.draw(st.floats(half, SHAPE[1] - 1 - half))
    (patch,), complete = gather(ramp(), [x], [y], size)
    i, j = int(np.floor(y + 0.5)), int(np.floor(x + 0.5))
    assert complete.all()
    assert abs(x - j) <= 0.5 and abs(y - i) <= 0.5
    wanted = ramp()[:, i - half : i + half + 1, j - half : j + half + 1]
    np.testing.assert_array_equal(patch, wanted)


@settings(max_examples=30, deadline=None)
@given(st.floats(20, 80), st.floats(20, 60), st.integers(-5, 5), st.integers(-5, 5))
def test_a_shifted_catalogue_shifts_the_patch(x, y, dx, dy):
    cube = ramp()
    moved, _ = gather(np.roll(cube, (dy, dx), (1, 2)), [x + dx], [y + dy], 11)
    fixed, _ = gather(cube, [x], [y], 11)
    np.testing.assert_array_equal(moved, fixed)


@settings(max_examples=60, deadline=None)
@given(st.floats(-40, 150), st.floats(-40, 130))
def test_off_the_image_is_nan_and_never_zero(x, y):
    size = 15
    (patch,), (complete,) = gather(ramp() + 1, [x], [y], size)
    padded = np.pad(ramp() + 1, ((0, 0), (80, 80), (80, 80)), constant_values=np.nan)
    i, j = int(np.floor(y + 0.5)) + 80 - 7, int(np.floor(x + 0.5)) + 80 - 7
    np.testing.assert_array_equal(patch, padded[:, i : i + size, j : j + size])
    assert complete == np.isfinite(patch).all()
    assert not (patch == 0).any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_bad_pixel_in_one_band_makes_a_patch_incomplete(value):
    cube = ramp()
    cube[1, 40, 50] = value
    _, complete = gather(cube, [46, 45, 50], [44, 40, 40], 9)
    assert complete.tolist() == [False, True, False]


def test_gather_nothing():
    patches, complete = gather(ramp(), [], [], 25)
    assert patches.shape == (0, 2, 25, 25) and complete.shape == (0,)


def test_an_even_size_is_refused():
    with pytest.raises(FewskyError, match="size 24: wanted an odd number"):
        gather(ramp(), [50], [50], 24)


def test_distance_to_edge():
    missing = np.zeros((50, 60), bool)
    np.testing.assert_allclose(distance_to_edge(missing, [0, 30, 59], [20, 48, 0]), [1, 2, 1])
    missing[:, 40:] = True
    np.testing.assert_allclose(distance_to_edge(missing, [36.5], [25]), [3.5])
    missing[25, 10] = True
    np.testing.assert_allclose(distance_to_edge(missing, [13], [29]), [5])


def test_neighbours_by_hand():
    others = pd.DataFrame({"object_id": list("abcd"), "x": [0.0, 3, 50, 50], "y": [0.0, 4, 9, 9],
                           "modelmag_r": [17.0, 18, 19, 20]})  # fmt: skip
    table = neighbours(others.iloc[[2, 0]], others, pixel_arcsec=0.4)
    np.testing.assert_allclose(table["neighbour_arcsec"], [0, 2])
    np.testing.assert_allclose(table["neighbour_mag_r"], [20, 18])
    assert table.index.tolist() == [2, 0]
    alone = neighbours(others[:1], others[:1], 0.4)
    assert np.isinf(alone["neighbour_arcsec"][0]) and np.isnan(alone["neighbour_mag_r"][0])


def tangent():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix = [30.0, 5.0], [55.0, 45.0]
    wcs.wcs.cd = np.diag([-1.0, 1.0]) * 0.396 / 3600
    return wcs


@pytest.fixture
def shard(tmp_path):
    """A field 1-1-1 whose g band lacks its last ten columns, as lists, store and folder."""
    cube = ramp()
    cube[0, :, -10:] = np.nan
    (tmp_path / "fields").mkdir()
    fits.writeto(tmp_path / "fields/1-1-1.fits", cube, tangent().to_header())
    aligned = pd.DataFrame([ALIGNED])
    raw = pd.DataFrame([{"kind": "csv", "field": "", "band": "", "url": "mine.csv",
                         "path": "mine.csv", "sha256": ""}])  # fmt: skip

    def cut(text, **changes):
        (tmp_path / "mine.csv").write_text(text)
        return cut_shard(raw, aligned, tmp_path, tmp_path, DATASET | changes, SURVEY)

    return cut


PIXELS = "x,y,label\n30.4,40.6,star\n2,50,galaxy\n97,20,galaxy\n60,60,6\n"


def test_rows_are_images(shard):
    images, catalog = shard(PIXELS)
    assert images.shape == (2, 2, 9, 9) and images.dtype == np.float32
    assert catalog["label"].tolist() == ["star", "star"]
    np.testing.assert_allclose(catalog[["x", "y"]], [[30.4, 40.6], [60, 60]])
    np.testing.assert_array_equal(images[0], ramp()[:, 37:46, 26:35])
    np.testing.assert_allclose(
        catalog[["ra", "dec"]].T, tangent().all_pix2world(catalog["x"], catalog["y"], 0), atol=1e-9
    )
    assert catalog["complete"].all() and catalog["object_id"].is_unique
    assert catalog["object_id"].str.startswith("1-1-1-").all()
    assert (catalog[["survey", "field"]] == ["sdss", "1-1-1"]).all(axis=None)
    assert catalog[["noise_g", "noise_r", "psf_fwhm_g"]].iloc[0].tolist() == [0.02, 0.03, 1.3]
    assert catalog["edge_px"].iloc[1] == pytest.approx(30)  # the last row is 89
    assert catalog["mode"].tolist() == [-1, -1]


def test_positions_on_the_sky_are_the_same_objects(shard):
    ra, dec = tangent().all_pix2world([30.4, 60], [40.6, 60], 0)
    rows = [
        f"{a!r},{d!r},{n}" for a, d, n in zip(map(float, ra), map(float, dec), "36", strict=True)
    ]
    images, catalog = shard("\n".join(["ra,dec,label", *rows]))
    np.testing.assert_allclose(catalog[["x", "y"]], [[30.4, 40.6], [60, 60]], atol=1e-6)
    np.testing.assert_array_equal(images, shard(PIXELS)[0])


def test_flagged_patches_keep_what_is_there(shard):
    images, catalog = shard(PIXELS, edge="flag")
    assert catalog["complete"].tolist() == [True, False, False, True]
    assert np.isnan(images[1][:, :, :2]).all() and np.isfinite(images[1][:, :, 2:]).all()
    assert np.isnan(images[2][0, :, -2:]).all() and np.isfinite(images[2][1]).all()


def test_no_object_is_an_empty_shard_and_a_warning(shard, capsys):
    images, catalog = shard("x,y,label\n1,1,star\n")
    assert images.shape == (0, 2, 9, 9) and len(catalog) == 0
    assert "warning: no object of sdss in 1-1-1" in capsys.readouterr().out
    full = shard(PIXELS)[1]
    assert catalog.columns.tolist() == full.columns.tolist()
    numbers = full.select_dtypes("number").columns
    assert (catalog[numbers].dtypes == full[numbers].dtypes).all()


def test_a_field_without_a_catalogue(tmp_path, shard):
    shard(PIXELS)
    aligned = pd.DataFrame([ALIGNED])
    raw = pd.DataFrame(columns=["kind", "field", "band", "url", "path", "sha256"])
    survey = SURVEY | {"catalogue": {"default": "none"}}
    images, catalog = cut_shard(raw, aligned, tmp_path, tmp_path, DATASET, survey)
    assert len(images) == len(catalog) == 0


@pytest.mark.real
def test_field_94_as_the_readme_counts_it(tmp_path):
    """327 galaxies and 317 stars with a whole patch; made without a slow alignment."""
    base = "data.sdss.org/sas/dr17/eboss/photoObj"
    header = fits.getheader(SHARED / base / "frames/301/94/1/frame-r-000094-1-0012.fits.bz2")
    kept = [k for k in header if k.startswith(("CTYPE", "CRPIX", "CRVAL", "CUNIT", "CD"))]
    cube = np.zeros((2, 1489, 2048), np.float32)
    cube[:, :14] = cube[:, :, -5:] = np.nan
    fits.writeto(tmp_path / "f.fits", cube, fits.Header([(k, header[k]) for k in kept]))
    aligned = pd.DataFrame([ALIGNED | {"field": "94-1-12", "path": "f.fits", "psf_fwhm_r": 9.0}])
    raw = pd.DataFrame([{"kind": "photoobj", "field": "94-1-12", "url": "",
                         "path": f"{base}/301/94/1/photoObj-000094-1-0012.fits"}])  # fmt: skip
    survey = SURVEY | {"catalogue": {"94-1-12": "photoobj"}}
    images, catalog = cut_shard(raw, aligned, SHARED, tmp_path, DATASET | {"size": 25}, survey)
    assert catalog["label"].value_counts().to_dict() == {"galaxy": 327, "star": 317}
    assert images.shape == (644, 2, 25, 25)
    assert catalog["psf_fwhm_r"].between(1.3, 1.7).all()  # the catalogue's own, not the field's
    assert (catalog["neighbour_arcsec"] > 1).all()
