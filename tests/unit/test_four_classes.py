"""A field mapped in four classes: positions, agreement with the catalogue, figure, table, text."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from matplotlib.text import Text
from paper_run import FIGURES, TABLES, make_paper, make_shown, metrics
from small_results import ROOT, SCORING, _folder, run_script, wcs_of, write_field

from fewsky.cutouts.at_positions import Plane, grid, open_field, patches_at
from fewsky.cutouts.scene_map import map_catalogue
from fewsky.figures import field_map, style
from fewsky.files import load_table, save_json, save_table
from fewsky.metrics.field_map import score_map
from fewsky.metrics.scores import score_task
from fewsky.paper.collect import collect
from fewsky.paper.typeset import read_content, set_paper

CLASSES = ["sky", "star", "galaxy", "both"]
FIELD, SHARD = "94-1-12", "94-1-0001"
STEP = 10


# --- positions ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("shape", "size", "step"), [((60, 90), 25, 7), ((25, 40), 25, 50)])
def test_the_grid_holds_whole_patches_and_lies_in_the_middle(shape, size, step):
    places = grid(shape, size, step)
    for axis, length in zip("yx", shape, strict=True):
        found = np.unique(places[axis])
        low, high = found.min() - size // 2, length - 1 - size // 2 - found.max()
        assert low >= 0 and high >= 0 and abs(low - high) <= 1 and low + high < step
        assert (np.diff(found) == step).all()


def plane():
    cube = np.arange(2 * 50 * 60, dtype=np.float32).reshape(2, 50, 60)
    cube[:, 0, 0] = np.nan
    row = pd.Series({"field": FIELD, "noise_g": 0.1, "noise_r": 0.2, "psf_fwhm_g": 1.5,
                     "psf_fwhm_r": 1.2})  # fmt: skip
    return Plane(cube, ["g", "r"], wcs_of(), row)


def test_patches_at_positions_are_slices_in_the_bands_asked_for(monkeypatch):
    monkeypatch.setattr("fewsky.cutouts.at_positions.CHUNK", 3)
    places = pd.DataFrame({"x": [4.0, 20.0, 30.0, 40.0], "y": [4.0, 21.0, 22.0, 48.0]})
    chunks = list(patches_at(plane(), places, 9, ["r", "g"]))
    images, rows = np.concatenate([c[0] for c in chunks]), pd.concat([c[1] for c in chunks])
    assert rows["x"].tolist() == [20.0, 30.0] and len(chunks) == 2
    np.testing.assert_array_equal(images[0], plane().cube[::-1, 17:26, 16:25])
    assert rows["noise_r"].tolist() == [0.2, 0.2] and rows["psf_fwhm_g"].tolist() == [1.5, 1.5]
    sky = wcs_of().all_pix2world(20.0, 21.0, 0)
    np.testing.assert_allclose(
        rows[["ra", "dec"]].iloc[0].to_numpy(float), np.array(sky), atol=1e-9
    )


def test_the_catalogues_map_follows_the_rule_of_the_patches(monkeypatch):
    listed = pd.DataFrame({"x": [20.0], "y": [20.0], "label": "star", "psfmag_r": 18.0,
                           "modelmag_r": 18.0, "nchild": 0, "mode": 1})  # fmt: skip
    monkeypatch.setattr("fewsky.cutouts.scene_map.read_catalogue", lambda *_: listed)
    scene = {"within_px": 4, "faintest_mag": None, "distance_arcsec": 3.0}
    told = {"dataset": {"objects": {}, "scene": scene},
            "survey": {"reference_band": "r", "pixel_arcsec": 0.5}}  # fmt: skip
    told |= {"step_px": 1}
    told["dataset"]["size"] = 9
    found = map_catalogue(pd.DataFrame(), "", plane(), told).set_index(["x", "y"])["target"]
    places = [(24.0, 16.0), (25.0, 20.0), (30.0, 40.0)]
    assert [found[place] for place in places] == ["star", "", "sky"]


# --- agreement ------------------------------------------------------------------------------------
def mapped(n=30, right=0.8, seed=0):
    """A map of n by n positions: a quarter of each class in stripes, one column not decided."""
    rng = np.random.default_rng(seed)
    y, x = (axis.ravel() for axis in np.indices((n, n)))
    ra, dec = wcs_of().all_pix2world(x * STEP, y * STEP, 0)
    target = np.array(CLASSES, dtype=object)[y * 4 // n]
    stated = np.where(rng.random(n * n) < right, y * 4 // n, rng.integers(0, 4, n * n))
    chances = np.full((n * n, 4), 0.1)
    chances[np.arange(n * n), stated] = 0.7
    target[x == 0] = ""
    table = pd.DataFrame({"field": FIELD, "x": x * STEP + 12.0, "y": y * STEP + 12.0, "ra": ra})
    table = table.assign(dec=dec, target=target)
    return table.assign(**{f"p_{c}": chances[:, k] for k, c in enumerate(CLASSES)}), stated


def test_agreement_counts_decided_positions_only():
    table, stated = mapped()
    found = score_map(table, CLASSES, tile_arcmin=0.2, bootstrap=50, seed=0).set_index("metric")
    decided = table["target"] != ""
    right = np.array(CLASSES, dtype=object)[stated] == table["target"]
    assert found["value"]["accuracy"] == pytest.approx(right[decided].mean())
    assert found["value"]["share_undecided"] == pytest.approx(1 / 30)
    sky = decided & (table["target"] == "sky")
    assert found["value"]["recall_sky"] == pytest.approx(right[sky].mean())
    assert found["value"]["mapped_both"] == pytest.approx((stated == 3)[decided].mean())
    accuracy = found.loc["accuracy"]
    assert accuracy["lower"] < accuracy["value"] < accuracy["upper"] and accuracy["n"] == 870


def test_a_field_of_which_nothing_is_decided_says_so():
    table, _ = mapped()
    found = score_map(table.assign(target=""), CLASSES, tile_arcmin=1, bootstrap=9, seed=0)
    assert found["metric"].tolist() == ["share_undecided"] and found["value"].item() == 1


def test_a_picture_has_its_colours_in_place():
    table, _ = mapped(8)
    shown, extent = field_map.raster(table.drop(index=[9]), "target", STEP)
    assert shown.shape == (8, 8, 4) and extent == (7.0, 87.0, 7.0, 87.0)
    assert shown[1, 1, 3] == 0 and (shown[:, 0, :3] == 1).all()
    assert tuple(shown[7, 3]) == pytest.approx(tuple(field_map.to_rgba(style.YELLOW)))


# --- figure, table, text --------------------------------------------------------------------------
@cache
def results(simulated=True):
    """A results folder with a field, its map, its agreement and metrics of two experiments."""
    folder, rng = _folder(), np.random.default_rng(1)
    stars = pd.DataFrame({"x": [60.0, 200], "y": [80.0, 150], "peak": [5.0, 3.0]})
    write_field(folder, FIELD, SHARD, stars, {"simulated": simulated})
    table, _ = mapped(19)
    save_table(table, folder / f"models/four/maps/{FIELD}.parquet")
    agreed = score_map(table, CLASSES, tile_arcmin=0.2, bootstrap=20, seed=0)
    save_table(agreed, folder / f"metrics/maps/{FIELD}.csv")
    n = 200
    manifest = pd.DataFrame({"object_id": [f"o{k}" for k in range(n)], "ra": 10.0, "dec": 0.0,
                             "label": rng.choice(CLASSES, n), "fold": -1})  # fmt: skip
    manifest = manifest.assign(group=(np.arange(n) % 9).astype(str), part="test")
    predictions = {}
    for name in ("four", "forest"):
        right = np.eye(4)[pd.Index(CLASSES).get_indexer(manifest["label"])]
        chances = rng.dirichlet(np.ones(4), n) + (right if name == "four" else 0)
        told = {f"p_{c}": chances[:, k] for k, c in enumerate(CLASSES)}
        table = manifest[["object_id", "label", "part", "fold"]].assign(budget=40, **told)
        predictions |= {(name, 0): table, (name, 1): table}
    rows = manifest[["object_id"]].assign(modelmag_r=20.0)
    scores = score_task(predictions, manifest, rows, None, {"classes": CLASSES}, SCORING, seed=0)
    save_table(scores, folder / "metrics/four.csv")
    return folder


def jobs(folder):
    metric, agreed = folder / "metrics/four.csv", folder / f"metrics/maps/{FIELD}.csv"
    drawn = {"fields": str(folder / f"aligned/sdss/{SHARD}.tsv"),
             "map": str(folder / f"models/four/maps/{FIELD}.parquet"),
             "agreement": [str(agreed)], "metrics": [str(metric)]}  # fmt: skip
    told = {"field": FIELD, "network": "four", "classes": CLASSES}
    kinds = {"four": "network", "forest": "opponent"}
    return {
        "plot_sdss_4class": (drawn, told | {"step_px": STEP, "reference_band": "r"}),
        "tabulate_sdss_4class": (
            {"metrics": [str(metric)], "agreement": [str(agreed)]}, told | {"kinds": kinds},
        ),
    }  # fmt: skip


def test_the_figure(monkeypatch):
    seen = []

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    monkeypatch.setattr(style, "save", save)
    folder = results()
    outputs = run_script(folder, "plot_sdss_4class", *jobs(folder)["plot_sdss_4class"])
    [fig] = seen
    words = [t.get_text() for t in fig.findobj(Text) if t.get_visible()]
    assert any(word.startswith("SIMULATED") for word in words)
    assert {*CLASSES, "not decided", "not mapped"} <= set(words)
    box, [legend] = fig.get_tightbbox(), fig.legends
    assert box.x0 > -0.01 and box.x1 < fig.get_size_inches()[0] + 0.01 and box.y0 > -0.01
    lowest = min(ax.get_tightbbox().y0 for ax in fig.axes)
    assert legend.get_window_extent().y1 <= lowest + 1
    assert imread(outputs.png).shape[2] == 4


def test_the_table_prints_patches_and_the_map():
    folder = results()
    outputs = run_script(folder, "tabulate_sdss_4class", *jobs(folder)["tabulate_sdss_4class"])
    table = load_table(outputs.csv, dtype=str)
    assert table["Of"].tolist() == ["four", "forest", "four"]
    assert table["Kind"].tolist() == ["network", "opponent", f"map of {FIELD}"]
    agreed = load_table(folder / f"metrics/maps/{FIELD}.csv").set_index("metric")
    assert table["Accuracy"].iloc[2].startswith(f"{agreed['value']['accuracy']:.3f} [")
    score = load_table(folder / "metrics/four.csv")
    score = score.query("draw == -1 and metric == 'recall_both' and subset == 'all'")
    own = score[score["experiment"] == "four"]["value"].item()
    assert table["Recall, both"].iloc[0].startswith(f"{own:.3f}")


@pytest.mark.parametrize("part", ["test", "mixed"])
def test_the_text_tells_of_four_classes(part, tmp_path):
    chapters, files = make_paper(tmp_path)
    told = chapters["star-galaxy"]
    names = {"net": {"recipe": {"stretch": "snr"}}, "plain": {"recipe": {"stretch": "snr"}},
             "trees": {"opponent": {"family": "forest", "control": "none"}},
             "where": {"opponent": {"family": "forest", "control": "nuisance"}}}  # fmt: skip
    told["experiments"] |= {n: {"task": "four", "about": n, **item} for n, item in names.items()}
    split = {"train": [], "val": [], "test": ["1-1-5"] if part == "test" else []}
    told["tasks"]["four"] = {"dataset": "scenes", "classes": CLASSES, "split": split}
    scene = {"within_px": 8, "shift_px": 8, "faintest_mag": 22.0, "distance_arcsec": 8.0}
    told["scene_datasets"] = {"scenes": {"size": 25, "scene": scene | {"overlap": 0.25}}}
    block = {"task": "four", "main": list(names), "network": "net", "field": "1-1-5"}
    told["chapter"]["four_classes"] = block | {"step_px": 5, "tile_arcmin": 1.0}
    save_json({"counts": {"test": dict.fromkeys(CLASSES, 7)}}, tmp_path / "splits/four/audit.json")
    base = metrics(list(names), truth=True).query("subset == 'all' and metric == 'mcc'")
    more = ["macro_f1", "balanced_accuracy", *(f"recall_{name}" for name in CLASSES)]
    save_table(pd.concat([base.assign(metric=m) for m in more]), tmp_path / "metrics/four.csv")
    table, _ = mapped()
    agreed = score_map(table, CLASSES, tile_arcmin=0.2, bootstrap=20, seed=0)
    save_table(agreed, tmp_path / "map.csv")
    files["audits"]["four"] = tmp_path / "splits/four/audit.json"
    files["metrics"]["four"] = tmp_path / "metrics/four.csv"
    files["maps"] = [tmp_path / "map.csv"]
    found = collect(chapters, files)
    assert found["numbers"]["four.window_px"]["text"] == "17"
    assert found["numbers"]["parts.test"]["text"] == "28"
    assert found["facts"]["star-galaxy"]["four"]["field_part"] == part
    found["facts"]["simulated"] = True
    save_json(found, tmp_path / "numbers.json")
    every = [*FIGURES, "fig_sdss_4class"], [*TABLES, "tab_sdss_4class"]
    shown = make_shown(tmp_path, True, *every)
    title = {"title": "A title", "chapters": ["star-galaxy"]}
    title |= {key: dict.fromkeys([*every[0], *every[1]], "x") for key in ("scripts", "blocks")}
    content = read_content(tmp_path / "numbers.json", *shown, tmp_path / "captions", title)
    set_paper(ROOT / "report", {**content, "versions": {"numpy": "2"}}, tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


def test_a_field_that_is_not_listed_is_told():
    fields = pd.DataFrame({"field": ["1-1-1"], "path": ["x"]})
    with pytest.raises(Exception, match="94-1-12: wanted it once"):
        open_field(fields, ".", FIELD)
