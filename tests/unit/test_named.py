"""Detection followed by classification: windows, the score that counts, names, and the truth."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fewsky.boxes.table import EDGES, make_boxes
from fewsky.console import FewskyError
from fewsky.files import load_json, save_json
from fewsky.metrics.detection_named import score_named
from fewsky.metrics.named_truth import classed_boxes, judged_images
from fewsky.models import frames_by, named
from fewsky.models.named import (
    NAMED,
    Classifier,
    largest_run,
    load_classifier,
    name_detections,
    seen_through,
    used_score,
)
from fewsky.models.train import train
from tests.unit import training_world as small

SIDE, CLASSES = 80, ["disc", "ring"]
COLOURS = ["red", "green", "blue"]
PART = {"test": ["i0", "i1", "i2"], "val": ["v0", "v1"], "train": ["t0"]}
A, B = (10, 20, 30, 40), (50, 40, 70, 60)


def ramp(shape=(3, 40, 60)):
    return (np.arange(np.prod(shape)) / np.prod(shape)).reshape(shape).astype(np.float32)


# --- windows ------------------------------------------------------------------------------------
def test_a_window_on_whole_pixels_is_a_slice():
    image = ramp()
    seen = seen_through(image, np.array([20, 12, 30, 20]), 2.0, 20)
    np.testing.assert_allclose(seen, image[:, 6:26, 15:35], atol=2e-6)


def test_a_large_window_is_the_mean_of_its_pixels():
    image = np.random.default_rng(0).uniform(0.2, 0.8, (3, 40, 60)).astype(np.float32)
    seen = seen_through(image, np.array([20, 10, 40, 30]), 1.5, 10)
    wanted = image[:, 5:35, 15:45].reshape(3, 10, 3, 10, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(seen, wanted, atol=2e-6)


@pytest.mark.parametrize("size", [7, 30])
def test_pixels_of_the_edge_go_on_beyond_it(size):
    image = np.random.default_rng(0).uniform(0, 1, (3, 40, 60)).astype(np.float32)
    padded = np.pad(image, ((0, 0), (40, 40), (40, 40)), "edge")
    box = np.array([0, 30, 10, 40])
    inside = seen_through(padded, box + 40, 3.0, size)
    np.testing.assert_allclose(seen_through(image, box, 3.0, size), inside, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.floats(10, 45), st.floats(10, 25), st.floats(4, 14), st.floats(0.3, 1))
def test_what_a_box_holds_stands_in_the_middle(x, y, wide, flat):
    rows, columns = np.indices((40, 60)) + 0.5
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 2 / 2.5**2)
    box = np.array([x - wide / 2, y - flat * wide / 2, x + wide / 2, y + flat * wide / 2])
    seen = seen_through(spot[None].astype(np.float32), box, 2.0, 25)[0]
    light = np.indices(seen.shape) * seen / seen.sum()
    if 5 < x < 55 and 5 < y < 35 and wide > 9:
        np.testing.assert_allclose(light.sum(axis=(1, 2)), 12, atol=0.6)
    np.testing.assert_allclose(seen, seen[::-1, ::-1], atol=0.05)
    turned = seen_through(spot.T[None].astype(np.float32), box[[1, 0, 3, 2]], 2.0, 25)[0]
    np.testing.assert_allclose(turned, seen.T, atol=1e-5)


# --- the score that counts ----------------------------------------------------------------------
def found_table(*rows, budget=10, fold=-1):
    """Predictions from (image, edges, score); images of PART without any have a row of NaN."""
    part = {name: part for part, names in PART.items() for name in names}
    told = [(name, *edges, score, "galaxy") for name, edges, score in rows]
    lacking = [name for name in part if name not in {row[0] for row in rows}]
    told += [(name, *[np.nan] * 5, "") for name in lacking]
    table = pd.DataFrame(told, columns=["image", *EDGES, "score", "label"])
    return table.assign(part=table["image"].map(part), budget=budget, fold=fold)


def manifest():
    names = [name for names in PART.values() for name in names]
    pool = ["test" if name in PART["test"] else "pool" for name in names]
    columns = {"object_id": names, "group": names, "label": "object", "part": pool, "fold": -1}
    return pd.DataFrame(columns)


TRUE = make_boxes(["v0", "v1", "i0", "t0"], [A, A, A, A])


def test_the_score_that_counts_is_the_best_in_validation_images():
    # In tested images another cut would be best: they are not looked at.
    found = found_table(
        ("v0", A, 0.8), ("v0", B, 0.3), ("v1", A, 0.6), ("i0", A, 0.2), ("i0", B, 0.1)
    )
    assert used_score(found, TRUE, manifest(), ["galaxy"]) == pytest.approx(0.6)
    less = found_table(("v0", A, 0.8), ("v0", B, 0.7), ("v1", A, 0.1), budget=5)
    both = pd.concat([less, found])
    assert used_score(both, TRUE, manifest(), ["galaxy"]) == pytest.approx(0.6)
    drawn = pd.concat([both.assign(draw=0), found.assign(draw=1, score=0.9)])
    assert used_score(drawn, TRUE, manifest(), ["galaxy"]) == pytest.approx(0.6)


def test_without_anything_to_learn_from_all_counts_and_without_a_find_nothing():
    found = found_table(("i0", A, -3.0))
    tested = found[found["part"] == "test"]
    assert used_score(tested.assign(budget=0), TRUE, manifest(), ["galaxy"]) == -np.inf
    assert used_score(found, TRUE, manifest(), ["galaxy"]) == np.inf
    with pytest.raises(FewskyError, match=r"detector: wanted validation images .* found none"):
        used_score(tested, TRUE, manifest(), ["galaxy"])
    with pytest.raises(FewskyError, match="detector: wanted a run outside folds"):
        largest_run(found_table(("i0", A, 0.5), fold=1))


# --- names --------------------------------------------------------------------------------------
class Redness(torch.nn.Module):
    """Says ring where the window is redder than blue, with a sureness that grows with it."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, images, extra=None):
        red = images[:, 0].mean(dim=(1, 2)) - images[:, 2].mean(dim=(1, 2))
        return 20 * red[:, None]


@pytest.fixture
def by_colour():
    """A classifier whose class can be told from the window: redder is ring."""
    recipe = {**small.RECIPE, "loss": "auto"}
    told = {"stretch": "raw", "psf": "none", "bands": COLOURS, "extra": []}
    card = {"bands": COLOURS, "size": 13, "classes": CLASSES, "recipe": recipe, "input": told}
    return Classifier(Redness(), {**card, "experiment": "by-colour"}, [0, 1, 2])


def coloured():
    """Images i0, i1, i2 in another order: a red square at A and a blue one at B in each."""
    images = np.full((3, 3, SIDE, SIDE), 0.1, np.float32)
    for box, band in ((A, 0), (B, 2)):
        x0, y0, x1, y1 = box
        images[:, band, y0:y1, x0:x1] = 0.9
    return images, pd.DataFrame({"object_id": ["i2", "i0", "i1"]})


def test_each_detection_is_named_by_what_it_holds(by_colour, monkeypatch):
    monkeypatch.setattr(named, "CHUNK", 2)
    found = found_table(("i0", A, 0.9), ("i0", B, 0.8), ("i2", B, 0.7), ("i2", A, 0.2))
    table = name_detections(found, *coloured(), by_colour, 0.5, 1.5)
    assert table.columns.tolist() == NAMED and set(table["part"]) == {"test"}
    assert table["image"].tolist() == ["i0", "i0", "i2", "i1"]
    assert table["label"].tolist() == ["ring", "disc", "disc", ""]
    assert table["probability"][:3].min() > 0.9 and np.isnan(table["probability"][3])
    assert table.loc[3, [*EDGES, "score"]].isna().all()
    assert table["score"][:3].tolist() == pytest.approx([0.9, 0.8, 0.7])
    # Blue and red stand for each other where the classifier takes its bands the other way round.
    other = by_colour._replace(take=[2, 1, 0])
    assert name_detections(found, *coloured(), other, 0.5, 1.5)["label"][0] == "disc"


def test_no_detection_at_all_leaves_every_image_a_row(by_colour):
    table = name_detections(found_table(("i0", A, 0.9)), *coloured(), by_colour, np.inf, 2.0)
    assert sorted(table["image"]) == PART["test"] and table["score"].isna().all()
    assert (table["label"] == "").all() and table["score"].dtype == np.float32


def test_an_image_that_the_data_set_lacks_is_one_line(by_colour):
    images, catalog = coloured()
    with pytest.raises(FewskyError, match="wanted images of the data set; found i0"):
        found = found_table(("i0", A, 0.9))
        name_detections(found, images[:1], catalog[:1], by_colour, 0.5, 2.0)


def test_a_frame_keeps_its_table_and_gains_names(by_colour):
    images, _ = coloured()
    found = pd.DataFrame([(*A, 0.9, "galaxy", 64), (*B, 0.8, "galaxy", 160)])
    found.columns = [*EDGES, "score", "label", "side"]
    image = np.round(255 * images[0]).astype(np.uint8)
    table = frames_by.name_frame(found, image, by_colour, 1.5)
    pd.testing.assert_frame_equal(table[list(found)], found)
    assert table["named"].tolist() == ["ring", "disc"] and (table["probability"] > 0.9).all()
    assert frames_by.name_frame(found[:0], image, by_colour, 1.5).empty


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a classifier of three colours, trained for an epoch at two budgets."""
    images, catalog, *others = small.world(80)
    images = np.concatenate([images, images[:, :1]], axis=1)
    folder = tmp_path_factory.mktemp("classifier")
    told = small.settings(bands=COLOURS, budgets=[16, "all"], max_epochs=1, stretch="robust")
    train(told, images, catalog, *others, 0, folder / "out", folder / "resume", "cpu",
          wait_seconds=0)  # fmt: skip
    return folder / "out"


def test_a_stored_classifier_sees_colours_in_its_own_order(trained):
    budgets = [run["budget"] for run in load_json(trained / "model.json")["runs"]]
    one = load_classifier(trained, 0, ["blue", "green", "red"], "cpu")
    assert one.card["budget"] == max(budgets) and one.take == [2, 1, 0]
    images = np.random.default_rng(0).uniform(0, 1, (2, 3, 40, 40)).astype(np.float32)
    boxes = np.array([(5, 5, 20, 18), (10, 12, 30, 34.5)])
    label, probability = named.named(one, images, np.array([1, 0]), boxes, 2.0)
    assert set(label) <= {"galaxy", "star"} and (probability >= 0.5).all()
    same = load_classifier(trained, 0, COLOURS, "cpu")
    again = named.named(same, images[:, ::-1], np.array([1, 0]), boxes, 2.0)
    np.testing.assert_array_equal(again[1], probability)


def test_a_classifier_of_other_images_is_one_line(trained, tmp_path):
    with pytest.raises(
        FewskyError, match=r"images: wanted bands red, green, blue .* found g, r, i"
    ):
        load_classifier(trained, 0, ["g", "r", "i"], "cpu")
    card = load_json(trained / "model.json")
    for change, line in (
        ({"bands": ["g", "r", "i"]}, "sharp-or-soft: wanted bands red, green, blue"),
        ({"classes": []}, "sharp-or-soft: wanted a classifier that sees pixels alone"),
    ):
        folder = tmp_path / str(len(line))
        folder.mkdir()
        (folder / "model.safetensors").write_bytes((trained / "model.safetensors").read_bytes())
        save_json({**card, **change}, folder / "model.json")
        with pytest.raises(FewskyError, match=line):
            load_classifier(folder, 0, COLOURS, "cpu")


# --- truth --------------------------------------------------------------------------------------
TOLD = {
    "boxes": {"classes": ["galaxy"]}, "task": {"classes": CLASSES}, "size": SIDE, "sky_size": 160,
}  # fmt: skip


def test_on_the_demo_sky_every_galaxy_has_its_true_class():
    boxes = make_boxes(["i0", "i0", "i1"], 2 * np.array([A, B, A]), source="true", difficult=False)
    truth = boxes.assign(true_class=["ring", "comet", "disc"], place=[0, 1, 0])
    table = classed_boxes(boxes[:1], truth, pd.DataFrame(), TOLD)
    assert table[EDGES].to_numpy().tolist() == [list(A), list(B), list(A)]
    assert table["difficult"].tolist() == [False, True, False]
    assert table["label"][[0, 2]].tolist() == ["ring", "disc"]
    groups = {"task": {"classes": ["round"], "groups": {"round": ["ring", "comet"]}}}
    told = classed_boxes(boxes, truth, pd.DataFrame(), TOLD | groups)
    assert told["label"][:2].tolist() == ["round"] * 2
    assert told["difficult"].tolist() == [False, False, True]
    with pytest.raises(FewskyError, match=r"truth: wanted .* true_class .* found no true_class"):
        classed_boxes(boxes, boxes, pd.DataFrame(), TOLD)


def test_elsewhere_the_catalogue_names_the_galaxy_in_the_middle(capsys):
    middle, wide, off = (30, 30, 50, 52), (10, 10, 66, 60), (2, 2, 20, 20)
    boxes = make_boxes(["i0", "i0", "i0", "i1", "i2"], [wide, middle, off, off, middle])
    boxes.loc[4, "label"] = "star"
    catalog = pd.DataFrame({"object_id": ["i0", "i1", "i2"], "label": ["ring", "disc", "disc"]})
    table = classed_boxes(boxes, None, catalog, TOLD)
    assert table["image"].tolist() == ["i0", "i0", "i0", "i1"]
    assert table["difficult"].tolist() == [True, False, True, True] and table["label"][1] == "ring"
    assert set(table["source"]) == {"proposed"} and not capsys.readouterr().out
    table = classed_boxes(boxes, None, catalog.assign(label=""), TOLD)
    assert table["difficult"].all() and "no galaxy's class is known" in capsys.readouterr().out


def test_from_detections_to_scores(by_colour):
    """Found and rightly named, misnamed, missed and invented, through all steps."""
    true = make_boxes(["i0", "i0", "i1", "i2"], [A, B, A, A], source="true")
    true = true.assign(true_class=["ring", "ring", "ring", "ring"])
    found = found_table(
        ("i0", A, 0.9), ("i0", B, 0.8), ("i1", (40, 2, 60, 20), 0.7), ("v0", A, 0.6)
    )
    boxes = make_boxes("v0", A)
    least = used_score(found, boxes, manifest(), ["galaxy"])
    table = name_detections(found, *coloured(), by_colour, least, 1.5)
    known = classed_boxes(boxes, true, pd.DataFrame(), TOLD | {"sky_size": SIDE})
    told = judged_images(table, known, manifest(), CLASSES)
    assert told[["image", "outcome"]].to_numpy().tolist() == [
        ["i0", "found and rightly named"],
        ["i0", "misnamed"],
        ["i1", "missed"],
        ["i1", "invented"],
        ["i2", "missed"],
    ]
    scores = score_named({("det", 0): table}, known, manifest(), CLASSES, {"bootstrap": 50}, seed=0)
    value = scores[(scores["draw"] == -1) & (scores["subset"] == "all")].set_index("metric")[
        "value"
    ]
    assert value[["found_right", "misnamed", "missed", "invented"]].tolist() == pytest.approx(
        [1 / 4, 1 / 4, 1 / 2, 1 / 3]
    )
