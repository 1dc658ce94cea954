"""Detectors: their own losses, boxes that move with the images, and training them as all others."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from fewsky.console import FewskyError
from fewsky.losses import of_its_loss
from fewsky.models import detect_crops, detect_results, trained, weights
from fewsky.models.detect import Boxes, Scenes, padded
from fewsky.models.detect_views import (
    KEPT,
    Scene,
    SceneViews,
    cut_boxes,
    moved_scene,
    turned_scene,
)
from fewsky.models.start import Start
from fewsky.models.train import train
from fewsky.networks.detectors import PARTS, build_detector
from fewsky.unfinished import forget
from tests.unit.training_world import RECIPE, settings

SIDE, BANDS = 64, ["g", "r"]
CORNERS = ["x0", "y0", "x1", "y1"]
OWN = {
    "loss": "own",
    "stretch": "robust",
    "augment": "d4",
    "max_epochs": 2,
    "batch_size": 8,
    "restore": "last",
    "learning_rate": 2e-3,
}
KINDS = [("ssdlite-small", 64), ("ssdlite", 96), ("effdet-d0", 64)]
needs_effdet = pytest.mark.skipif(find_spec("effdet") is None, reason="effdet is not installed")
NAMES = [pytest.param(*kind, marks=needs_effdet if "eff" in kind[0] else ()) for kind in KINDS]
CHILD = """
import json, sys
from tests.unit.test_detect import detection, sky
from fewsky.models.train import train
out, resume, changes = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
*given, boxes = sky()
train(detection(**changes), *given, 0, out, resume, "cpu", boxes=boxes, wait_seconds=0)
"""


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def made(name="ssdlite-small", side=SIDE, classes=("galaxy",), bands=2, **told):
    return build_detector({"name": name}, classes, bands, side, seeded(), **told)


def nans(*rows, m=2):
    """Boxes `(n, m, 5)` of lists of boxes."""
    found = torch.full((len(rows), m, 5), torch.nan)
    for k, boxes in enumerate(rows):
        for j, box in enumerate(boxes):
            found[k, j] = torch.tensor(box, dtype=torch.float32)
    return found


def detection(jitter=None, **changes):
    """Settings of a detector's training."""
    top = {"classes": [], "bands": BANDS, "boxes": {"classes": ["galaxy"]}}
    found = settings(**{**top, "model": {"name": "ssdlite-small"}, **OWN, **changes})
    found["recipe"]["jitter"] = jitter or {}
    return found


def sky(n=48, size=SIDE, seed=0):
    """Noise with up to two Gaussian blobs an image; boxes hold them to two widths each way.

    Every eighth image is empty; a quarter is the test part. Ends with the table of boxes.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] + 0.5
    images, rows = rng.normal(0, 0.05, (n, len(BANDS), size, size)), []
    ids = [f"image-{k:03d}" for k in range(n)]
    for k in range(n):
        for half in range(0 if k % 8 == 7 else 1 + k % 2):
            a, b = rng.uniform(3, 7, 2)
            cx = rng.uniform(14, 18) + 28 * (half if k % 2 else rng.integers(2))
            cy = rng.uniform(14, size - 14)
            images[k] += np.exp(-(((x - cx) / a) ** 2 + ((y - cy) / b) ** 2) / 2)
            rows.append((ids[k], cx - 2 * a, cy - 2 * b, cx + 2 * a, cy + 2 * b))
    boxes = pd.DataFrame(rows, columns=["image", *CORNERS]).assign(label="galaxy")
    boxes[CORNERS] = boxes[CORNERS].clip(0, size)
    part = np.where(np.arange(n) % 4 == 3, "test", "pool")
    table = {"object_id": ids, "label": "object", "part": part, "fold": -1}
    pool = [name for name, kind in zip(ids, part, strict=True) if kind == "pool"]
    rank = np.arange(len(pool))
    role = np.where(rank % 5 == 4, "val", "train")
    draws = pd.DataFrame({"draw": 0, "object_id": pool, "rank": rank, "role": role, "even": True})
    catalog = pd.DataFrame({"object_id": ids})
    return images.astype(np.float32), catalog, pd.DataFrame(table), draws, boxes


def run(tmp_path, data=None, name="out", start=None, **changes):
    """Train, and return the four files as `{name: bytes}`."""
    *given, boxes = data or sky()
    out = tmp_path / name
    train(
        detection(**changes), *given, 0, out, tmp_path / "resume", "cpu", start, boxes=boxes,
        wait_seconds=0,
    )  # fmt: skip
    forget(tmp_path / "resume")
    return {path.name: path.read_bytes() for path in out.iterdir()}


def predictions(tmp_path, name="out"):
    return pd.read_parquet(tmp_path / name / "predictions.parquet")


def overlap(found, true):
    """Intersection over union of boxes `(n, 4)` with boxes `(m, 4)`."""
    low = np.maximum(found[:, None, :2], true[None, :, :2])
    high = np.minimum(found[:, None, 2:], true[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    area = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (found, true)]
    return shared / (area[0][:, None] + area[1] - shared)


# --- networks ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "side"), NAMES)
def test_a_detector_gives_losses_and_boxes(name, side):
    network, images = made(name, side), torch.randn((3, 2, side, side), generator=seeded(1))
    boxes = nans([(8, 10, 40, 50, 0)], [(8, 10, 40, 50, 0), (20, 4, 60, 30, 0)], [])
    sums, parts = network(images, boxes), network.losses(images, boxes)
    assert (sums.shape, tuple(parts)) == ((3, 3), PARTS)
    assert sums[:2, 2].min() > 0 and sums[2, 2] == 0
    assert sums[2, 1] == 0 and (sums[:2, :2] > 0).all()
    goal = Boxes(1).loss(sums, torch.zeros(3)).mean()
    torch.testing.assert_close(goal, sum(parts.values()))
    goal.backward()
    assert all(weight.grad is not None for weight in network.parameters())
    assert network(images[:1], boxes[:1]).isfinite().all()  # of one image, in training
    assert network(images, nans([], [], [], m=0)).isfinite().all()
    for found, scores, classes in network.detect(images):
        assert found.shape == (len(scores), 4) and len(scores) <= 100
        assert ((found >= 0) & (found <= side)).all() and (classes == 0).all()
        assert (scores.diff() <= 0).all() and (found[:, 2:] > found[:, :2]).all()


def test_the_loss_is_torchvisions():
    network, images = made("ssdlite", 96, bands=3), torch.randn((2, 3, 96, 96))
    boxes = nans([(8, 10, 40, 50, 0)], [(8, 10, 40, 50, 0), (20, 4, 60, 30, 0)])
    found = network.losses(images, boxes)
    whole = network.model
    whole.transform.image_mean, whole.transform.image_std = [0.0] * 3, [1.0] * 3
    whole.transform.fixed_size = (96, 96)
    targets = [rows[~rows[:, 0].isnan()] for rows in boxes]
    targets = [
        {"boxes": b[:, :4], "labels": torch.ones(len(b), dtype=torch.int64)} for b in targets
    ]
    theirs = whole(list(images), targets)
    # 1e-4: their images pass through an interpolation to the same side
    torch.testing.assert_close(found["boxes"], theirs["bbox_regression"], rtol=1e-3, atol=1e-4)
    one = Boxes(1).loss(network(images[1:].repeat(2, 1, 1, 1), boxes[[1, 1]]), None)
    assert one[0] == one[1]
    counts = network(images, boxes)[:, 2]
    assert counts.tolist() == [float(round(c)) for c in counts.tolist()]
    torch.testing.assert_close(found["classes"], theirs["classification"], rtol=1e-3, atol=1e-4)


@needs_effdet
def test_the_loss_is_effdets():
    from effdet import DetBenchTrain

    network, images = made("effdet-d0", bands=3), torch.randn((2, 3, SIDE, SIDE))
    boxes = nans([(8, 10, 40, 50, 0)], [(8, 10, 40, 50, 0), (20, 4, 60, 30, 0)])
    sums = network(images, boxes).sum(dim=0)
    known = [rows[~rows[:, 0].isnan()] for rows in boxes]
    told = {"bbox": [b[:, [1, 0, 3, 2]] for b in known], "cls": [b[:, 4] + 1 for b in known]}
    theirs = DetBenchTrain(network.model).train()(images, told)
    torch.testing.assert_close(sums[0] / (sums[2] + 1), theirs["class_loss"])
    torch.testing.assert_close(sums[1] / (sums[2] + 1), 50 * theirs["box_loss"])


@pytest.mark.parametrize(
    ("name", "count"),
    [("ssdlite", 3440060), pytest.param("effdet-d0", 3880067, marks=needs_effdet)],
)
def test_sizes_are_the_published_ones(name, count):
    """torchvision's card of COCO_V1 for ssdlite; Tan, Pang & Le 2020, table 2: 3.9 million."""
    network = made(name, 256, classes=[f"class-{k}" for k in range(90)], bands=3)
    assert sum(weight.numel() for weight in network.parameters()) == count


@pytest.mark.parametrize(("name", "side"), NAMES)
def test_first_weights_are_the_generators(name, side):
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    one, same = made(name, side), made(name, side)
    assert torch.equal(before, torch.random.get_rng_state())
    other = build_detector({"name": name}, ["galaxy"], 2, side, seeded(1))
    pairs = [zip(one.parameters(), net.parameters(), strict=True) for net in (same, other)]
    assert all(torch.equal(a, b) for a, b in pairs[0])
    assert not all(torch.equal(a, b) for a, b in pairs[1])


@pytest.mark.parametrize(
    "name", [NAMES[1].values[0], pytest.param("effdet-d0", marks=needs_effdet)]
)
def test_published_weights_start_all_but_the_classes(tmp_path, name, side=256):
    """A file as published, of 90 classes and three colours, for one class and two bands."""
    whole = made(name, side, classes=[f"class-{k}" for k in range(90)], bands=3).model
    torch.save(whole.state_dict(), tmp_path / "coco.pth")
    block = {"name": "coco", "model": name, "bands": 2, "from": None, "random": None}
    block |= {"url": "https://x/coco.pth", "file": None, "mean": None, "std": None}
    if name == "effdet-d0":
        block |= {"mean": [0.5] * 2, "std": [0.2] * 2}
    arrays, card = weights.prepare(block, tmp_path / "coco.pth")
    assert card["model"] == name and len(card["mean"]) in (2, 3)
    network, fresh = made(name, side, weights=arrays), made(name, side)
    theirs, changed = whole.state_dict(), []
    for key, weight in network.state_dict().items():
        same = torch.equal(weight, fresh.state_dict()[key])
        published = theirs[key.removeprefix("model.")]
        if published.shape == weight.shape and not torch.equal(weight, published):
            changed.append(key)
        if same and published.shape != weight.shape:
            changed.append(key)
    assert changed and all("class" in key for key in changed)
    save_file({"a": torch.zeros(2)}, tmp_path / "wrong.safetensors")
    with pytest.raises(FewskyError, match=f"wanted weights of {name}; found others") as caught:
        weights.prepare(block, tmp_path / "wrong.safetensors")
    assert "\n" not in str(caught.value)


def test_what_cannot_be_built_is_refused():
    with pytest.raises(FewskyError, match="there is no ssdlite-huge"):
        made("ssdlite-huge")
    with pytest.raises(FewskyError, match="smaller than 64 px"):
        made(side=32)


@needs_effdet
def test_effdet_wants_a_side_that_halves():
    with pytest.raises(FewskyError, match="multiple of 64"):
        made("effdet-d0", 100)


@needs_effdet
@pytest.mark.parametrize(("side", "levels"), [(64, 3), (128, 4), (256, 5), (512, 5)])
def test_no_level_of_effdet_is_a_single_pixel(side, levels):
    network = made("effdet-d0", side)
    assert network.model.config.num_levels == levels
    assert side >> network.model.config.max_level >= 2


# --- views ------------------------------------------------------------------------------------
def painted(n=24, side=40, seed=0):
    """Scenes with one rectangle of ones each, off the edge, its box in whole pixels."""
    rng = np.random.default_rng(seed)
    images, boxes = np.zeros((n, 1, side, side), np.float32), []
    for image in images:
        (x0, y0), (w, h) = rng.integers(1, side - 14, 2), rng.integers(5, 14, 2)
        image[0, y0 : y0 + h, x0 : x0 + w] = 1
        boxes.append([(x0, y0, x0 + w, y0 + h, 0)])
    return Scene(torch.from_numpy(images), nans(*boxes, m=1))


def extent(image):
    """Box of the pixels above .5."""
    y, x = np.nonzero(image > 0.5)
    return [x.min(), y.min(), x.max() + 1, y.max() + 1]


def test_boxes_turn_with_their_images():
    scene = painted()
    found = turned_scene(scene, torch.arange(24) % 8)
    for image, box in zip(found.images[:, 0].numpy(), found.boxes[:, 0], strict=True):
        assert extent(image) == box[:4].tolist()
    assert not torch.equal(found.boxes, scene.boxes)


def test_boxes_are_zoomed_shifted_and_cut_with_their_images():
    recipe = RECIPE | {"augment": "affine"}
    recipe["affine"] = recipe["affine"] | {"rotation_deg": 0, "shear_deg": 0, "zoom": 0.3}
    scene = painted(200)
    images, boxes, targets = SceneViews(scene, recipe, seeded()).batch(torch.arange(200))
    assert targets.tolist() == [0] * 200
    kept = ~boxes[:, 0, 0].isnan()
    assert 150 < kept.sum() < 200  # shifted by up to a fifth, a few leave the image
    for image, box in zip(images[kept, 0].numpy(), boxes[kept, 0], strict=True):
        # Half a pixel of rounding here, and half an old one (of up to 1.4) where it is bilinear.
        assert np.abs(np.subtract(extent(image), box[:4].numpy())).max() <= 1.01
    areas = [(b[:, 0, 2] - b[:, 0, 0]) * (b[:, 0, 3] - b[:, 0, 1]) for b in (boxes, scene.boxes)]
    assert (areas[0][kept] / areas[1][kept]).std() > 0.2


def test_a_zoom_by_two_is_known():
    scene = Scene(torch.zeros((1, 1, 8, 8)), nans([(3, 2, 5, 6, 0)], m=1))
    theta = torch.tensor([[[0.5, 0, 0], [0, 0.5, 0]]])  # the middle half is seen
    assert moved_scene(scene, theta).boxes[0, 0].tolist() == [2, 0, 6, 8, 0]


def test_boxes_that_hardly_stay_are_left_out():
    boxes = nans([(-6, 0, 4, 10, 0)], [(-8, 0, 2, 10, 0)], [(9.5, 0, 20, 10, 0)], [], m=1)
    found = cut_boxes(boxes, 10)
    assert found[0, 0].tolist() == [0, 0, 4, 10, 0] and KEPT == 0.25
    assert found[1:].isnan().all()


def test_brightness_moves_no_box():
    scene = painted()
    recipe = RECIPE | {"augment": "none", "jitter": {"gain": 0.2, "offset": 0.3, "noise": 0.0}}
    images, boxes, _ = SceneViews(scene, recipe, seeded()).batch(torch.arange(24))
    assert torch.equal(boxes, scene.boxes) and not torch.equal(images, scene.images)
    assert "jitter" in of_its_loss({"loss": "own", "jitter": {}, "mask_cell": 4})
    assert of_its_loss({"loss": "own", "jitter": {}, "mask_cell": 4}).keys() == {"loss", "jitter"}


# --- training ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """The table of predictions of a training that sees enough, and the true boxes."""
    folder, data = tmp_path_factory.mktemp("learned"), sky(160)
    boxes, told = {"classes": ["galaxy"], "off_centre": 0.75}, {"learning_rate": 5e-3}
    run(folder, data, boxes=boxes, max_epochs=30, schedule="cosine", warmup=0.05, **told)
    return predictions(folder), data[-1]


def best_overlap(found, true):
    """For each row of `true` the best overlap of a row of `found` in the same image."""
    of_image = dict(list(found.groupby("image")))
    none = found[:0]
    return np.array(
        [
            overlap(of_image.get(one["image"], none)[CORNERS].to_numpy(), at[None]).max(initial=0)
            for (_, one), at in zip(true.iterrows(), true[CORNERS].to_numpy(), strict=True)
        ]
    )


def test_it_learns_to_find_blobs(learned):
    table, boxes = learned
    assert list(table) == detect_results.COLUMNS
    assert table["score"].dtype == table["x0"].dtype == np.float32
    test = table[table["part"] == "test"]
    true = boxes[boxes["image"].isin(test["image"])]
    sure = test[test["score"] > 0.3]
    assert len(true) == 40
    assert (best_overlap(sure, true) > 0.5).mean() > 0.8
    assert len(sure) < 1.2 * len(true)


def test_every_scored_image_stands_in_the_predictions(tmp_path):
    catalog = sky()[1]
    card = json.loads(run(tmp_path, budgets=[20, "all"])["model.json"])
    table = predictions(tmp_path)
    for _, of_run in table.groupby("budget"):
        assert set(of_run["image"]) == set(catalog["object_id"])
        assert (of_run.groupby("image")["part"].nunique() == 1).all()
    assert table.groupby("image")["x0"].apply(lambda x: len(x) == 1 or x.notna().all()).all()
    assert (table["x0"].isna() == (table["label"] == "")).all()
    assert card["boxes"] == {"classes": ["galaxy"]} and card["classes"] == []
    assert [one["trained_on"] for one in card["runs"]] == [{"object": 16}, {"object": 29}]
    assert [one["budget"] for one in card["runs"]] == [20, 36]
    history = pd.read_csv(tmp_path / "out" / "history.csv")
    assert history["val_loss"].notna().all() and history["val_accuracy"].isna().all()


def test_a_stored_detector_finds_what_was_published(tmp_path):
    """At another side than the images', too; and in larger images, cut or not."""
    images, catalog, _, _, _ = sky()
    run(tmp_path, model={"name": "ssdlite-small", "size": 96})
    table = predictions(tmp_path)
    network, card = trained.load_model(tmp_path / "out")
    assert network.side == 96 and card["size"] == 64
    again = detect_results.find(network, card, images, catalog)
    columns = ["image", *CORNERS, "score", "label"]
    order = catalog["object_id"]
    expected = pd.concat([table[table["image"] == name] for name in order], ignore_index=True)
    pd.testing.assert_frame_equal(again[columns], expected[columns], atol=1e-3, rtol=1e-3)
    assert again[["x1", "y1"]].max().max() <= 64
    with pytest.raises(FewskyError, match="find: wanted square images"):
        detect_results.find(network, card, images[:, :1], catalog)


def test_nothing_of_the_test_part_reaches_the_network(tmp_path):
    images, catalog, manifest, draws, boxes = sky()
    first = run(tmp_path, name="first")
    test = manifest["object_id"][manifest["part"] == "test"]
    images[catalog["object_id"].isin(test)] *= 3
    other = boxes[~boxes["image"].isin(test)]
    second = run(tmp_path, (images, catalog, manifest, draws, other), "second")
    for name in ("model.safetensors", "model.json", "history.csv"):
        assert first[name] == second[name]
    assert first["predictions.parquet"] != second["predictions.parquet"]


def test_killed_it_resumes_and_ends_with_the_same_bytes(tmp_path):
    affine = RECIPE["affine"] | {"rotation_deg": 0, "shear_deg": 0}
    changes = {"max_epochs": 5, "augment": "affine", "affine": affine, "jitter": {"gain": 0.1}}
    whole = run(tmp_path, name="whole", **changes)
    command = [sys.executable, "-c", CHILD, str(tmp_path / "out"), str(tmp_path / "resume")]
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root / "scripts"), str(root), *filter(None, sys.path)])
    child = subprocess.Popen(
        [*command, json.dumps(changes)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    for line in child.stdout:
        if "epoch 2:" in line:
            child.kill()
            break
    child.communicate()
    assert child.returncode == -9
    assert not (tmp_path / "out").exists()
    assert any((tmp_path / "resume").rglob("budget-*.safetensors"))
    assert run(tmp_path, **changes) == whole


def test_it_starts_from_another_detector(tmp_path):
    run(tmp_path, name="first")
    network, _ = trained.load_model(tmp_path / "first")
    arrays = {name: value.numpy() for name, value in network.state_dict().items()}
    runs = {f"budget-36/fold--1/{name}": array for name, array in arrays.items()}
    run(tmp_path, name="same", start=Start(runs=runs), learning_rate=1e-12, max_epochs=1)
    same, _ = trained.load_model(tmp_path / "same")
    for (_, a), (_, b) in zip(network.named_parameters(), same.named_parameters(), strict=True):
        torch.testing.assert_close(a, b)


# --- off the centre ---------------------------------------------------------------------------
def test_windows_are_the_images_own():
    ids = [f"image-{k}" for k in range(200)]
    at = detect_crops.windows(ids, 64, 0.7, 5)
    assert (at["x1"] - at["x0"]).eq(45).all() and (at["y1"] - at["y0"]).eq(45).all()
    assert at[["x0", "y0"]].min().min() == 0 and at[["x1", "y1"]].max().max() == 64
    other = detect_crops.windows(ids[::-1], 64, 0.7, 5)[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(at, other)
    assert not at.equals(detect_crops.windows(ids, 64, 0.7, 6))
    images = np.arange(2 * 64 * 64).reshape(2, 1, 64, 64)
    x, y = at.loc[1, ["x0", "y0"]]
    seen = detect_crops.shifted_images(images, at[:2])
    assert seen.shape == (2, 1, 45, 45) and seen[1, 0, 0, 0] == images[1, 0, y, x]


def test_windows_are_scored_in_pixels_of_the_whole_image(learned):
    table, boxes = learned
    off = table[table["part"] == detect_crops.OFF_CENTRE]
    test = set(table["image"][table["part"] == "test"])
    assert set(off["image"]) == test
    windows = detect_crops.windows(sorted(test), SIDE, 0.75, 7).set_index("image")
    known = off[off["x0"].notna()]
    at = windows.loc[known["image"]]
    inside = [known[c].to_numpy() - at[c].to_numpy() for c in CORNERS]
    assert min(part.min() for part in inside[:2]) >= -1e-3
    assert max(part.max() for part in inside[2:]) <= 1e-3
    true = boxes[boxes["image"].isin(test)]
    at = windows.loc[true["image"], CORNERS].to_numpy()
    whole = ((true[CORNERS].to_numpy() - at)[:, :2] >= 0).all(axis=1)
    whole &= ((true[CORNERS].to_numpy() - at)[:, 2:] <= 0).all(axis=1)
    assert whole.sum() > 5
    assert np.median(best_overlap(off[off["score"] > 0.3], true[whole])) > 0.5


# --- bad input --------------------------------------------------------------------------------
def refused(tmp_path, message, data=None, **changes):
    with pytest.raises(FewskyError, match=message) as caught:
        run(tmp_path, data, **changes)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_boxes_that_cannot_be_are_refused(tmp_path):
    *given, boxes = sky()
    first = boxes.index == 3
    for message, changed in (
        ("found no x1", boxes.drop(columns="x1")),
        (
            "images of the catalogue; found 1 others",
            boxes.assign(image=boxes["image"].mask(first, "?")),
        ),
        ("wanted labels galaxy; found 1", boxes.assign(label=boxes["label"].mask(first, "star"))),
        ("finite corners", boxes.assign(x0=boxes["x0"].mask(first))),
        ("x0 < x1", boxes.assign(x1=boxes["x1"].mask(first, boxes["x0"]))),
        ("within 0 and 64 px", boxes.assign(y1=boxes["y1"].mask(first, 65))),
        ("wanted a table of boxes", None),
    ):
        refused(tmp_path, message, (*given, changed))


def test_settings_that_boxes_cannot_follow_are_refused(tmp_path):
    refused(tmp_path, "wanted own for a task with boxes.*found auto", loss="auto")
    refused(tmp_path, "recipe.augment: wanted none, rotation", augment="blur")
    refused(tmp_path, "recipe.affine: wanted neither .* a turn", augment="affine")
    refused(tmp_path, "augment_mode: wanted random", augment_mode="product")
    refused(tmp_path, "unfreeze: wanted all", unfreeze="head")
    refused(tmp_path, "test_views: wanted 1", test_views=8)
    *given, boxes = sky()
    with pytest.raises(FewskyError, match="wanted a task with boxes"):
        told = settings(classes=["object"])
        train(told, *given, 0, tmp_path / "out", tmp_path / "r", "cpu", boxes=boxes)
    with pytest.raises(FewskyError, match="wanted a task with boxes"):
        model = {"name": "compact", "size": 32}
        told = detection(boxes=None, loss="auto", model=model, classes=["object"])
        train(told, *given, 0, tmp_path / "out", tmp_path / "r", "cpu")


def test_no_box_and_no_image_are_no_trouble():
    *_, boxes = sky(4)
    catalog = pd.DataFrame({"object_id": ["image-000", "image-001"]})
    assert padded(boxes[:0], catalog, ["galaxy"], 64).shape == (2, 0, 5)
    statistics = {"stretch": "raw", "psf": "none", "bands": BANDS, "extra": []}
    images = np.zeros((2, 2, 64, 64), np.float32)
    source = Scenes(images, catalog, statistics, RECIPE, torch.device("cpu"), 32)
    assert source.inputs(np.arange(0)).shape == (0, 2, 32, 32)
    assert source.inputs(np.arange(2)).shape == (2, 2, 32, 32)
    assert len(detect_results.table_of([], [], ["galaxy"])) == 0
