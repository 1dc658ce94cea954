"""Explanations of trained networks: layers found, evidence maps, filters, the check of the maps."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from fewsky.console import FewskyError
from fewsky.files import load_table, save_arrays, save_json, save_table
from fewsky.models import explain as explaining
from fewsky.models.explain_filters import for_show, preferred_inputs, responses
from fewsky.models.explain_layers import map_layers, outputs_at, weighted_layers
from fewsky.models.explain_maps import grad_cam, rank_correlation, structural_similarity
from fewsky.models.explain_states import cascade, set_anew
from fewsky.models.train import train
from fewsky.models.weights import prepare
from fewsky.networks import build
from fewsky.networks.vision_ops import prepare_torchvision
from tests.unit import test_transfer as frozen
from tests.unit import training_world as small

SETTINGS = {"draw": 0, "seed": 5, "threads": 1}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def network(name, size=33, **model):
    """A network in evaluation mode, images for it."""
    made = build({"name": name, **model}, 3, size, 4, generator())
    return made.eval(), torch.rand((5, 3, size, size), generator=generator(1))


def in_place():
    """Two convolutions that are rectified in place."""
    torch.nn.init.xavier_uniform_((conv := nn.Conv2d(1, 3, 3)).weight, generator=generator(2))
    torch.nn.init.xavier_uniform_((last := nn.Conv2d(3, 4, 3)).weight, generator=generator(3))
    torch.nn.init.normal_((head := nn.Linear(4 * 16, 3)).weight, generator=generator(4))
    steps = [conv, nn.ReLU(inplace=True), last, nn.ReLU(inplace=True), nn.Flatten(), head]
    return OneArgument(nn.Sequential(*steps))


class OneArgument(nn.Module):
    """Steps called as our networks are, with extra scalars that they do not use."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def forward(self, images, extra=None):
        return self.steps(images)


# --- layers ---------------------------------------------------------------------------------------
def test_layers_in_order_with_normalisation_and_rectifier():
    made, images = network("scratch-bigger", batch_norm=True)
    found = map_layers(made, images[:1])
    assert [(one.kind, one.number) for one in found] == [
        (kind, k) for k in (1, 2, 3, 4) for kind in ("convolution", "pooling")
    ]
    assert found[0][2:] == ("trunk.conv1.conv", "trunk.conv1.relu", 32, 33)
    assert found[1][2:] == ("trunk.conv1.pool", "trunk.conv1.pool", 32, 16)
    assert weighted_layers(made, images[:1])[0] == ["trunk.conv1.conv", "trunk.conv1.norm"]


def test_functions_leave_convolutions_alone():
    made, images = network("ruhmer-base", 25)
    found = map_layers(made, images[:1])
    assert [(one.name, one.settled, one.side) for one in found] == [
        ("conv1", "conv1", 23), ("conv2", "conv2", 9),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["vgg16", "timm-test_resnet", "compact", "scratch-two"])
def test_every_weight_belongs_to_one_layer(name):
    made, images = network(name, 64)
    own = [n for n, m in made.named_modules() if any(True for _ in m.parameters(recurse=False))]
    found = [name for layer in weighted_layers(made, images[:1]) for name in layer]
    assert sorted(found) == sorted(own)
    assert weighted_layers(made, images[:1])[-1] == ["head"]


def test_residual_sum_is_the_last_map():
    made, images = network("timm-test_resnet", 64)
    last = [one for one in map_layers(made, images[:1]) if one.kind == "convolution"][-1]
    assert last.settled == "trunk.layer4.0.act2"


def test_one_rectifier_for_all_is_not_taken_for_a_layer():
    shared = nn.ReLU()
    steps = nn.Sequential(nn.Conv2d(1, 2, 3), shared, nn.Conv2d(2, 2, 3), shared, nn.Flatten())
    found = map_layers(OneArgument(steps), torch.rand(1, 1, 8, 8))
    assert [one.settled for one in found] == ["steps.0", "steps.2"]


def test_no_convolution_is_one_line():
    steps = OneArgument(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)))
    with pytest.raises(FewskyError, match="wanted a network with convolutions"):
        map_layers(steps, torch.rand(1, 1, 8, 8))


def test_outputs_are_as_they_were_before_rectifying_in_place():
    made, images = in_place(), torch.rand(2, 1, 8, 8)
    found = outputs_at(made, ["steps.0", "steps.1"], images)
    torch.testing.assert_close(found["steps.0"], made.steps[0](images))
    torch.testing.assert_close(found["steps.1"], made.steps[0](images).relu())
    assert (found["steps.0"] < 0).any()
    assert not any(module._forward_hooks for module in made.modules())


# --- maps -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("layer", ["steps.2", "steps.3"])
def test_grad_cam_is_its_formula(layer):
    made, images = in_place(), torch.rand((3, 1, 8, 8), generator=generator(6))
    classes = np.array([2, 0, 1])
    found = grad_cam(made, layer, images, None, classes)
    for k, wanted in enumerate(classes):
        conv = made.steps[2](made.steps[0](images[k : k + 1]).relu())
        maps = (conv if layer == "steps.2" else conv.relu()).detach().requires_grad_()
        rectified = maps.relu() if layer == "steps.2" else maps
        made.steps[5](rectified.flatten(1))[0, wanted].backward()
        summed = (maps.grad.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True).relu()
        own = nn.functional.interpolate(summed, (8, 8), mode="bilinear")[0, 0].detach().numpy()
        np.testing.assert_allclose(found[k], own / max(own.max(), 1e-30), atol=1e-6)
    assert found.any()


def test_evidence_lies_where_the_class_is():
    """Two classes by one output: bright spots speak for the second, dark ones for the first."""
    conv, head = nn.Conv2d(1, 2, 1), nn.Linear(2, 1)
    with torch.no_grad():
        conv.weight[:, 0, 0, 0], conv.bias[:] = torch.tensor([1.0, -1.0]), 0
        head.weight[:], head.bias[:] = torch.tensor([[1.0, -1.0]]), 0
    steps = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
    image = torch.zeros(2, 1, 9, 9)
    image[:, 0, 1, 2], image[:, 0, 6, 7] = 5, -5
    found = grad_cam(OneArgument(steps), "steps.1", image, None, np.array([1, 0]))
    assert [np.unravel_index(m.argmax(), m.shape) for m in found] == [(1, 2), (6, 7)]
    assert found[0][6, 7] == found[1][1, 2] == 0
    none = grad_cam(OneArgument(steps), "steps.1", image.abs(), None, np.array([0, 0]))
    assert not none.any()


def test_batches_change_no_map():
    made, images = network("scratch-two")
    many = images.repeat(8, 1, 1, 1)[:37]
    classes = np.arange(37) % 4
    found = grad_cam(made, "trunk.conv2.relu", many, None, classes)
    alone = grad_cam(made, "trunk.conv2.relu", many[30:31], None, classes[30:31])
    np.testing.assert_allclose(found[30:31], alone, atol=1e-5)


def test_likeness_as_others_compute_it():
    prepare_torchvision()  # torchmetrics imports it
    from torchmetrics.functional.image import structural_similarity_index_measure

    rng = np.random.default_rng(0)
    a = rng.random((4, 20, 23)).astype(np.float32)
    b = (0.6 * a + 0.4 * rng.random(a.shape)).astype(np.float32)
    own = [spearmanr(x.ravel(), y.ravel()).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(rank_correlation(a, b), own, atol=1e-12)
    tensors = [torch.from_numpy(maps)[:, None] for maps in (a, b)]
    _, whole = structural_similarity_index_measure(*tensors, data_range=1.0, return_full_image=True)
    assert structural_similarity(a, b) == pytest.approx(whole.mean((1, 2, 3)).numpy(), abs=0.02)
    assert structural_similarity(a, a) == pytest.approx(1) == rank_correlation(a, a)[0]
    assert rank_correlation(a, np.zeros_like(a)).tolist() == [0] * 4
    assert rank_correlation(a, -a) == pytest.approx(-1)


def test_layers_are_set_anew_from_the_output_down():
    made, images = network("scratch-bigger", batch_norm=True)
    layers = weighted_layers(made, images[:1])[::-1]
    assert cascade(len(layers)) == [1, 2, 3, 4, 6] and cascade(1) == [1]
    other = build({"name": "scratch-bigger", "batch_norm": True}, 3, 33, 4, generator(9))
    fresh = {name: value + 1 for name, value in other.state_dict().items()}
    before = {name: value.clone() for name, value in made.state_dict().items()}
    set_anew(made, fresh, [name for layer in layers[:3] for name in layer])
    for name, value in made.state_dict().items():
        new = name.startswith(("head", "trunk.dense", "trunk.conv4"))
        assert torch.equal(value, (fresh if new else before)[name]), name
    set_anew(made, fresh, [name for layer in layers for name in layer])
    assert all(torch.equal(value, fresh[name]) for name, value in made.state_dict().items())


# --- filters --------------------------------------------------------------------------------------
def test_ascent_finds_what_a_channel_looks_for():
    """Kernels that look for edges: the pattern found varies across the edge, hardly along it."""
    conv = nn.Conv2d(1, 2, 3, padding=1, bias=False)
    with torch.no_grad():
        conv.weight[0, 0] = torch.tensor([[-1.0, 0, 1]] * 3)
        conv.weight[1, 0] = conv.weight[0, 0].T
    made = OneArgument(nn.Sequential(conv))
    like = torch.rand((6, 1, 24, 24), generator=generator(1))
    found = preferred_inputs(made, "steps.0", 2, like, generator(2))
    across, down = ((found.diff(dim=d)).square().mean((1, 2, 3)) for d in (3, 2))
    assert across[0] > 2 * down[0] and down[1] > 2 * across[1]
    start = preferred_inputs(made, "steps.0", 2, like, generator(2), steps=0)
    usual = torch.zeros(2)
    rise = responses(made, "steps.0", found, usual) / responses(made, "steps.0", start, usual)
    assert (rise > 5).all()
    shown = for_show(found)
    assert shown.dtype == np.float32 and 0 <= shown.min() < 0.4 < 0.6 < shown.max() <= 1
    assert shown.std(axis=(1, 2, 3)) == pytest.approx(0.2, abs=0.03)


def test_ascent_repeats_with_its_generator_alone():
    made, images = network("scratch-two")
    layer = "trunk.conv2.conv"
    first = preferred_inputs(made, layer, 3, images, generator(1), steps=4)
    torch.manual_seed(99)
    assert torch.equal(first, preferred_inputs(made, layer, 3, images, generator(1), steps=4))
    assert not torch.equal(first, preferred_inputs(made, layer, 3, images, generator(2), steps=4))


# --- objects --------------------------------------------------------------------------------------
def stated():
    """Decisions of ten objects, three of them wrong."""
    label = list("aaabbbbccc")
    decided = list("aabbbbcccc")
    chance = [0.5, 0.9, 0.8, 0.6, 0.7, 0.7, 0.95, 0.4, 0.5, 0.45]
    return pd.DataFrame({"object_id": [f"o{k}" for k in range(10)], "label": label,
                         "decided": decided, "probability": chance})  # fmt: skip


def test_surest_of_each_class_and_worst_mistakes():
    shown = explaining.shown_objects(stated(), ["c", "b", "a", "d"])
    assert shown["object_id"].tolist() == ["o8", "o4", "o1", "o6", "o2"]
    assert shown["group"].tolist() == ["surest"] * 3 + ["mistaken"] * 2
    assert shown["picture"].tolist() == list(range(5))


def test_decisions_are_the_likeliest_class():
    table = pd.DataFrame({"object_id": ["y", "x"], "label": ["a", "b"], "part": "test",
                          "p_a": [0.2, 0.7], "p_b": [0.8, 0.3]})  # fmt: skip
    found = explaining.decisions(table)
    assert found[["object_id", "decided"]].to_numpy().tolist() == [["x", "a"], ["y", "b"]]
    assert found["probability"].tolist() == pytest.approx([0.7, 0.8])


def test_a_sample_pictures_different_decisions():
    many = pd.concat(
        [stated().assign(object_id=f"{k}-" + stated()["object_id"]) for k in "pqrstuvw"]
    )
    sample = explaining.sampled_objects(many, generator(3))
    assert len(sample) == explaining.SAMPLE == sample["object_id"].nunique()
    pictured = sample[sample["picture"] >= 0]
    assert pictured["decided"].nunique() == len(pictured) == 3
    assert len(explaining.sampled_objects(stated(), generator(3))) == 10


def test_layers_are_spread_evenly():
    assert explaining.evenly(list(range(18)), 8) == [0, 2, 5, 7, 10, 12, 15, 17]
    assert explaining.evenly([1, 2], 8) == [1, 2]


# --- all of it ------------------------------------------------------------------------------------
@cache
def trained(name="scratch-two", classes=("galaxy", "star", "ghost"), **model):
    """A draw's folder of a trained network, its images and catalogue."""
    images, catalog, manifest, draws = small.world(240, classes)
    folder = Path(mkdtemp())
    settings = small.settings(
        model={"name": name, **model}, classes=list(classes), max_epochs=8, learning_rate=1e-2
    )
    train(settings, images, catalog, manifest, draws, 0, folder / "draw-0", folder / "side")
    return folder / "draw-0", images, catalog


def test_all_of_a_trained_network(tmp_path):
    folder, images, catalog = trained()
    found = explaining.explain(folder, images, catalog, SETTINGS)
    table, arrays = found.table, found.arrays
    assert list(table) == explaining.COLUMNS
    tested = load_table(folder / "predictions.parquet").query("part == 'test'")
    assert set(table["object_id"]) <= set(tested["object_id"])

    shown = table[table["group"] != "sample"]
    rows = catalog.reset_index().set_index("object_id")["index"]
    own = images[rows[shown["object_id"]].to_numpy()]
    np.testing.assert_array_equal(arrays["gradcam/images"], own)
    right = (shown["label"] == shown["decided"]).to_numpy()
    decided, label = arrays["gradcam/decided"], arrays["gradcam/label"]
    every = arrays["gradcam/classes"]
    assert every.shape == (len(decided), len(found.told["classes"]), *decided.shape[1:])
    np.testing.assert_array_equal(decided[right], label[right])
    assert decided.shape == (len(shown), small.SIZE, small.SIZE) and decided.max() == 1

    sample = table[table["group"] == "sample"]
    states = sorted(set(sample["randomised"]))
    assert states == [0, 1, 2, 3, 4] and found.told["weighted_layers"] == 4
    assert sample["object_id"].nunique() >= 50
    pictured = sample[(sample["picture"] >= 0) & (sample["randomised"] == 0)]
    assert arrays["sanity/maps"].shape[:2] == (len(states), len(pictured))
    # Maps of a network without any trained weight are other maps.
    anew = sample[sample["randomised"] == 4]
    assert anew["spearman"].median() < 0.7
    assert sample.loc[sample["randomised"] == 0, "ssim"].isna().all()

    layers = found.told["activations"]["layers"]
    assert [(one["kind"], one["channels"]) for one in layers] == [
        ("convolution", 16), ("pooling", 16), ("convolution", 32), ("pooling", 32),
    ]  # fmt: skip
    assert arrays["activations/02"].shape == (8, 6, 6)
    assert (arrays["activations/02"] >= 0).all() and arrays["activations/02"].any()
    assert [one["number"] for one in found.told["filters"]] == [1, 2]
    assert arrays["filters/01"].shape == (8, len(small.BANDS), small.SIZE, small.SIZE)
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}


def test_the_same_twice_whatever_the_global_seed():
    folder, images, catalog = trained()
    first = explaining.explain(folder, images, catalog, SETTINGS)
    torch.manual_seed(4)
    again = explaining.explain(folder, images, catalog, SETTINGS)
    assert first.told == again.told
    pd.testing.assert_frame_equal(first.table, again.table)
    assert {k: a.tobytes() for k, a in first.arrays.items()} == {
        k: a.tobytes() for k, a in again.arrays.items()
    }


def test_two_classes_by_one_output_and_functions_for_layers():
    folder, images, catalog = trained("ruhmer-base", ("galaxy", "star"))
    found = explaining.explain(folder, images, catalog, SETTINGS)
    assert [one["settled"] for one in found.told["activations"]["layers"]] == ["conv1", "conv2"]
    shown = found.table[found.table["group"] == "surest"]
    assert shown["decided"].tolist() == ["galaxy", "star"]


def test_without_a_test_part_is_one_line(tmp_path):
    folder, images, catalog = trained()
    other = tmp_path / "draw-0"
    other.mkdir()
    for name in ("model.json", "model.safetensors"):
        (other / name).write_bytes((folder / name).read_bytes())
    table = load_table(folder / "predictions.parquet")
    table[table["part"] != "test"].to_parquet(other / "predictions.parquet")
    with pytest.raises(FewskyError, match="wanted predictions of a test part"):
        explaining.explain(other, images, catalog, SETTINGS)


@pytest.mark.parametrize("kind", ["tuned", "probe"])
def test_a_frozen_part_is_explained_with_the_rest(tmp_path, kind):
    weights = tmp_path / "models" / "weights" / "toy"
    arrays, card = prepare(frozen.WEIGHTS, None)
    save_arrays(arrays, weights / "model.safetensors")
    save_json(card, weights / "model.json")
    data = frozen.world()
    if kind == "tuned":
        folder = frozen.fit(tmp_path, weights, "pn", data)
    else:
        folder, (_, _, every_draw) = frozen.probe(tmp_path, weights, data)
        save_table(every_draw, folder / "predictions.parquet")
    found = explaining.explain(folder, data[0], data[1], SETTINGS)
    # Of 32 px the last block has maps of one pixel, which tell no place.
    assert found.told["map_layer"]["settled"] == "trunk.layer3.0.act3"
    assert found.told["weighted_layers"] == 16
    assert set(found.table["randomised"]) == {0, 1, 4, 8, 12, 16}
    tested = data[2].loc[data[2]["part"] == "test", "object_id"]
    assert set(found.table["object_id"]) == set(tested)
    assert len(found.told["activations"]["layers"]) == explaining.LAYERS
