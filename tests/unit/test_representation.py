"""What starting weights see: measures of features whose classes are known to be apart or not."""

import re
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from fewsky.chapters import _representations
from fewsky.console import FewskyError
from fewsky.figures import style
from fewsky.figures.embeddings import looks
from fewsky.files import load_table, save_json, save_table
from fewsky.models.representation import (
    agreement,
    first_view,
    measure_representation,
    pixels,
    projected,
    sides,
)
from fewsky.paper.captions import read_caption
from tests.unit.small_results import ROOT, run_script

CLASSES = ["galaxy", "quasar", "star"]
SETTINGS = {"task": "sgq", "classes": CLASSES, "seed": 3, "bootstrap": 60, "bands": ["g", "r"]}
N = 240


def world(apart=8.0, n=N, folds=False):
    """Features `(n, 6)` of three classes `apart` standard deviations from each other."""
    rng = np.random.default_rng(1)
    label = np.array(CLASSES)[np.arange(n) % 3]
    features = rng.normal(0, 1, (n, 6))
    features[:, :3] += apart * (label[:, None] == np.array(CLASSES)) / np.sqrt(2)
    catalog = pd.DataFrame({"object_id": [f"o-{k:04d}" for k in range(n)]})
    group = np.arange(n) // 6
    part = np.where(group % 2, "test", "pool")
    manifest = catalog.assign(label=label, group=group.astype(str), part=part, fold=-1)
    if folds:
        manifest = manifest.assign(part="pool", fold=group % 4)
    return features.astype(np.float32), catalog, manifest


@cache
def measured(apart=8.0):
    return measure_representation(SETTINGS, *world(apart))


def values(apart=8.0):
    return measured(apart)[1].set_index("metric")


# --- measures -----------------------------------------------------------------------------------
def test_classes_far_apart_are_found_whole():
    found = values()["value"]
    assert found["knn_accuracy"] == found["ari"] == found["nmi"] == 1
    assert found["silhouette"] > 0.5


def test_mixed_classes_are_not_found():
    found = values(0.0)
    # Three equal classes without a difference: a third by luck, to four standard deviations.
    assert abs(found["value"]["knn_accuracy"] - 1 / 3) < 4 * np.sqrt(2 / 9 / (N / 2))
    assert abs(found["value"]["ari"]) < 0.05 and abs(found["value"]["silhouette"]) < 0.05
    assert found["value"]["commonest"] == pytest.approx(1 / 3)
    # Every group holds each class twice, so that only `commonest` has no spread.
    inside = found.query("lower < value < upper")
    assert set(inside.index) == {"knn_accuracy", "silhouette", "ari", "nmi"}


def test_counts_and_places_are_those_of_the_held_out():
    points, measures = measured()
    _, catalog, manifest = world()
    test = manifest[manifest["part"] == "test"]
    assert (
        points[["object_id", "label"]].values.tolist()
        == test[["object_id", "label"]].values.tolist()
    )
    counts = measures.set_index("metric")["n"]
    assert (counts.drop("k") == len(test)).all() and counts["k"] == len(catalog) - len(test)
    assert np.isfinite(points[["x", "y"]].to_numpy()).all()


def test_the_map_keeps_far_classes_apart():
    points = measured()[0]
    places = points[["x", "y"]].to_numpy()
    distance = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(distance, np.inf)
    nearest = points["label"].to_numpy()[distance.argmin(axis=1)]
    assert (nearest == points["label"]).all()


def test_the_same_numbers_twice():
    again = measure_representation(SETTINGS, *world())
    assert all(a.equals(b) for a, b in zip(measured(), again, strict=True))


def test_labels_of_the_held_out_do_not_teach():
    """Neighbours learn from the pool alone: exchanged labels outside it turn right into wrong."""
    features, catalog, manifest = world()
    test = manifest["part"] == "test"
    turned = dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True))
    manifest.loc[test, "label"] = manifest.loc[test, "label"].map(turned)
    found = measure_representation(SETTINGS, features, catalog, manifest)[1].set_index("metric")
    assert found["value"]["knn_accuracy"] == 0 and found["value"]["ari"] == 1


def test_agreement_is_that_of_scikit_learn():
    rng = np.random.default_rng(5)
    pairs = [(rng.integers(0, 4, n), rng.integers(0, 3, n)) for n in (12, 60, 400)]
    pairs.append((pairs[-1][0], (pairs[-1][0] > 1) + 0))
    cells = np.stack([np.histogram2d(*pair, bins=(range(5), range(4)))[0] for pair in pairs])
    for scores, known in zip(
        agreement(cells), (adjusted_rand_score, normalized_mutual_info_score), strict=True
    ):
        assert scores == pytest.approx([known(*pair) for pair in pairs], abs=1e-12)


def test_components_are_those_of_the_pool():
    rng = np.random.default_rng(0)
    pool, test = rng.normal(0, 1, (40, 5)), rng.normal(0, 1, (20, 5))
    near, far = projected(pool, test, 0)
    near_again, _ = projected(pool, 100 * test, 0)
    assert np.array_equal(near, near_again)
    # All five components turn the space and move it, and keep distances.
    assert np.linalg.norm(far[0] - far[1]) == pytest.approx(np.linalg.norm(test[0] - test[1]))


def test_a_task_in_folds_holds_out_its_first():
    _, catalog, manifest = world(folds=True)
    table = sides(SETTINGS, catalog, manifest)
    assert (table["side"] == np.where(manifest["fold"] == 0, "test", "pool")).all()


def test_validation_and_unlabelled_objects_are_left_out():
    _, catalog, manifest = world()
    manifest.loc[:5, "part"], manifest.loc[12:17, "part"] = "val", "unlabelled"
    table = sides(SETTINGS, catalog, manifest)
    assert len(table) == N - 12 and not {"o-0000", "o-0012"} & set(table.index)


# --- features -----------------------------------------------------------------------------------
def test_features_are_those_of_the_image_as_it_is():
    stored = np.arange(24).reshape(3, 8, 1)
    assert first_view(stored).ravel().tolist() == [0, 8, 16]


def test_pixels_of_pictures_stay_and_of_others_are_scaled():
    _, catalog, manifest = world()
    pictures = np.random.default_rng(2).uniform(0, 1, (N, 2, 4, 4)).astype(np.float32)
    assert np.array_equal(
        pixels(SETTINGS, pictures, catalog, manifest), pictures.reshape(N, -1)
    )  # fmt: skip
    pool = (manifest["part"] == "pool").to_numpy()
    bright = 1e3 * pictures
    bright[~pool] *= 1e6  # no statistic is taken of what is held out
    found = pixels(SETTINGS, bright, catalog, manifest)
    again = pixels(SETTINGS, 1e3 * pictures, catalog, manifest)
    assert np.array_equal(found[pool], again[pool]) and np.abs(again).max() < 3


# --- errors -------------------------------------------------------------------------------------
def test_a_broken_feature_is_named():
    features, catalog, manifest = world()
    features[9, 2] = np.nan
    with pytest.raises(FewskyError, match=r"^features: wanted finite .* for 1 objects, .* o-0009"):
        measure_representation(SETTINGS, features, catalog, manifest)


def test_few_held_out_objects_are_refused():
    features, catalog, manifest = world()
    rest = manifest[(manifest["part"] == "pool") | (manifest.index < 9)]
    with pytest.raises(FewskyError, match=r"^representation of sgq: wanted 10 .* and 3 objects"):
        measure_representation(SETTINGS, features, catalog, rest)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ({"task": "sgq", "weights": "imagnet"}, "wanted a weights of this file; found 'imagnet'"),
        ({"task": "mags", "weights": "imagenet"}, "wanted tasks with classes; found mags"),
        ({"task": "sg", "weights": "pixels"}, "wanted a task of this file; found 'sg'"),
    ],
)
def test_settings_are_checked(pair, words):
    tasks = {"sgq": {"classes": CLASSES}, "mags": {"classes": []}}
    plan = SimpleNamespace(tasks=tasks, weights={"imagenet": {}})
    _representations("w", [{"task": "sgq", "weights": "pixels"}], plan)
    with pytest.raises(FewskyError, match=f"^config: w: {re.escape(words)}"):
        _representations("w", [pair], plan)


# --- figure and table ---------------------------------------------------------------------------
MANY = [f"T{k}" for k in range(-5, 10)]
STARTS = {
    "star-galaxy": {"pixels": "pixels", "imagenet": "ImageNet-1k", "pretext": "five magnitudes"},
    "efigi-15": {"pixels": "pixels", "pretext-of-galaxies": "magnitudes of mergers and galaxies"},
}
SHOWN = {"starts": STARTS, "classes": {"star-galaxy": CLASSES[::2], "efigi-15": MANY}}


def results(folder, simulated=True):
    """Maps and measures as the models room leaves them; inputs of the scripts."""
    rng = np.random.default_rng(4)
    points, tables = [], []
    for task, starts in STARTS.items():
        for k, weights in enumerate(starts):
            place = folder / f"models/representations/{task}/{weights}"
            label = np.array(SHOWN["classes"][task])[np.arange(150) % len(SHOWN["classes"][task])]
            table = pd.DataFrame({"object_id": np.arange(150).astype(str), "label": label})
            table = table.assign(x=rng.normal(0, 20, 150), y=rng.normal(0, 20, 150))
            save_table(table, f"{place}.parquet")
            names = ["knn_accuracy", "commonest", "silhouette", "ari", "nmi", "k"]
            numbers = [0.8 + k / 100, 0.5, -0.125, 0.3, 0.4, 10]
            rows = {"metric": names, "value": numbers, "lower": [0.1] * 5 + [np.nan],
                    "upper": [0.9] * 5 + [np.nan], "n": [150] * 5 + [500]}  # fmt: skip
            save_table(pd.DataFrame(rows), f"{place}.csv")
            save_json({"outputs": {}, "simulated": simulated}, f"{place}.provenance.json")
            points.append(f"{place}.parquet")
            tables.append(f"{place}.csv")
    return {"points": points, "tables": tables}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The figure as saved, and its outputs."""
    folder, seen = tmp_path_factory.mktemp("embed"), []
    with pytest.MonkeyPatch.context() as patch:
        saved = style.save
        patch.setattr(style, "save", lambda fig, *a, **b: (seen.append(fig), saved(fig, *a, **b)))
        patch.setitem(style.RC, "savefig.dpi", 60)
        outputs = run_script(folder, "plot_ssl_embed", results(folder), SHOWN)
    seen[0].draw_without_rendering()
    return seen[0], outputs


def words_of(fig):
    return [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]


def test_every_start_has_its_map(drawn):
    fig, _ = drawn
    shown = [ax for ax in fig.axes if ax.collections]
    titles = [ax.get_title(loc="left").replace("\n", " ") for ax in shown]
    words = [w for starts in STARTS.values() for w in starts.values()]
    assert titles == [f"({letter}) {w}" for letter, w in zip("abcde", words, strict=True)]
    assert [len(ax.collections) for ax in shown] == [2, 2, 2, 15, 15]
    assert all(sum(len(c.get_offsets()) for c in ax.collections) == 150 for ax in shown)
    assert shown[1].get_xlabel() == "kNN 0.81, sil. −0.12\nARI 0.30, NMI 0.40"


def test_the_figure_keeps_the_rules_of_all_figures(drawn):
    fig, _ = drawn
    assert fig.get_size_inches()[0] == style.PAGE
    assert [t.get_text() for t in words_of(fig) if t.get_fontsize() < 6.5] == []
    [stamp] = [t for t in words_of(fig) if t.get_text().startswith("SIMULATED")]
    assert max(ax.get_tightbbox().y1 for ax in fig.axes) <= stamp.get_window_extent().y0
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert box.x0 > -0.01 and box.y0 > -0.01
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01


def test_legends_and_titles_cover_nothing(drawn):
    fig, _ = drawn
    boxes = [ax.get_tightbbox().padded(-1) for ax in fig.axes if ax.collections]
    legends = [legend for row in fig.subfigs for legend in row.legends]
    assert len(legends) == len(STARTS)
    for legend in legends:
        assert not any(legend.get_window_extent().overlaps(box) for box in boxes)
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])


def test_classes_differ_in_their_looks():
    pairs = [tuple(look.values()) for look in looks(MANY).values()]
    assert len(set(pairs)) == len(MANY)


def test_the_table_states_what_was_measured(tmp_path):
    given = results(tmp_path, simulated=False)
    outputs = run_script(tmp_path, "tabulate_ssl_embed", {"tables": given["tables"]}, SHOWN)
    table = load_table(outputs.csv, dtype=str)
    assert table["Start"].tolist() == [w for starts in STARTS.values() for w in starts.values()]
    assert table["kNN accuracy"][1] == "0.810 [0.100, 0.900]"
    assert table["Silhouette"][0] == "−0.125 [0.100, 0.900]"
    assert table[["k", "Pool", "Held-out objects"]].values.tolist() == [["10", "500", "150"]] * 5


@pytest.mark.parametrize("stem", ["fig_ssl_embed", "tab_ssl_embed"])
def test_captions_can_be_shown(stem):
    [paragraph] = read_caption(ROOT / f"report/captions/{stem}.rst")
    assert {run["kind"] for run in paragraph} == {"text"}
