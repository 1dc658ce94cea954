"""Starting weights of detectors: published files, random ones, an experiment's; and back again."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from fewsky.console import FewskyError
from fewsky.files import load_arrays, save_arrays, save_json
from fewsky.models import trained
from fewsky.models.start import load_start
from fewsky.models.weights import prepare
from fewsky.networks import fresh_layers
from tests.unit.test_detect import made, run, sky

COLOURS = ["red", "green", "blue"]
BLOCK = {"name": "coco", "bands": 3, "from": None, "random": None, "url": None, "file": None,
         "mean": None, "std": None}  # fmt: skip
needs_effdet = pytest.mark.skipif(find_spec("effdet") is None, reason="effdet is not installed")
PUBLISHED = {
    "ssdlite": {
        # ssdlite320_mobilenet_v3_large_coco-a79551df.pth: 90 classes and the background
        "backbone.features.0.0.0.weight": (16, 3, 3, 3),
        "backbone.features.1.3.0.weight": (480, 80, 1, 1),
        "backbone.extra.3.2.0.weight": (128, 64, 1, 1),
        "head.classification_head.module_list.0.1.weight": (546, 672, 1, 1),
        "head.regression_head.module_list.5.1.bias": (24,),
    },
    "effdet-d0": {
        # tf_efficientdet_d0_34-f153e0cf.pth: nine anchors of 90 classes
        "backbone.conv_stem.weight": (32, 3, 3, 3),
        "backbone.blocks.6.0.bn3.running_var": (320,),
        "fpn.cell.0.fnode.0.combine.edge_weights": (2,),
        "class_net.predict.conv_pw.weight": (810, 64, 1, 1),
        "box_net.predict.conv_pw.bias": (36,),
    },
}
CASES = [
    pytest.param("ssdlite", 96, [0.5, 0.5, 0.5]),
    pytest.param("effdet-d0", 256, [0.485, 0.456, 0.406], marks=needs_effdet),
]


def colours(n=16):
    """The sky of the detectors' tests in three bands."""
    images, *others = sky(n)
    return (np.concatenate([images, images[:, :1]], axis=1), *others)


def published(name, side, path):
    """Write a file as published, of a network with fresh weights; its tensors by name."""
    classes = [f"class-{k}" for k in range(90)]
    state = made(name, side, classes=classes, bands=3).model.state_dict()
    if path.suffix == ".safetensors":
        save_file({key: value.contiguous() for key, value in state.items()}, path)
    else:
        torch.save(state, path)
    return state


def prepared(folder, block, path):
    """The folder of prepared weights, as the rule leaves it; their names."""
    arrays, card = prepare(block, path)
    save_arrays(arrays, folder / "model.safetensors")
    save_json(card, folder / "model.json")
    return arrays, card


@pytest.mark.parametrize(("name", "side", "mean"), CASES)
def test_names_and_shapes_are_those_of_the_published_file(tmp_path, name, side, mean):
    state = published(name, side, tmp_path / "coco.pth")
    for key, shape in PUBLISHED[name].items():
        assert tuple(state[key].shape) == shape
    arrays, card = prepare(BLOCK | {"model": name, "url": "https://x"}, tmp_path / "coco.pth")
    fresh = {key for key in state if f"model.{key}".startswith(fresh_layers(name))}
    assert set(arrays) == {f"model.{key}" for key in set(state) - fresh}
    assert {key.split(".")[0] for key in fresh} <= {"head", "class_net"} and fresh
    assert all(np.array_equal(array, state[key[6:]]) for key, array in arrays.items())
    assert card["mean"] == mean and card["model"] == name and len(card["sha256"]) == 64


@pytest.mark.parametrize(("name", "side", "mean"), CASES)
def test_a_training_starts_from_a_published_file(tmp_path, name, side, mean):
    """Mean and deviation that the weights expect, too; at a rate that moves nothing."""
    file = "coco.safetensors" if name == "ssdlite" else "coco.pth"
    state = published(name, side, tmp_path / file)
    prepared(tmp_path / "weights", BLOCK | {"model": name, "file": "f"}, tmp_path / file)
    run(
        tmp_path, colours(), bands=COLOURS, model={"name": name, "size": side}, stretch="card",
        start=load_start(tmp_path / "weights", None, 0), learning_rate=1e-12, max_epochs=1,
    )  # fmt: skip
    network, card = trained.load_model(tmp_path / "out")
    assert card["input"]["mean"] == mean
    for key, weight in network.named_parameters():
        if not key.startswith(fresh_layers(name)):
            torch.testing.assert_close(weight.detach(), state[key.removeprefix("model.")])


def test_weights_at_random_and_of_an_experiment(tmp_path):
    block = BLOCK | {"model": "ssdlite-small", "bands": 2}
    (one, card), (same, _), (other, _) = (prepare(block | {"random": k}, None) for k in (1, 1, 2))
    assert all(np.array_equal(one[key], same[key]) for key in one)
    assert not all(np.array_equal(one[key], other[key]) for key in one)
    assert not [key for key in one if key.startswith(fresh_layers("ssdlite-small"))]
    assert card["source"] == "random, seed 1"
    run(tmp_path, name="first", max_epochs=1, budgets=[20, "all"])
    arrays, card = prepare(block | {"from": "det"}, tmp_path / "first" / "model.safetensors")
    kept = load_arrays(tmp_path / "first" / "model.safetensors")
    assert arrays.keys() == one.keys()
    assert all(np.array_equal(a, kept[f"budget-36/fold--1/{key}"]) for key, a in arrays.items())


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("compact", "weights.coco.model: wanted vgg16, a timm network, ssdlite or effdet-d0"),
        ("ssdlite-small", "wanted weights of ssdlite-small; found others"),
        pytest.param("effdet-d0", "wanted weights of effdet-d0; found others", marks=needs_effdet),
    ],
)
def test_files_of_other_networks_are_refused_in_one_line(tmp_path, model, line):
    published("ssdlite", 96, tmp_path / "coco.pth")
    with pytest.raises(FewskyError, match=line) as caught:
        prepare(BLOCK | {"model": model, "url": "https://x"}, tmp_path / "coco.pth")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_files_that_are_none_are_refused_and_not_unpickled(tmp_path):
    class Bad:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"a": Bad()}, tmp_path / "coco.pth")
    with pytest.raises(FewskyError, match="found no file of named tensors"):
        prepare(BLOCK | {"model": "ssdlite", "url": "https://x"}, tmp_path / "coco.pth")
    assert not (tmp_path / "ran").exists()
