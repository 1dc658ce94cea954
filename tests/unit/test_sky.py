"""The demo sky: it reads as the archive's files, and what is measured on it is true."""

import bz2
from pathlib import Path

import fitsio
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from fewsky.console import FewskyError
from fewsky.files import sha256
from fewsky.sky import paint, population, profiles, scan
from fewsky.sky.catalogue import object_id
from fewsky.sky.columns import PHOTOOBJ
from fewsky.sky.detect import shifted
from fewsky.sky.photo import psf_stars
from fewsky.sky.sdss import ARCHIVE, simulate_run

REAL = Path(__file__).resolve().parents[3] / "shared/mirror" / ARCHIVE
SETTINGS = {
    "rows": 520, "columns": 480, "overlap_rows": 128, "pixel_arcsec": 0.396,
    "stars_per_mpix": 260.0, "galaxies_per_mpix": 300.0, "faintest_mag": 23.2,
    "companion_share": 0.05, "bright_star_mag": 11.5, "psf_beta": 3.5, "psf_ellipticity": 0.02,
    "seeing_drift": 0.03,
}  # fmt: skip
RUN = {
    "run": 8162, "camcol": 6, "fields": [80, 81, 103], "ra_start": 325.0, "dec": 27.0,
    "psf_fwhm": {"u": 1.5, "g": 1.4, "r": 1.3, "i": 1.25, "z": 1.25},
    "noise": {"u": 0.045, "g": 0.0185, "r": 0.0305, "i": 0.0515, "z": 0.19},
    "depth": 1.0, "ebv": 0.05, "star_factor": 1.0, "galaxy_factor": 1.0, "size_factor": 1.0,
}  # fmt: skip
SMALL = {**SETTINGS, "rows": 256, "columns": 128}
SEED = 7


@pytest.fixture(scope="module")
def sky(tmp_path_factory):
    """A mirror with two adjacent fields and one apart, its list and its truth."""
    mirror = tmp_path_factory.mktemp("sky")
    files, truth = simulate_run(SETTINGS, RUN, mirror, seed=SEED)
    return mirror, files, truth


def frame(mirror, band, field):
    path = f"photoObj/frames/301/8162/6/frame-{band}-008162-6-{field:04d}.fits.bz2"
    return mirror / ARCHIVE / path


def objects(mirror, field):
    path = mirror / ARCHIVE / f"photoObj/301/8162/6/photoObj-008162-6-{field:04d}.fits"
    return np.array(fits.getdata(path, 1))


def sweep(mirror, kind):
    path = mirror / ARCHIVE / f"sweeps/dr13_final/301/calibObj-008162-6-{kind}.fits.gz"
    return np.array(fits.getdata(path, 1))


def matched(sky, modes=(1,)):
    """Catalogue rows beside the brightest true object within 2 px, as one table."""
    mirror, _, truth = sky
    parts = []
    for field in RUN["fields"]:
        table = objects(mirror, field)
        table = table[np.isin(table["MODE"], modes)]
        true = truth[truth["field"] == field].reset_index(drop=True)
        dx = table["OBJC_COLC"][:, None] - 0.5 - true["x"].to_numpy()
        dy = table["OBJC_ROWC"][:, None] - 0.5 - true["y"].to_numpy()
        near = np.hypot(dx, dy) < 2
        best = np.where(near, true["mag_r"].to_numpy(), np.inf).argmin(axis=1)
        rows = np.flatnonzero(near.any(axis=1))
        part = true.loc[best[rows]].reset_index(drop=True)
        part["distance"] = np.hypot(dx, dy)[rows, best[rows]]
        part["objc_type"] = table["OBJC_TYPE"][rows]
        part["flux_ratio"] = list(table["PSFFLUX"][rows] / part[population.FLUXES].to_numpy())
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def test_list_names_every_file_with_its_bytes(sky):
    mirror, files, _ = sky
    written = sorted(str(p.relative_to(mirror)) for p in mirror.rglob("*") if p.is_file())
    assert sorted(files["path"]) == written
    assert len(written) == len(RUN["fields"]) * 6 + 2
    for row in files.itertuples():
        assert (mirror / row.path).stat().st_size == row.bytes
        assert sha256(mirror / row.path) == row.sha256


def test_same_seed_same_bytes_another_seed_others(tmp_path):
    lists = [
        simulate_run(SMALL, {**RUN, "fields": [5]}, tmp_path / str(k), seed=seed)
        for k, seed in enumerate((1, 1, 2))
    ]
    pd.testing.assert_frame_equal(lists[0][0], lists[1][0])
    pd.testing.assert_frame_equal(lists[0][1], lists[1][1])
    assert not set(lists[0][0]["sha256"]) & set(lists[2][0]["sha256"])


def test_frames_of_a_field_do_not_depend_on_its_neighbours(tmp_path):
    alone, _ = simulate_run(SMALL, {**RUN, "fields": [6]}, tmp_path / "a", seed=1)
    among, _ = simulate_run(SMALL, {**RUN, "fields": [5, 6]}, tmp_path / "b", seed=1)
    frames = alone[alone["path"].str.contains("frame-")]
    assert set(frames["sha256"]) <= set(among["sha256"])


def test_adjacent_fields_share_their_overlap(sky):
    mirror, _, truth = sky
    overlap = SETTINGS["overlap_rows"]
    for band in "ugriz":
        lower, upper = (fits.getdata(frame(mirror, band, field)) for field in (80, 81))
        np.testing.assert_array_equal(lower[-overlap:], upper[:overlap])
        assert (lower[:overlap] != upper[:overlap]).mean() > 0.99
    both = truth[truth["field"] == 80].merge(truth[truth["field"] == 81], on="truth_id")
    assert len(both) > 10
    step = SETTINGS["rows"] - overlap
    np.testing.assert_allclose(both["y_x"] - both["y_y"], step, atol=1e-6)
    np.testing.assert_array_equal(both["ra_x"], both["ra_y"])


def test_frame_reads_as_the_archive_s(sky):
    mirror = sky[0]
    drift = {"r": 0, "i": 2, "u": 4, "z": 6, "g": 8}
    for band in "ugriz":
        with fits.open(frame(mirror, band, 80)) as hdus:
            hdus.verify("exception")
            header = hdus[0].header
            assert header["BITPIX"] == -32 and hdus[0].data.shape == (520, 480)
            assert hdus[1].data.shape == (480,)
            assert hdus[2].data["XINTERP"].shape == (1, 480)
            assert hdus[3].data["FIELD"][0] == 80
            assert header["FRAME"] == 80 + drift[band] and header["FILTER"] == band
            assert (header["RUN"], header["CAMCOL"], header["RERUN"]) == (8162, 6, "301")
            assert header["SIMULATE"] is True and header["BUNIT"] == "nanomaggy"
            assert np.median(hdus[1].data) == pytest.approx(header["NMGY"], rel=0.01)
            # Sky within the table, and no more than the archive's ten binary digits.
            assert hdus[2].data["YINTERP"].max() < hdus[2].data["ALLSKY"].shape[1]
            assert not (hdus[0].data.astype("<f4").view("<u4") & 0x1FFF).any()


def test_fitsio_reads_frames_and_catalogues(sky, tmp_path):
    mirror = sky[0]
    plain = tmp_path / "frame.fits"
    plain.write_bytes(bz2.decompress(frame(mirror, "g", 80).read_bytes()))
    np.testing.assert_array_equal(fitsio.read(plain), fits.getdata(frame(mirror, "g", 80)))
    path = mirror / ARCHIVE / "sweeps/dr13_final/301/calibObj-008162-6-gal.fits.gz"
    assert set(fitsio.read(path, ext=1)["OBJC_TYPE"]) == {3}


def test_wcs_places_the_truth_in_every_band(sky):
    """0.002 px: TAN against the great circle, 5e-4 px at the corners of a real frame."""
    mirror, _, truth = sky
    true = truth[truth["field"] == 80]
    made = scan.make_scan(SETTINGS, RUN, SEED)
    for band in "ugriz":
        wcs = WCS(fits.getheader(frame(mirror, band, 80)))
        x, y = wcs.all_world2pix(true["ra"], true["dec"], 0)
        there = scan.to_band(made, made.bands[band], true["x"], true["y"])
        assert np.hypot(x - there[0], y - there[1]).max() < 0.002
        shift = np.median(y - true["y"])
        assert 0 <= shift <= 14.5 and (band == "r" or shift > 1)
        assert np.abs(np.median(x - true["x"])) <= 5.5


def test_wcs_holds_over_a_real_frame():
    made = scan.make_scan({**SETTINGS, "rows": 1489, "columns": 2048}, RUN, SEED)
    cards = scan.wcs_cards(made, made.bands["g"], 80)
    wcs = WCS({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", **cards})
    x, y = np.meshgrid(np.linspace(0, 2047, 9), np.linspace(0, 1488, 9))
    ra, dec = scan.sky(made, made.bands["g"], x, y + 80 * made.step)
    back = wcs.all_world2pix(ra, dec, 0)
    assert np.hypot(back[0] - x, back[1] - y).max() < 0.002
    # RA grows along the rows, by a pixel each.
    assert cards["CD1_2"] == pytest.approx(0.396 / 3600, rel=0.01)
    assert cards["CD2_1"] == pytest.approx(0.396 / 3600, rel=0.01)


def test_astrometry_table_gives_the_same_great_circle(sky):
    mirror = sky[0]
    made = scan.make_scan(SETTINGS, RUN, SEED)
    row = fits.getdata(frame(mirror, "z", 81), 3)[0]
    mu = row["A"] + row["B"] * 100.5 + row["C"] * 20.5
    nu = row["D"] + row["E"] * 100.5 + row["F"] * 20.5
    there = scan.great_circle(made, made.bands["z"], 20.0, 100.0 + 81 * made.step)
    assert (mu, nu) == pytest.approx(there, abs=1e-9)


def test_bright_lone_objects_are_placed_within_a_twentieth_of_a_pixel(sky):
    table = matched(sky)
    stars = table[~table["is_blend"] & (table["true_class"] == "star")]
    stars = stars[stars["mag_r"].between(14, 18.5)]
    assert len(stars) > 20
    assert stars["distance"].quantile(0.95) < 0.05


def test_catalogue_positions_agree_with_the_wcs(sky):
    """photo counts a pixel's centre as one half; single-precision columns hold 1e-4 px."""
    mirror = sky[0]
    table = objects(mirror, 81)
    wcs = WCS(fits.getheader(frame(mirror, "r", 81)))
    x, y = wcs.all_world2pix(table["RA"], table["DEC"], 0)
    np.testing.assert_allclose(x, table["OBJC_COLC"] - 0.5, atol=0.003)
    np.testing.assert_allclose(y, table["OBJC_ROWC"] - 0.5, atol=0.003)


def test_psf_fluxes_of_bright_stars(sky):
    """The PSF drifts by 3 % from field to field and is measured as one round mean."""
    table = matched(sky)
    stars = table[~table["is_blend"] & (table["true_class"] == "star")]
    stars = stars[stars["mag_r"].between(16, 19) & (stars["objc_type"] == 6)]
    ratio = np.stack(stars["flux_ratio"])
    assert np.abs(np.median(ratio[:, 1:4], axis=0) - 1).max() < 0.03
    assert (np.abs(ratio[:, 2] - 1) < 0.1).mean() > 0.9


def test_classes_agree_with_the_truth_and_get_worse_with_magnitude(sky):
    table = matched(sky)
    right = (table["objc_type"] == 6) == (table["true_class"] == "star")
    bright, faint = table["mag_r"] < 20.5, table["mag_r"] > 21.8
    assert bright.sum() > 60 and right[bright].mean() > 0.93
    assert faint.sum() > 50 and 0.5 < right[faint].mean() < right[bright].mean() - 0.1


def test_most_objects_are_found_and_few_are_invented(sky):
    mirror, _, truth = sky
    place = truth[["x", "y", "mag_r"]].to_numpy()
    gap = np.hypot(*(place[:, None, :2] - place[:, :2]).transpose(2, 0, 1))
    brighter = (truth["field"].to_numpy()[:, None] == truth["field"].to_numpy()) & (
        place[:, 2] < place[:, 2:]
    )
    # Around the saturated star, and in the wings of brighter objects, some are lost, as in photo.
    alone = np.where(brighter, gap - 60 * (place[:, 2] < 13), np.inf).min(axis=1) > 12
    inside = truth["y"].between(70, 450) & truth["x"].between(10, 470)
    lone = truth[inside & alone & truth["mag_r"].between(15, 21.5)]
    found = matched(sky, modes=(1, 2))
    keys = ["field", "truth_id"]
    assert len(lone.merge(found[keys].drop_duplicates(), on=keys)) / len(lone) > 0.95
    total = sum((objects(mirror, field)["MODE"] <= 2).sum() for field in RUN["fields"])
    assert len(found) / total > 0.95


def test_each_object_is_primary_once(sky):
    mirror = sky[0]
    lower, upper = objects(mirror, 80), objects(mirror, 81)
    primaries = np.concatenate([objects(mirror, f) for f in RUN["fields"]])
    primaries = primaries[primaries["MODE"] == 1]
    assert len(np.unique(primaries["THING_ID"])) == len(primaries)
    assert (primaries["RESOLVE_STATUS"] & 0x100 > 0).all() and (primaries["NCHILD"] == 0).all()
    double = matched(sky).query("field in (80, 81) and mag_r < 21 and not is_blend")
    assert double["truth_id"].is_unique
    named = set(upper["THING_ID"][upper["MODE"] == 1])
    again = lower[(lower["MODE"] == 2) & (lower["OBJC_ROWC"] > 260) & (lower["THING_ID"] > 0)]
    assert len(again) > 3 and set(again["THING_ID"]) <= named
    assert (again["RESOLVE_STATUS"] & 0x100 == 0).all()
    place = {row["THING_ID"]: (row["RA"], row["DEC"]) for row in upper if row["MODE"] == 1}
    gap = [np.subtract(place[row["THING_ID"]], (row["RA"], row["DEC"])) for row in again]
    assert np.abs(gap).max() * 3600 < 1.0


def test_parents_come_before_their_children(sky):
    table = objects(sky[0], 80)
    parents = np.flatnonzero(table["NCHILD"] > 0)
    assert len(parents) > 0
    for row in parents:
        children = table["PARENT"] == table["ID"][row]
        assert children.sum() == table["NCHILD"][row]
        assert np.flatnonzero(children)[0] == row + 1
        assert set(table["PARENTID"][children]) == {table["OBJID"][row]}
        assert table["MODE"][row] == 3


def test_sweeps_hold_what_their_selection_says(sky):
    mirror = sky[0]
    rows = np.concatenate([objects(mirror, field) for field in RUN["fields"]])
    rows = rows[rows["MODE"] == 1]
    cases = [
        ("star", 6, "PSFFLUX", [22.5, 22.5, 22.5, 22.0, 21.5]),
        ("gal", 3, "MODELFLUX", [21.0, 22.0, 22.0, 20.5, 20.1]),
    ]
    for kind, number, column, limits in cases:
        flux = np.maximum(rows[column], 1e-9)
        mag = 22.5 - 2.5 * np.log10(flux) - rows["EXTINCTION"]
        expected = (rows["OBJC_TYPE"] == number) & (mag < limits).any(axis=1)
        table = sweep(mirror, kind)
        assert 20 < len(table) < (rows["OBJC_TYPE"] == number).sum()
        np.testing.assert_array_equal(table["THING_ID"], rows["THING_ID"][expected])
        np.testing.assert_array_equal(table[column], rows[column][expected])
    star, gal = (sweep(mirror, kind).dtype.names for kind in ("star", "gal"))
    assert star.index("RA") != gal.index("RA")


def test_sizes_and_values_are_finite_and_sound(sky):
    table = objects(sky[0], 80)
    for name in table.dtype.names:
        if table[name].dtype.kind == "f":
            assert np.isfinite(table[name]).all(), name
    known = (table["PETROTH50"][:, 2] > 0) & (table["MODE"] == 1)
    assert known.mean() > 0.5
    assert (table["PETROTH90"][known, 2] >= table["PETROTH50"][known, 2]).all()
    stars = known & (table["OBJC_TYPE"] == 6) & (table["PSFMAG"][:, 2] < 20)
    # A star's half-light radius is that of the PSF, 0.6 FWHM of this Moffat.
    half = np.median(table["PETROTH50"][stars, 2])
    assert half == pytest.approx(0.6 * np.median(table["PSF_FWHM"][:, 2]), rel=0.1)
    ratio = 10 ** (-0.4 * (table["PSFMAG"] - 22.5)) / table["PSFFLUX"]
    assert np.median(ratio[table["PSFFLUX"] > 20]) == pytest.approx(1, abs=0.01)


def test_runs_differ_in_seeing_and_depth(tmp_path):
    other = {**RUN, "run": 4510, "fields": [30], "depth": 0.5}
    other["psf_fwhm"] = {band: 1.8 for band in "ugriz"}
    other_settings = {**SETTINGS, "rows": 400, "columns": 400, "bright_star_mag": 15.0}
    tables = {}
    for run in ({**RUN, "fields": [30]}, other):
        simulate_run(other_settings, run, tmp_path, seed=SEED)
        folder = tmp_path / ARCHIVE / "photoObj"
        name = f"{run['run']:06d}-{run['camcol']}-0030"
        image = fits.getdata(folder / f"frames/301/{run['run']}/6/frame-r-{name}.fits.bz2")
        noise = 1.4826 * np.median(np.abs(image - np.median(image)))
        catalogue = fits.getdata(folder / f"301/{run['run']}/6/photoObj-{name}.fits", 1)
        tables[run["run"]] = noise, catalogue["PSF_FWHM"][0, 2]
    # The seen width is that of the PSF in square pixels, and drifts by 3 %.
    assert tables[8162] == pytest.approx((0.0305, 1.34), rel=0.1)
    assert tables[4510] == pytest.approx((0.0305 * np.sqrt(2), 1.83), rel=0.1)


def test_pixels_fill_up_and_spill_along_their_column():
    stamp = np.zeros((41, 5))
    stamp[20, 2], stamp[19, 2], stamp[20, 1] = 1000.0, 50.0, 80.0
    total = stamp.sum()
    spilt = paint.bleed(stamp.copy(), 100.0)
    assert spilt.max() == 100.0 and spilt.sum() == pytest.approx(total)
    assert spilt[20, 1] == 80.0 and (spilt[16:25, 2] == 100.0).all()


def test_truncation_keeps_ten_binary_digits():
    values = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-3, 7).repeat(100)
    assert np.abs(paint.truncated(values) / values - 1).max() < 2**-11 * 1.01


def test_counts_rise_to_the_faint():
    rng = np.random.default_rng(0)
    for kind, slope in population.SLOPE.items():
        mag = population.magnitudes(rng, 20000, kind, 23.0)
        assert population.BRIGHTEST[kind] <= mag.min() and mag.max() <= 23.0
        counts, _ = np.histogram(mag, np.arange(19, 23.5, 1))
        steps = np.diff(np.log10(counts))
        np.testing.assert_allclose(steps, slope, atol=0.1)


def test_half_light_radius_is_that_of_the_drawn_galaxy():
    """GalSim's own profile, face-on; the bulge is cut at eight radii when drawn: 3 %."""
    galaxy = pd.Series(
        {"bulge": 0.4, "bulge_radius": 0.7, "disc_radius": 1.5, "axis_ratio": 1.0, "angle": 0.0}
    )
    image = (
        paint.galaxy_profile(galaxy, 1.0)
        .drawImage(nx=801, ny=801, scale=0.05, method="no_pixel")
        .array
    )
    y, x = np.mgrid[-400:401, -400:401] * 0.05
    radius = population.half_light(0.4, 0.7, 1.5)
    # Samples of the bulge's cusp say nothing, so the light outside is summed.
    assert image[np.hypot(x, y) > radius].sum() == pytest.approx(0.5, rel=0.03)


def test_mixtures_hold_the_light_of_their_profiles():
    """Half the light within one effective radius, to 3 %: the profiles are cut far out."""
    for kind in profiles.KINDS:
        weights, sigmas = profiles.unit_mixture(kind)
        assert weights @ (1 - np.exp(-0.5 / sigmas**2)) == pytest.approx(0.5, abs=0.03)


@given(st.integers(-9, 9), st.integers(-9, 9))
@settings(max_examples=30, deadline=None)
def test_shifts_move_pixels_and_bring_in_nothing(dx, dy):
    image = np.arange(1.0, 301.0).reshape(15, 20)
    moved = shifted(image, dx, dy)
    assert moved.sum() == np.roll(image, (dy, dx), (0, 1))[moved > 0].sum()
    assert (moved > 0).sum() == (15 - abs(dy)) * (20 - abs(dx))


def test_no_star_no_psf_star():
    nothing = pd.DataFrame({name: np.zeros(0) for name in ("x", "y", "parent", "children")})
    assert len(psf_stars(np.zeros((100, 100)), 1.0, 1e3, nothing)) == 0


def test_object_ids_are_the_archive_s():
    made = scan.make_scan(SETTINGS, {**RUN, "run": 94, "camcol": 1}, SEED)
    assert object_id(made, 12, 500)[0] == b"1237645876861338100"


def test_impossible_frames_are_refused(tmp_path):
    with pytest.raises(FewskyError, match="twice the overlap"):
        simulate_run({**SETTINGS, "rows": 200}, RUN, tmp_path, seed=1)
    with pytest.raises(FewskyError, match="each once"):
        simulate_run(SETTINGS, {**RUN, "fields": [3, 3]}, tmp_path, seed=1)
    assert not list(tmp_path.rglob("*"))


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/mirror")
def test_columns_are_those_of_the_real_files(sky):
    mirror = sky[0]
    pairs = [
        ("photoObj/301/3900/6/photoObj-003900-6-0269.fits", objects(mirror, 80).dtype),
        ("sweeps/dr13_final/301/calibObj-004510-4-star.fits.gz", sweep(mirror, "star").dtype),
    ]
    for path, ours in pairs:
        real = np.array(fits.getdata(REAL / path, 1)).dtype
        assert [name for name in real.names if name in ours.names] == list(ours.names)
        for name in ours.names:
            assert ours[name].shape == real[name].shape, name
            assert ours[name].base.kind == real[name].base.kind, name
            assert ours[name].base.itemsize == real[name].base.itemsize, name
    assert len(PHOTOOBJ) > 45


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/mirror")
def test_frame_has_the_real_structure(sky):
    real = fits.open(REAL / "photoObj/frames/301/94/1/frame-u-000094-1-0012.fits.bz2")
    ours = fits.open(frame(sky[0], "u", 80))
    assert [type(hdu) for hdu in real] == [type(hdu) for hdu in ours]
    for index in (2, 3):
        assert real[index].columns.names == ours[index].columns.names
    assert real[3].columns.formats == ours[3].columns.formats
    missing = {"RUN", "FRAME", "FILTER", "CAMCOL", "CRVAL1", "CD1_2", "NMGY", "RERUN", "EQUINOX"}
    assert missing <= set(real[0].header) & set(ours[0].header)
