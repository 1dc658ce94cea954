"""The aligned room against known truth, and on real frames where they are at hand."""

import types
from pathlib import Path

import galsim
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from fewsky.aligned.align import align_shard
from fewsky.aligned.bands import align_to, reference_stars
from fewsky.aligned.geometry import fit_map
from fewsky.aligned.resample import coefficients, resample
from fewsky.aligned.sharpness import shard_sharpness
from fewsky.aligned.warp import align_band, through_sky
from fewsky.console import FewskyError
from fewsky.files import sha256
from fewsky.surveys.sdss import Field
from fewsky.surveys.sdss_astrometry import read_astrometry
from fewsky.surveys.sdss_frames import Frame

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "mirror"
FRAMES = "data.sdss.org/sas/dr17/eboss/photoObj/frames/301"
FIELDS = ("94-1-12", "4510-4-30", "8162-6-80", "1992-1-87", "2583-2-136")
HOW = {"method": "auto", "order": 5, "max_error_px": 0.01}
SHAPE = (240, 280)
SURVEY = {"bands": ["g", "r"], "reference_band": "r", "align": HOW}


def tangent(shift=(0.0, 0.0), turn=0.0, stretch=1.0, shape=SHAPE):
    """A TAN projection of 0.396 arcsec a pixel, off by a shift (pixels), turn (rad) and stretch."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [30.0, 5.0]
    wcs.wcs.crpix = [shape[1] / 2 + shift[0], shape[0] / 2 + shift[1]]
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    wcs.wcs.cd = rotation @ np.diag([-1.0, 1.0]) * stretch * 0.396 / 3600
    return wcs


def positions_of_sources(step=40, margin=30, shape=SHAPE):
    """Pixels of isolated sources at every phase of a pixel."""
    y, x = np.mgrid[margin : shape[0] - margin : step, margin : shape[1] - margin : step]
    rng = np.random.default_rng(5)
    return (grid.ravel() + rng.uniform(-0.5, 0.5, grid.size) for grid in (x, y))


def draw(x, y, flux=1000.0, fwhm=3.4, shape=SHAPE):
    """An image of round Gaussian sources, each pixel the integral of the profile over it."""
    image = galsim.ImageF(shape[1], shape[0], xmin=0, ymin=0)
    source = galsim.Gaussian(fwhm=fwhm, flux=flux)
    for a, b in zip(x, y, strict=True):
        stamp = source.drawImage(nx=41, ny=41, scale=1, center=galsim.PositionD(a, b))
        bounds = stamp.bounds & image.bounds
        image[bounds] += stamp[bounds]
    return image.array.copy()


def measured(image, x, y, half=14):
    """Flux in a box and centroid about each position."""
    out = []
    for a, b in zip(x, y, strict=True):
        i, j = round(a), round(b)
        box = image[j - half : j + half + 1, i - half : i + half + 1].astype(float)
        rows, columns = np.mgrid[j - half : j + half + 1, i - half : i + half + 1]
        out.append((box.sum(), (box * columns).sum() / box.sum(), (box * rows).sum() / box.sum()))
    return np.array(out).T


def two_bands(**difference):
    """A reference projection with sources, and the same sources as another band sees them."""
    reference, wcs = tangent(), tangent(**difference)
    x, y = positions_of_sources()
    image = draw(*through_sky(wcs, reference)(x, y))
    return image, wcs, reference, x, y


@pytest.mark.parametrize("order", [3, 5])
@pytest.mark.parametrize(
    "difference",
    [
        {"shift": (4.3, 13.7), "turn": 4e-4, "stretch": 1.0004},
        {"shift": (-2.5, 0.5), "turn": -2e-4},
    ],
)
def test_flux_and_place_survive(order, difference):
    image, wcs, reference, x, y = two_bands(**difference)
    plane = align_band(image, wcs, reference, SHAPE, HOW | {"order": order})
    flux, at_x, at_y = measured(plane.image, x, y)
    assert plane.method == "spline"
    assert plane.error_px < 0.01
    # The goal. A drawn source loses 1e-7 of its flux outside the box.
    assert np.sqrt(np.mean((flux / 1000 - 1) ** 2)) < 2.5e-4
    assert np.hypot(at_x - x, at_y - y).max() < 0.01


def test_quintic_spline_keeps_peaks():
    image, wcs, reference, x, y = two_bands(shift=(3.5, 6.5))
    plane = align_band(image, wcs, reference, SHAPE, HOW)
    wanted = draw(x, y)
    # 0.2 % of the peak is what order 5 gives at the worst phase; linear interpolation loses 12 %.
    assert np.nanmax(np.abs(plane.image - wanted)) < 0.003 * wanted.max()


def test_spline_agrees_with_scipy():
    image = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=SHAPE), 1.5).astype("f4")
    x0, xx, xy, y0, yx, yy = 3.9, 1.0004, 1.2e-4, -7.6, -3e-4, 0.9998
    mapped = fit_map(lambda x, y: (x0 + xx * x + xy * y, y0 + yx * x + yy * y), SHAPE)
    for order in (3, 5):
        wanted = (xx * yy - xy * yx) * ndimage.affine_transform(
            image.astype(float), [[yy, yx], [xy, xx]], [y0, x0], order=order, cval=np.nan
        )
        ours = resample(image, mapped, SHAPE, order)
        assert (np.isnan(ours) == np.isnan(wanted)).all()
        # float32 arithmetic, and the mirror condition taken at 40 instead of all pixels
        assert np.nanmax(np.abs(ours - wanted)) < 2e-4 * image.std()


def test_coefficients_interpolate():
    image = np.random.default_rng(2).normal(size=(60, 50)).astype("f4")
    for order, weights in ((3, [1, 4, 1]), (5, [1, 26, 66, 26, 1])):
        for axis in (0, 1):
            c = coefficients(image, axis, order)
            back = ndimage.correlate1d(c, np.array(weights) / sum(weights), axis, mode="mirror")
            np.testing.assert_allclose(back, image, atol=2e-5)


@settings(max_examples=25, deadline=None)
@given(st.floats(-14, 14), st.floats(-14, 14), st.floats(-8e-4, 8e-4))
def test_nan_exactly_outside_the_footprint(dx, dy, turn):
    wcs, reference = tangent((dx, dy), turn), tangent()
    plane = align_band(np.ones(SHAPE, np.float32), wcs, reference, SHAPE, HOW)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    x, y = through_sky(wcs, reference)(x, y)
    depth = np.minimum.reduce([x, SHAPE[1] - 1 - x, y, SHAPE[0] - 1 - y])
    sure = np.abs(depth) > 1e-6  # a pixel on the very edge may fall either way
    assert (np.isnan(plane.image) == (depth < 0))[sure].all()
    np.testing.assert_allclose(plane.image[np.isfinite(plane.image)], 1, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.integers(-6, 6), st.integers(-6, 6))
def test_whole_pixel_shifts_are_slices(dx, dy):
    image = np.random.default_rng(3).normal(size=SHAPE).astype("f4")
    out = align_band(image, tangent((dx, dy)), tangent(), SHAPE, HOW).image
    inner = slice(10, -10)
    moved = np.roll(image, (-dy, -dx), (0, 1))
    np.testing.assert_allclose(out[inner, inner], moved[inner, inner], atol=2e-3)


def test_bad_pixels_do_not_ring():
    image, wcs, reference, *_ = two_bands(shift=(2.4, 3.6))
    whole = align_band(image, wcs, reference, SHAPE, HOW).image
    hurt = image.copy()
    hurt[100:103, 120:124], hurt[:, 200] = np.nan, np.inf
    out = align_band(hurt, wcs, reference, SHAPE, HOW).image
    lost = np.isnan(out) & np.isfinite(whole)
    assert lost.any() and lost.mean() < 0.06
    assert np.nanmax(np.abs(out - whole)) < 0.01 * image.max()


def test_a_band_of_nothing_but_nan_is_refused():
    with pytest.raises(FewskyError, match="no finite pixel"):
        align_band(np.full(SHAPE, np.nan), tangent(), tangent(), SHAPE, HOW)


def distorted(strength):
    """A projection with a distortion that no cubic follows."""
    wcs = tangent()
    wcs.wcs.ctype = ["RA---TAN-SIP", "DEC--TAN-SIP"]
    header = wcs.to_header(relax=True)
    header.update({"A_ORDER": 5, "B_ORDER": 5, "A_5_0": strength, "B_0_5": strength})
    return WCS(header)


def test_reproject_where_the_fast_map_cannot_follow():
    wcs, reference = distorted(1e-11), tangent()
    x, y = positions_of_sources()
    image = draw(*wcs.all_world2pix(*reference.all_pix2world(x, y, 0), 0))
    plane = align_band(image, wcs, reference, SHAPE, HOW)
    flux, at_x, at_y = measured(plane.image, x, y)
    assert plane.method == "reproject"
    assert np.sqrt(np.mean((flux / 1000 - 1) ** 2)) < 2.5e-4
    assert np.hypot(at_x - x, at_y - y).max() < 0.01
    with pytest.raises(FewskyError, match=r"method spline.*found 0\.\d+ px"):
        align_band(image, wcs, reference, SHAPE, HOW | {"method": "spline"})


def test_both_methods_agree():
    image, wcs, reference, *_ = two_bands(shift=(3.3, -6.8), turn=3e-4, stretch=0.9996)
    fast, slow = (
        align_band(image, wcs, reference, SHAPE, {"method": m, "order": 3, "max_error_px": 0.01})
        for m in ("spline", "reproject")
    )
    inner = slice(20, -20)
    # the same cubic spline: they differ by arithmetic and by how the area is taken
    np.testing.assert_allclose(fast.image[inner, inner], slow.image[inner, inner], atol=2e-3)


def test_another_scale_goes_to_reproject_and_keeps_flux():
    image, wcs, reference, x, y = two_bands(stretch=0.9)
    plane = align_band(image, wcs, reference, SHAPE, HOW)
    flux, *_ = measured(plane.image, x, y)
    assert plane.method == "reproject"
    assert np.sqrt(np.mean((flux / 1000 - 1) ** 2)) < 2.5e-4


def a_frame(wcs, x, y, flux, rng, band="g", fwhm=3.4, noise=0.03):
    image = sum(draw([a], [b], f, fwhm) for a, b, f in zip(x, y, flux, strict=True))
    image = image + rng.normal(0, noise, SHAPE).astype("f4")
    return Frame(image.astype("f4"), wcs, fits.Header(), Field(1, 1, 1), band, False)


def starry(rng, off=(0.0, 0.0), **difference):
    """A reference frame of 42 stars and another band whose stars lie `off` from its WCS."""
    reference, wcs = tangent(), tangent(**difference)
    x, y = positions_of_sources(step=33)
    flux = rng.uniform(20, 80, len(x))
    there = through_sky(wcs, reference)(x, y)
    return (a_frame(reference, x, y, flux, rng, "r"),
            a_frame(wcs, there[0] + off[0], there[1] + off[1], flux * 0.7, rng))  # fmt: skip


def test_stars_sharpen_and_say_where_the_wcs_is_off():
    reference, frame = starry(np.random.default_rng(7), off=(0.16, -0.09), shift=(3.2, 9.4))
    band = align_to(reference, frame, reference_stars(reference), HOW, "g")
    before, after = band.before.row("g", "before"), band.after.row("g", "after")
    assert before["n"] >= 30
    assert before["scatter_px"] == pytest.approx(np.hypot(3.36, 9.31), abs=0.05)
    # 0.18 px by the WCS alone; what is left is the centroids' own noise.
    assert band.shift_px == pytest.approx(np.hypot(0.16, 0.09), abs=0.02)
    assert after["scatter_px"] < 0.04
    assert band.psf_fwhm == pytest.approx(3.4 * 0.396, rel=0.05)
    assert band.noise == pytest.approx(0.03, rel=0.1)


def test_a_right_wcs_is_left_alone():
    reference, frame = starry(np.random.default_rng(8), shift=(-2.7, 5.1), turn=3e-4)
    band = align_to(reference, frame, reference_stars(reference), HOW, "g")
    assert band.shift_px == 0
    assert band.after.row("g", "after")["scatter_px"] < 0.04


@pytest.mark.parametrize(
    "spoil, line",
    [
        ({"crval": [31.0, 5.0]}, "overlaps the reference band's; found 0 %|found 0%"),
        ({"crpix": [145.0, 121.5]}, r"px off|found \d+\. Check its WCS"),
    ],
)
def test_a_wrong_wcs_is_one_line(spoil, line):
    reference, frame = starry(np.random.default_rng(9))
    for name, value in spoil.items():
        setattr(frame.wcs.wcs, name, value)
    with pytest.raises(FewskyError, match=line) as caught:
        align_to(reference, frame, reference_stars(reference), HOW, "frame-g-000001-1-0001.fits")
    assert "frame-g-000001-1-0001.fits" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bands_of_different_shape_are_one_line():
    reference, frame = starry(np.random.default_rng(10))
    with pytest.raises(FewskyError, match=r"wanted 240 x 280 pixels .* found 200 x 280"):
        align_to(reference, frame._replace(image=frame.image[:200]), None, HOW, "g")


def test_a_field_without_stars_is_aligned_by_its_wcs():
    rng = np.random.default_rng(11)
    empty = rng.normal(0, 1, (2, *SHAPE)).astype("f4")
    frames = [Frame(image, tangent((k, 0)), fits.Header(), Field(1, 1, 1), "g", False)
              for k, image in enumerate(empty)]  # fmt: skip
    band = align_to(*frames, reference_stars(frames[0]), HOW, "g")
    assert band.shift_px == 0
    assert band.before.row("g", "before")["n"] == 0
    assert np.isnan(band.psf_fwhm)


TABLE = {
    "A": 40.0, "B": 1.1e-4, "C": 3e-9, "D": 0.2, "E": -5e-9, "F": 1.1e-4,
    "NODE": 95.0, "INCL": 20.0, "DROW0": 0.03, "DROW1": 1e-5, "DROW2": 2e-8, "DROW3": -1e-11,
    "DCOL0": -0.15, "DCOL1": 7e-4, "DCOL2": -8e-7, "DCOL3": 2.5e-10,
    "CSROW": 0.01, "CSCOL": 0.003, "CCROW": 0.04, "CCCOL": 0.009, "RICUT": 3.0,
}  # fmt: skip


def astrometry(band="u", **changes):
    values = TABLE | changes
    kinds = [(name, "f8") for name in values]
    return read_astrometry(fits.FITS_rec.from_columns(fits.ColDefs(
        np.array([tuple(values.values())], dtype=kinds))), band)  # fmt: skip


@given(st.floats(0, 2047), st.floats(0, 1488))
def test_astrometry_goes_there_and_back(x, y):
    table = astrometry()
    back = table.to_pixel(*table.to_sky(np.array([x]), np.array([y])))
    np.testing.assert_allclose(np.ravel(back), [x, y], atol=1e-6)


def test_astrometry_by_hand():
    """One pixel worked out from the archive's formulas, step by step."""
    ra, dec = astrometry(INCL=0.0, NODE=0.0).to_sky(np.array([99.5]), np.array([9.5]))
    row = 10 + 0.03 + 1e-5 * 100 + 2e-8 * 1e4 - 1e-11 * 1e6 + 0.01 * 1.6
    column = 100 - 0.15 + 7e-4 * 100 - 8e-7 * 1e4 + 2.5e-10 * 1e6 + 0.003 * 1.6
    assert ra[0] == pytest.approx(40 + 1.1e-4 * row + 3e-9 * column, abs=1e-9)
    assert dec[0] == pytest.approx(0.2 - 5e-9 * row + 1.1e-4 * column, abs=1e-9)


def test_a_table_that_contradicts_its_header_is_one_line():
    reference, frame = starry(np.random.default_rng(12))
    frame = types.SimpleNamespace(**frame._asdict() | {"astrometry": astrometry()})
    with pytest.raises(FewskyError, match=r"^g: wanted header and astrometric table to agree"):
        align_to(reference, frame, None, HOW, "g")


def test_no_astrometry_in_a_table_of_zeros():
    assert astrometry(B=0.0, C=0.0, E=0.0, F=0.0) is None
    assert read_astrometry(None, "r") is None


def write_store(store, seed=1, **changes):
    """Two bands of field 1-1-1 as the archive keeps them; returns the shard's list."""
    frames = dict(zip("rg", starry(np.random.default_rng(seed), shift=(2.2, 6.4)), strict=True))
    rows = []
    for band, frame in frames.items():
        header = frame.wcs.to_header()
        header.update(BUNIT="nanomaggy", RUN=1, CAMCOL=1, FILTER=band)
        path = store / f"frame-{band}-000001-1-0001.fits"
        others = [fits.ImageHDU(np.zeros(4)) for _ in range(3)]
        image = changes.get(band, frame.image)
        fits.HDUList([fits.PrimaryHDU(image, header), *others]).writeto(path)
        rows.append({"kind": "frame", "field": "1-1-1", "band": band, "path": path.name,
                     "sha256": sha256(path)})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def store(tmp_path):
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def test_a_shard_on_disk(store, tmp_path):
    raw = write_store(store)
    table = align_shard(raw, store, tmp_path / "out", SURVEY, "code")
    with fits.open(tmp_path / "out" / table["path"][0]) as hdus:
        cube, header = hdus[0].data, hdus[0].header
    assert cube.shape == (2, *SHAPE) and cube.dtype == ">f4"
    assert header["BUNIT"] == "nanomaggy" and header["BANDS"] == "gr"
    assert (header["RUN"], header["CAMCOL"], header["FIELD"]) == (1, 1, 1)
    assert [header["IN00"], header["IN01"]] == raw["sha256"].tolist()
    assert not [name for name in header if name.startswith("DATE")]
    np.testing.assert_array_equal(cube[1], fits.getdata(store / "frame-r-000001-1-0001.fits"))
    assert np.isnan(cube[0][-5:]).all() and np.isfinite(cube[0][:-8, :-4]).all()
    sky = WCS(header).celestial.all_pix2world(30, 40, 0)
    np.testing.assert_allclose(sky, tangent().all_pix2world(30, 40, 0), atol=1e-9)
    assert table["sha256"][0] == sha256(tmp_path / "out" / table["path"][0])
    sharp = shard_sharpness(table, tmp_path / "out").set_index("stage")
    assert sharp.loc["before", "scatter_px"] > 6 and sharp.loc["after", "scatter_px"] < 0.04


def test_a_finished_field_is_kept_and_a_changed_one_made_again(store, tmp_path, capsys):
    raw = write_store(store)
    first = align_shard(raw, store, tmp_path / "out", SURVEY, "code")
    path = tmp_path / "out" / first["path"][0]
    made = path.stat().st_mtime_ns
    again = align_shard(raw, store, tmp_path / "out", SURVEY, "code")
    assert path.stat().st_mtime_ns == made and "kept" in capsys.readouterr().out
    pd.testing.assert_frame_equal(first, again)
    other = align_shard(raw, store, tmp_path / "other", SURVEY, "code")
    assert other["sha256"][0] == first["sha256"][0]
    align_shard(raw, store, tmp_path / "out", SURVEY, "new code")
    assert path.stat().st_mtime_ns != made
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name]


def test_a_missing_band_is_one_line(store, tmp_path):
    raw = write_store(store)
    with pytest.raises(FewskyError, match=r"field 1-1-1: wanted bands g, r; found no frame of g"):
        align_shard(raw[raw["band"] == "r"], store, tmp_path / "out", SURVEY, "code")
    assert not list((tmp_path / "out").rglob("*"))


@pytest.mark.real
@pytest.mark.parametrize("name", FIELDS)
def test_real_bands_sharpen(name, tmp_path):
    run, camcol, field = map(int, name.split("-"))
    paths = {
        band: f"{FRAMES}/{run}/{camcol}/frame-{band}-{run:06d}-{camcol}-{field:04d}.fits.bz2"
        for band in "ugriz"
    }
    raw = pd.DataFrame(
        {"kind": "frame", "field": name, "band": band, "path": path, "sha256": ""}
        for band, path in paths.items()
    )
    survey = SURVEY | {"bands": list("ugriz")}
    table = align_shard(raw, SHARED, tmp_path, survey, "code")
    sharp = shard_sharpness(table, tmp_path).set_index(["band", "stage"])["scatter_px"].unstack()
    assert (sharp["before"] > 2).all()
    assert (sharp["after"] < 0.1).all()
    assert table["method"][0] == "spline" and table["geometry_error_px"][0] < 0.001
    with fits.open(tmp_path / table["path"][0]) as hdus:
        lost = np.isnan(hdus[0].data).mean(axis=(1, 2))
    # Bands start up to 14 rows and 5 columns apart.
    assert lost[2] == 0 and (lost < 0.015).all()
