"""What networks cost, and that exported ones say what PyTorch says."""

import shutil

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import torch

from fewsky.console import FewskyError
from fewsky.files import load_json
from fewsky.models import export
from fewsky.models.costs import costs, latency, one_core
from fewsky.models.export import export_model
from fewsky.models.train import train
from fewsky.models.trained import load_model, predict
from fewsky.networks import build
from tests.conftest import ROOT
from tests.unit.training_world import SIZE, settings, world

MODEL = {"name": "scratch-two", "batch_norm": True, "dropout": 0.2}
FILES = {"onnx": "model.onnx", "int8": "model.int8.onnx", "table": "export.json",
         "latency": "latency.csv"}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A draw's folder with networks of two budgets, stretched by statistics."""
    folder = tmp_path_factory.mktemp("trained")
    told = settings(model=MODEL, stretch="asinh", max_epochs=6, budgets=[40, "all"])
    train(told, *world(), 0, folder / "draw-0", folder / "resume", "cpu")
    return folder / "draw-0"


def exported(trained, out, images=None, catalog=None):
    paths = {key: out / name for key, name in FILES.items()}
    export_model(trained, *(world()[:2] if images is None else (images, catalog)), paths)
    return {key: path.read_bytes() for key, path in paths.items()}


@pytest.fixture(scope="module")
def files(trained, tmp_path_factory):
    return exported(trained, tmp_path_factory.mktemp("out"))


def session(graph: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def probabilities(graph: bytes, images: np.ndarray) -> np.ndarray:
    return session(graph).run(None, {"images": images})[0]


# Costs.


def test_a_networks_costs_by_hand():
    """Convolutions of 3 x 3 at 13 and 6 px, then two dense layers; two operations a product."""
    model = {"name": "scratch-two", "filters": [4, 8], "kernels": [3, 5], "dense": 10}
    network = build(model, 2, 13, 3, torch.Generator())
    flat = 8 * 3 * 3
    parameters = 4 * 2 * 9 + 4 + 8 * 4 * 25 + 8 + flat * 10 + 10 + 10 * 3 + 3
    flops = 2 * (13 * 13 * 4 * 2 * 9 + 6 * 6 * 8 * 4 * 25 + flat * 10 + 10 * 3)
    assert costs(network, (2, 13, 13)) == {"parameters": parameters, "flops": flops}


def test_times_are_ordered_and_of_every_call():
    before, calls = torch.get_num_threads(), []
    with one_core():
        assert torch.get_num_threads() == 1
        found = latency(lambda: calls.append(1))
    assert torch.get_num_threads() == before
    assert len(calls) == 220
    assert 0 < found["p05_ms"] <= found["median_ms"] <= found["p95_ms"]


# Exports.


def test_onnx_gives_the_probabilities_of_pytorch(trained, files):
    """For any number of images, cut as they are: the stretch is in the graph."""
    images, catalog, _, _ = world()
    network, card = load_model(trained, 90)
    wanted = predict(network, card, images, catalog)
    for n in (1, 7, len(images)):
        found = probabilities(files["onnx"], images[:n])
        assert found.shape == (n, 2)
        np.testing.assert_allclose(found, wanted[:n], atol=1e-4)
    near = probabilities(files["int8"], images)
    assert 1e-7 < np.abs(near - wanted).max() < 0.1
    assert (near.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.97


def test_the_table_says_what_was_compared(trained, files, tmp_path):
    (tmp_path / "t.json").write_bytes(files["table"])
    told = load_json(tmp_path / "t.json")
    table = pd.read_parquet(trained / "predictions.parquet")
    val = table[(table["budget"] == 90) & (table["part"] == "val")]
    right = (val["p_star"] > 0.5) == (val["label"] == "star")
    assert told["n"] == len(val) == 18
    assert told["accuracy"]["torch"] == told["accuracy"]["onnx"] == right.mean()
    assert 0 <= told["difference"]["onnx"] <= 1e-4 < 1e-2 + told["difference"]["int8"]
    assert told["agreement"]["onnx"] == 1
    assert {"onnx", "int8"} == set(told["difference"]) == set(told["agreement"])
    assert (told["draw"], told["budget"], told["fold"]) == (0, 90, -1)
    network, _ = load_model(trained, 90)
    shape = (2, SIZE, SIZE)
    assert {key: told[key] for key in ("parameters", "flops")} == costs(network, shape)
    sizes = told["bytes"]
    assert (sizes["onnx"], sizes["int8"]) == (len(files["onnx"]), len(files["int8"]))
    assert (
        4 * told["parameters"]
        < sizes["safetensors"]
        < (trained / "model.safetensors").stat().st_size
    )
    assert sizes["int8"] < sizes["onnx"] / 2


def test_integers_carry_the_layers_and_floats_the_probabilities(files):
    model = onnx.load_from_string(files["int8"])
    weights = [w for w in model.graph.initializer if w.data_type == onnx.TensorProto.INT8]
    assert {len(w.dims) for w in weights} >= {2, 4}
    assert all(np.abs(onnx.numpy_helper.to_array(w)).max() <= 64 for w in weights if w.dims)
    assert model.graph.node[-1].op_type == "Sigmoid"


def test_equal_exports_have_equal_bytes_and_name_no_place(trained, files, tmp_path):
    """Test images do not matter, either: the integers' ranges are those of training images."""
    images, catalog, manifest, _ = world()
    test = set(manifest["object_id"][manifest["part"] == "test"])
    images[catalog["object_id"].isin(test).to_numpy()] = 1e6
    again = exported(trained, tmp_path, images, catalog)
    for name in ("onnx", "int8", "table"):
        assert again[name] == files[name]
        assert str(ROOT).encode() not in files[name]
        assert b"scripts/" not in files[name]


def test_times_stand_in_a_file_of_their_own(files, tmp_path):
    (tmp_path / "t.csv").write_bytes(files["latency"])
    table = pd.read_csv(tmp_path / "t.csv")
    assert table["form"].tolist() == ["torch", "onnx", "int8"]
    assert (table[["median_ms", "p05_ms", "p95_ms"]] > 0).all().all()
    assert b"_ms" not in files["table"]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"stretch": "snr"}, "a network that sees pixels alone"),
        ({"model": {"name": "compact", "extra": ["noise_r"]}, "stretch": "raw"}, "pixels alone"),
        ({"folds": 2, "stretch": "raw"}, "a run outside folds to export; found none"),
    ],
)
def test_what_cannot_be_exported_is_refused(tmp_path, changes, line):
    told = settings(max_epochs=1, **({"model": MODEL} | changes))
    train(told, *world(), 0, tmp_path / "draw-0", tmp_path / "resume", "cpu")
    with pytest.raises(FewskyError, match=line):
        exported(tmp_path / "draw-0", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_validation_objects_nothing_is_exported(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "draw-0")
    table = pd.read_parquet(trained / "predictions.parquet")
    table["part"] = table["part"].replace("val", "unused")
    table.to_parquet(tmp_path / "draw-0/predictions.parquet")
    with pytest.raises(FewskyError, match="wanted validation objects to compare exports on"):
        exported(tmp_path / "draw-0", tmp_path / "out")


class Unknown(torch.nn.Module):
    def forward(self, images):
        return torch.linalg.svdvals(images.mean(dim=1))


def test_a_layer_that_onnx_lacks_is_named_in_one_line():
    with pytest.raises(FewskyError, match=r"wanted a network whose layers ONNX has; found .*svd"):
        export.as_onnx(Unknown(), (2, 5, 5))


def test_an_export_that_says_something_else_is_not_published(trained, tmp_path, monkeypatch):
    wrong = lambda classifier: lambda images: np.full((len(images), 2), 0.5, np.float32)  # noqa: E731
    monkeypatch.setattr(export, "_by_torch", wrong)
    with pytest.raises(
        FewskyError, match=r"of PyTorch within 0\.0001; found a difference of 0\.\d"
    ):
        exported(trained, tmp_path / "out")
    assert not (tmp_path / "out").exists()
