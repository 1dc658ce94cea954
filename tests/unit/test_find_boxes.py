"""Boxes of a shard: of the demo sky, of a person, of the rule; what config.yaml refuses."""

import numpy as np
import pandas as pd
import pytest

from fewsky.boxes.find import find_boxes
from fewsky.boxes.table import COLUMNS, EDGES, make_boxes
from fewsky.boxes.voc_folder import write_folder
from fewsky.boxes_check import check_boxes_experiment, check_boxes_task
from fewsky.console import FewskyError
from tests.unit import shipped

SIZE = 64
NAMES = ["a-1", "a-2", "a-3"]
RULE = {"from": "proposed", "folder": None, "rule": {}, "classes": ["galaxy"], "size": SIZE}


def shard(names=NAMES):
    """An image each, with one bright galaxy at (20, 30) and (44, 30)."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    noise = np.random.default_rng(0).normal(0, 0.005, (len(names), 3, SIZE, SIZE))
    images = 0.05 + noise
    for centre in (20, 44):
        images += 0.7 * np.exp(-(((x - centre) / 5) ** 2 + ((y - 30) / 4) ** 2) / 2)
    return images.astype(np.float32), pd.DataFrame({"object_id": names})


def objects(names=("a-0", *NAMES, "b-1")):
    return pd.DataFrame({"object_id": list(names)})


def found(settings, **told):
    return find_boxes(*shard(), objects(), {**RULE, **settings}, **told)


def test_the_rule_proposes_a_box_around_each_galaxy():
    boxes = found({})
    assert list(boxes) == COLUMNS and set(boxes["source"]) == {"proposed"}
    assert boxes["image"].value_counts().to_dict() == dict.fromkeys(NAMES, 2)
    middles = (boxes["x0"] + boxes["x1"]) / 2
    assert np.abs(middles.to_numpy().reshape(3, 2) - [20, 44]).max() < 2


def test_settings_of_the_rule_count():
    assert found({"rule": {"floor": 0.99}}).empty


def test_boxes_of_the_sky_are_brought_to_the_size_of_the_images():
    sky = make_boxes(["a-2", "b-1"], [[8, 16, 24, 40], [0, 0, 9, 9]], source="true")
    sky = sky.assign(true_class="round-smooth", place=0)
    boxes = found({"from": "sky", "sky_px": 128}, sky=sky)
    assert boxes[["image", *EDGES]].to_numpy().tolist() == [["a-2", 4, 8, 12, 20]]
    assert boxes["source"].tolist() == ["true"]


def test_files_of_a_person_replace_the_rule_where_there_is_one(tmp_path):
    images = pd.DataFrame(
        {"image": ["a-1", "b-1"], "file": ["a-1.png", "b-1.png"], "width": SIZE, "height": SIZE}
    )
    drawn = make_boxes(["a-1"], [[1, 2, 30, 40]], source="corrected")
    write_folder(tmp_path, drawn, images, "corrected")
    boxes = found({"from": "folder", "folder": str(tmp_path)})
    mine = boxes[boxes["image"] == "a-1"]
    assert mine[EDGES].to_numpy().tolist() == [[1, 2, 30, 40]]
    assert mine["source"].tolist() == ["corrected"]
    assert set(boxes.loc[boxes["image"] != "a-1", "source"]) == {"proposed"}
    assert "b-1" not in set(boxes["image"])


def test_a_file_of_no_object_is_refused(tmp_path):
    images = pd.DataFrame({"image": ["c"], "file": ["c.png"], "width": SIZE, "height": SIZE})
    write_folder(tmp_path, make_boxes(["c"], [[1, 2, 30, 40]]), images)
    with pytest.raises(FewskyError, match=r"c\.png, which it lacks"):
        found({"from": "folder", "folder": str(tmp_path)})


def test_other_labels_are_left_out():
    sky = make_boxes(["a-1", "a-1"], [[0, 0, 9, 9], [1, 1, 9, 9]], label=["star", "galaxy"])
    assert len(found({"from": "sky", "sky_px": SIZE}, sky=sky)) == 1


# --- config.yaml --------------------------------------------------------------------------------
def task(**boxes):
    split = {"unlabelled_fraction": 0.0}
    return {"boxes": {"from": "proposed", "folder": None, **boxes}, "split": split}


def detector(**recipe):
    item = shipped.shipped("config").experiments["det-ssd"]
    return {**item, "recipe": {**item["recipe"], **recipe}}


@pytest.mark.parametrize("boxes", [{"from": "folder"}, {"folder": "here"}])
def test_a_folder_is_named_where_boxes_come_from_it(boxes):
    with pytest.raises(FewskyError, match=r"boxes\.folder: wanted a folder with from: folder"):
        check_boxes_task("config: tasks.x", task(**boxes))


def test_a_shipped_detector_passes():
    check_boxes_experiment("config: experiments.x", detector(), task())


@pytest.mark.parametrize(
    ("recipe", "match"),
    [
        ({"augment": "combined"}, "recipe.augment: wanted none, rotation"),
        ({"affine": {"rotation_deg": 3, "shear_deg": 0}}, "recipe.affine: .* a turn or a shear"),
        ({"test_views": 8}, "recipe.test_views: wanted 1"),
        ({"rebalance": 0.5}, "recipe.rebalance: wanted 0"),
        ({"unfreeze": "head"}, "recipe.unfreeze: wanted all"),
        ({"processes": 2}, "recipe.processes: wanted 1"),
    ],
)
def test_what_boxes_cannot_follow_is_refused(recipe, match):
    with pytest.raises(FewskyError, match=match):
        check_boxes_experiment("config: experiments.x", detector(**recipe), task())


@pytest.mark.parametrize(
    ("item", "boxed", "match"),
    [
        ({"opponent": {"family": "forest"}}, True, "wanted one of central-box, segments"),
        ({"opponent": {"family": "segments"}}, False, "wanted none that looks for boxes"),
        ({"model": {"name": "compact"}}, True, "wanted one of ssdlite, effdet for a task"),
        ({"model": {"name": "effdet-d0"}}, False, "wanted none that looks for boxes"),
        ({"probe": {"weights": "x"}}, True, "experiments.x.probe: wanted a detector"),
    ],
)
def test_boxes_are_looked_for_by_what_finds_boxes(item, boxed, match):
    with pytest.raises(FewskyError, match=match):
        check_boxes_experiment("config: experiments.x", item, task() if boxed else {"split": {}})


def test_the_sample_of_real_images_has_proposed_boxes_and_no_network_of_coco():
    plan = shipped.shipped("detection")
    assert plan.tasks["galaxies"]["boxes"]["from"] == "proposed"
    assert plan.paper["detection"]["frames"]["fields"] == ["94-1-12"]
    finders = [name for name in plan.of_task("galaxies") if "recipe" in plan.experiments[name]]
    assert finders == ["det-ssd-none"] and plan.experiments[finders[0]]["weights"] is None
