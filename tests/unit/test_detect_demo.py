"""The small SSD on the demo sky, as the demo trains it but for twice as long: what it reaches."""

import numpy as np
import pandas as pd
import pytest

from fewsky.boxes.find import find_boxes
from fewsky.metrics.detection import score_detections
from fewsky.models.train import train
from fewsky.sky.crowds_paint import draw
from fewsky.sky.crowds_population import population
from fewsky.splits.keep_out import split_apart
from tests.unit import shipped


@pytest.fixture(scope="module")
def demo():
    """The demo's plan, its images `(n, 3, y, x)` of 0 to 1, catalogue and true boxes."""
    plan = shipped.shipped("demo")
    sky, seed = plan.sky["galaxyzoo"], plan.sky["seed"]
    listed, galaxies = population(sky, plan.surveys["galaxy-zoo-2"]["number"], seed)
    crowds = dict(list(galaxies.groupby("image", sort=False)))
    images, boxes = [], []
    for item in listed.itertuples():
        crowd = crowds.get(item.object_id, galaxies[:0])
        pixels, found, _ = draw(sky, crowd, seed, item.number)
        images.append(pixels.transpose(2, 0, 1))
        boxes.append(found)
    catalog = listed[["object_id", "ra", "dec", "label"]]
    return plan, np.stack(images).astype(np.float32) / 255, catalog, pd.concat(boxes)


@pytest.mark.slow
def test_ssd_finds_nine_galaxies_in_ten(demo, tmp_path):
    plan, images, catalog, sky = demo
    item, task = plan.experiments["det-ssd-none"], plan.tasks["galaxies"]
    size = plan.datasets["gz2"]["size"]
    told = {**task["boxes"], "size": size, "sky_px": plan.sky["galaxyzoo"]["side_px"]}
    boxes = find_boxes(images, catalog, catalog, told, sky)
    split = {"name": "galaxies", **task, "patch_arcsec": size * 0.396}
    manifest, draws, _ = split_apart(catalog, None, split, {}, seed=task["split"]["seed"])
    settings = {
        "experiment": "det-ssd-none", "classes": [], "bands": ["red", "green", "blue"],
        "boxes": {"classes": ["galaxy"], "off_centre": 0.0}, "folds": 0, "seed": 0,
        "budgets": ["all"], "start": None, "pseudo": None, "depth": 0, "model": item["model"],
        "recipe": {**item["recipe"], "max_epochs": 40, "pixel_arcsec": 0.396},
    }  # fmt: skip
    train(
        settings, images, catalog, manifest, draws, 0, tmp_path / "out", tmp_path / "resume", "cpu",
        boxes=boxes,
    )  # fmt: skip
    found = {("ssd", 0): pd.read_parquet(tmp_path / "out" / "predictions.parquet")}
    scoring = {"bin_mag": 1.0, "bootstrap": 100}
    table = score_detections(found, boxes, manifest, task, scoring, seed=0)
    reached = table.query("experiment == 'ssd' and draw == -1 and subset == 'all'")
    assert reached.set_index("metric")["value"]["map_50"] >= 0.90
