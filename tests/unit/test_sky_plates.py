"""The demo sky of planetary nebulae: it reads as the archives' files, and it is what it says."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from astropy import units as u
from astropy.coordinates import Angle, SkyCoord
from astropy.io import ascii, fits
from astropy.wcs import WCS

from fewsky.console import FewskyError
from fewsky.files import sha256
from fewsky.sky.emulsion import LARGEST, expose, make_plate
from fewsky.sky.nebulae import cloud, shell
from fewsky.sky.plate_image import neighbourhood
from fewsky.sky.plates import simulate_plates
from fewsky.sky.pnpopulation import MIMICS, entries
from fewsky.surveys.hash import catalogue_files, plate_side_arcmin, plate_url
from fewsky.surveys.hash_catalogue import read_objects

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "schemas/config.schema.yaml").read_text())
KEYS = SCHEMA["$defs"]["sky_hash"]["properties"]
SETTINGS = {name: key["default"] for name, key in KEYS.items()} | {"objects": 30}
SURVEY = {
    "bands": ["i", "r", "b"], "reference_band": "r", "pixel_arcsec": 1.0, "field_arcsec": 64,
    "status": {"true-pn": ["T"], "not-pn": list(MIMICS)}, "undecided": ["L", "P", "c", "s"],
    "table": None,
    "urls": {
        "pnmain": "https://cdsarc.cds.unistra.fr/ftp/V/163/pnmain.dat",
        "readme": "https://cdsarc.cds.unistra.fr/ftp/V/163/ReadMe",
        "plate": "https://www-wfau.roe.ac.uk/sss/cgi-bin/pixel.cgi",
    },
}  # fmt: skip
# A sky with nothing but the objects themselves.
EMPTY = {**SETTINGS, "stars_per_arcmin2": 0, "bright_star_share": 0, "label_noise": 0}
EMPTY |= {"pair_share": 0}
SEED = 11


@pytest.fixture(scope="module")
def sky(tmp_path_factory):
    """A store with a whole simulated survey, its list and its truth."""
    store = tmp_path_factory.mktemp("sky")
    return store, *simulate_plates(SETTINGS, SURVEY, store, seed=SEED)


def plate_path(row, band):
    side = plate_side_arcmin(SURVEY)
    return plate_url(SURVEY["urls"], row.ra, row.dec, side, row.field, band).split("://")[1]


def simulated(folder, seed=SEED, **settings):
    return folder, *simulate_plates({**EMPTY, **settings}, SURVEY, folder, seed=seed)


def plates(store, row):
    """Densities (y, x) and headers of an entry's plates, by band."""
    return {band: fits.getdata(store / plate_path(row, band), header=True) for band in "bri"}


def radii(image):
    y, x = np.indices(image.shape) - (np.array(image.shape) - 1).reshape(2, 1, 1) / 2
    return np.hypot(x, y)


def excess(image, low, high=10):
    """Density from `low` to `high` px off the centre, above the surroundings' median."""
    r = radii(image)
    return image[(r >= low) & (r < high)].mean() - np.median(image[r > 30])


def peak(image, x, y, reach=6):
    """Where the light around a place has its centre, 0-based."""
    rows, columns = np.indices(image.shape)
    near = np.hypot(columns - x, rows - y) < reach
    light = np.where(near, np.maximum(image - np.median(image) - 2000.0, 0), 0)
    return (light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()


def test_list_names_every_file_with_its_bytes(sky):
    store, files, truth = sky
    written = sorted(str(p.relative_to(store)) for p in store.rglob("*") if p.is_file())
    assert sorted(files["path"]) == written
    assert len(written) == 2 + 3 * (truth["label"] != "").sum()
    for row in files.itertuples():
        assert (store / row.path).stat().st_size == row.bytes
        assert sha256(store / row.path) == row.sha256


def test_same_seed_same_bytes_another_seed_others(tmp_path):
    runs = [
        simulate_plates({**SETTINGS, "objects": 6}, SURVEY, tmp_path / str(k), seed=seed)
        for k, seed in enumerate((1, 1, 2))
    ]
    pd.testing.assert_frame_equal(runs[0][0], runs[1][0])
    pd.testing.assert_frame_equal(runs[0][1], runs[1][1])
    ours, others = (set(run[0]["sha256"][:1]) | set(run[0]["sha256"][2:]) for run in runs[1:])
    assert not ours & others


def test_plates_of_an_object_do_not_depend_on_how_many_there_are(tmp_path):
    settings = {**SETTINGS, "pair_share": 1}
    few, _ = simulate_plates({**settings, "objects": 5}, SURVEY, tmp_path / "few", seed=1)
    many, _ = simulate_plates({**settings, "objects": 8}, SURVEY, tmp_path / "many", seed=1)
    assert set(few["sha256"][2:]) <= set(many["sha256"][2:])


def test_plates_read_as_supercosmos(sky):
    store, files, _ = sky
    for path in files["path"][2:]:
        image, header = fits.getdata(store / path, header=True)
        assert (header["BITPIX"], header["SIMULATE"]) == (16, True)
        assert image.shape[0] == image.shape[1] >= 64 * 1.1
        assert image.min() >= 0 and image.max() <= LARGEST
        survey, emulsion = header["SURVEY"], header["EMULSION"]
        band = path.split("/")[-2][-1]
        assert survey.startswith("POSSII") == ("/poss-" in path)
        assert emulsion == {"b": "IIIaJ", "r": "IIIaF", "i": "IVN"}[band]
        assert 1970 < float(header["DATE-OBS"][:4]) < 2003 and header["PLATEID"]
        scale = np.sqrt(abs(np.linalg.det(WCS(header).wcs.cd))) * 3600
        assert scale == pytest.approx(SURVEY["pixel_arcsec"], rel=1e-6)


def test_position_is_the_centre_to_a_pixel(sky):
    store, _, truth = sky
    for row in truth[truth["label"] != ""].itertuples():
        for image, header in plates(store, row).values():
            x, y = WCS(header).all_world2pix(row.ra, row.dec, 0)
            middle = (image.shape[0] - 1) / 2
            # Half a pixel of cutting and some tenths of an arcsec of astrometry.
            assert abs(x - middle) < 1.2 and abs(y - middle) < 1.2


def test_stars_lie_where_the_wcs_says_also_beside_the_centre(tmp_path):
    store, _, truth = simulated(
        tmp_path, objects=16, shares={"T": 1e-9, "Em*": 1.0}, pair_share=1.0
    )
    seen = 0
    for first, second in zip(truth[::2].itertuples(), truth[1::2].itertuples(), strict=True):
        assert first.group == second.group
        for image, header in plates(store, first).values():
            x, y = WCS(header).all_world2pix(second.ra, second.dec, 0)
            if not (8 < x < image.shape[1] - 8 and 8 < y < image.shape[0] - 8):
                continue
            # Off by the astrometry, and by the wings of the other star.
            assert np.hypot(*np.subtract(peak(image, x, y), (x, y))) < 1.0
            seen += 1
    assert seen > 12


def test_neighbours_share_their_plates_pixels(tmp_path):
    store, _, truth = simulated(tmp_path, objects=8, pair_share=1.0)
    shared = 0
    for first, second in zip(truth[::2].itertuples(), truth[1::2].itertuples(), strict=True):
        places = SkyCoord([first.ra, second.ra] * u.deg, [first.dec, second.dec] * u.deg)
        assert places[0].separation(places[1]).arcsec < 60
        if "" in (first.label, second.label) or first.field != second.field:
            continue
        one, other = plates(store, first)["r"], plates(store, second)["r"]
        dx, dy = (round(one[1][f"CRPIX{k}"] - other[1][f"CRPIX{k}"]) for k in (1, 2))
        a = one[0][max(dy, 0) :, max(dx, 0) :]
        b = other[0][max(-dy, 0) :, max(-dx, 0) :]
        rows, columns = min(len(a), len(b)), min(a.shape[1], b.shape[1])
        np.testing.assert_array_equal(a[:rows, :columns], b[:rows, :columns])
        shared += 1
    assert shared


def test_table_reads_by_its_readme_and_names_the_plates(sky):
    store, files, truth = sky
    table, readme = (store / path for path in files["path"][:2])
    rows = ascii.read(str(table), format="cds", readme=str(readme))
    assert list(rows["idPNMain"]) == list(truth["idPNMain"])
    assert [str(code).strip() for code in rows["PNstat"]] == list(truth["status"])
    texts = [f"{r['RAh']}:{r['RAm']}:{r['RAs']}" for r in rows]
    np.testing.assert_allclose(Angle(texts, unit="hourangle").deg, truth["ra"], atol=1e-9)
    galactic = SkyCoord(truth["ra"], truth["dec"], unit="deg").galactic
    np.testing.assert_allclose(rows["Glat"], galactic.b.deg, atol=1e-5)
    measured = np.ma.filled(np.ma.asarray(rows["MajDiam"], dtype=float), np.nan)
    wide = ~np.isnan(measured) & (truth["diameter_arcsec"] > 0)
    assert wide.sum() > 10
    assert np.abs(np.log(measured[wide] / truth["diameter_arcsec"][wide])).max() < 0.5
    assert "SIMULATED" in readme.read_text()


def test_the_reader_finds_every_plate(sky):
    store, files, truth = sky
    listed = pd.DataFrame(catalogue_files(SURVEY | {"table": None}))
    listed["path"] = [url.split("://")[1] for url in listed["url"]]
    objects = read_objects(listed, store)
    kinds = truth["true_kind"][truth["status"] == truth["true_status"]]
    rejected = objects["status"].isin(MIMICS) & objects.index.isin(kinds.index)
    assert (objects["kind"][rejected] == kinds[rejected[kinds.index]]).all()
    objects["field"] = truth["field"]
    labelled = objects[truth["label"] != ""]
    wanted = {plate_path(row, band) for row in labelled.itertuples() for band in "bri"}
    assert wanted == set(files["path"][2:])


def test_share_of_wrong_codes_is_as_stated():
    settings = {**SETTINGS, "objects": 4000, "label_noise": 0.1}
    table = entries(settings, SURVEY, SEED)
    labelled = table[table["status"].isin(["T", *MIMICS])]
    wrong = labelled["status"] != labelled["true_status"]
    # Four standard deviations of a share of 0.1 among some 3,600.
    assert wrong.mean() == pytest.approx(0.1, abs=0.02)
    swapped = labelled[wrong]
    assert ((swapped["status"] == "T") != (swapped["true_status"] == "T")).all()
    clean = entries({**settings, "label_noise": 0.0}, SURVEY, SEED)
    clean = clean[clean["status"].isin(["T", *MIMICS])]
    assert (clean["status"] == clean["true_status"]).all()


def test_truth_tells_wrong_labels_from_right_ones(tmp_path):
    _, _, truth = simulated(tmp_path, objects=20, label_noise=0.5)
    labelled = truth[truth["label"] != ""]
    assert 3 <= labelled["label_is_wrong"].sum() <= len(labelled) - 3
    is_pn = labelled["true_status"] == "T"
    assert (labelled["true_class"] == np.where(is_pn, "true-pn", "not-pn")).all()
    differs = labelled["label"] != labelled["true_class"]
    assert (labelled["label_is_wrong"] == differs).all()
    assert (truth["flux_r"] > 0).mean() > 0.9 and truth["seeing_r"].between(1, 5).all()


def test_codes_have_their_shares_in_every_stretch():
    table = entries({**SETTINGS, "objects": 400}, SURVEY, SEED)
    for start in range(0, 400, 100):
        share = (table["status"][start : start + 100] == "T").mean()
        assert share == pytest.approx(0.45, abs=0.051)


def test_nebulae_shine_in_r_and_galaxies_in_all_bands(tmp_path):
    store, _, truth = simulated(tmp_path, objects=40, shares={"T": 1.0, "G": 1.0})
    ratios = {"T": [], "G": []}
    for row in truth.itertuples():
        by_band = {band: excess(image, low=4) for band, (image, _) in plates(store, row).items()}
        if by_band["r"] > 400 and "stellar" not in row.true_kind:
            ratios[row.true_status].append(by_band["b"] / by_band["r"])
    nebulae, galaxies = (np.array(ratios[code]) for code in "TG")
    assert min(len(nebulae), len(galaxies)) > 5
    assert (nebulae < 1).mean() > 0.9
    assert np.median(nebulae) < 0.65 < 0.8 < np.median(galaxies)


def test_plates_change_at_a_declination_of_two_and_a_half_degrees(sky):
    _, files, truth = sky
    south = truth["dec"] < 2.5
    assert 3 < south.sum() < len(truth) - 3
    assert (truth["field"] == np.where(south, "ukst", "poss")).all()
    paths = set(files["path"])
    for row in truth[truth["label"] != ""].itertuples():
        assert plate_path(row, "r") in paths
    seeing = truth.groupby("field")["seeing_r"].median()
    assert seeing["poss"] > seeing["ukst"] + 0.3


def test_density_saturates_and_grain_depends_on_the_plates():
    rng = np.random.default_rng(0)
    noise = {}
    for collection in ("ukst", "poss"):
        plate = make_plate(collection, "r", 1, 0)
        light = np.zeros((128, 128))
        dark = expose(plate, light, 1.0, 2, rng)
        noise[collection] = np.std(dark - np.median(dark)) / np.median(dark)
        peaks = []
        for flux in (1e2, 1e3, 1e6, 1e7):
            light[64, 64] = flux
            peaks.append(int(expose(plate, light, 1.0, 2, rng).max()))
        assert peaks[0] < peaks[1] < peaks[2] <= LARGEST
        # Ten times the light hardly changes a saturated image.
        assert abs(peaks[3] - peaks[2]) < 0.06 * LARGEST and peaks[2] > 0.9 * LARGEST
    assert noise["poss"] > noise["ukst"]


def test_stars_crowd_towards_the_plane():
    def count(glat, group):
        entry = SimpleNamespace(group=group, glat=glat, glon=120.0)
        return neighbourhood(SETTINGS, SURVEY, SEED, [entry]).places.shape[1]

    plane, pole = (sum(count(glat, n) for n in range(30)) for glat in (0.5, 60.0))
    assert plane > 4 * pole > 0


def test_nebulae_lie_lower_than_galaxies():
    table = entries({**SETTINGS, "objects": 2000}, SURVEY, SEED)
    height = table["glat"].abs().groupby(table["true_status"]).median()
    assert height["G"] > 1.5 * height["T"] > 1.5 * height["HII"] * 0.9


def test_sizes_scale_with_the_image():
    small, large = (entries(SETTINGS, SURVEY | {"field_arcsec": side}, SEED) for side in (64, 240))
    np.testing.assert_allclose(large["diameter_arcsec"], small["diameter_arcsec"] * 240 / 64)
    nebulae = small[(small["true_status"] == "T") & (small["shape"] != "S")]
    low, high = SETTINGS["diameter_shares"]
    assert nebulae["diameter_arcsec"].between(64 * low, 64 * high).all()


def test_shell_is_a_ring_where_its_wall_is_thin():
    u_axis = np.linspace(-1.2, 1.2, 241)
    thin, thick = (shell(u_axis, 0.0, wall) for wall in (0.15, 0.999))
    assert thin[120] < 0.4 * thin.max() and thick[120] > 0.99 * thick.max()
    assert thin.max() == pytest.approx(1, abs=0.05)
    assert thin[[0, -1]].max() == 0


def test_cloud_is_the_same_on_turned_grids():
    texture = cloud(np.random.default_rng(3))
    x, y = np.meshgrid(np.linspace(-1, 1, 50), np.linspace(-1, 1, 40))
    cos, sin = np.cos(0.3), np.sin(0.3)
    values = texture(x * cos + y * sin, y * cos - x * sin)
    for row, column in ((0, 0), (20, 30), (39, 49)):
        a, b = x[row, column], y[row, column]
        one = texture(np.array([[a * cos + b * sin]]), np.array([[b * cos - a * sin]]))
        assert values[row, column] == pytest.approx(one[0, 0], abs=1e-9)
    big, _ = np.meshgrid(np.linspace(-40, 40, 400), np.zeros(400))
    assert texture(big, big.T).std() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("shares", [{"T": 1.0}, {"G": 1.0}, {"T": 1.0, "XX": 1.0}])
def test_shares_without_two_known_classes_are_refused(tmp_path, shares):
    with pytest.raises(FewskyError, match="shares"):
        simulate_plates({**SETTINGS, "shares": shares}, SURVEY, tmp_path, seed=1)


def test_bands_that_no_plate_has_are_refused(tmp_path):
    with pytest.raises(FewskyError, match="bands"):
        simulate_plates(SETTINGS, SURVEY | {"bands": ["r", "z"]}, tmp_path, seed=1)
