"""Exported detectors find what PyTorch's find, suppression and all."""

import shutil
from importlib.util import find_spec

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from onnx import helper, numpy_helper

from fewsky.console import FewskyError
from fewsky.files import load_json
from fewsky.models import export_detector as export
from fewsky.models.onnx_graph import OPSET, as_onnx, session_of
from fewsky.models.onnx_suppression import EVERY
from fewsky.models.onnx_suppression import suppressed as suppression
from fewsky.models.train import train
from fewsky.models.trained import load_model
from fewsky.networks.detectors import DETECTIONS, LEAST_SCORE, build_detector
from tests.conftest import ROOT
from tests.unit.test_detect import CORNERS, detection, sky

SIZE, SIDE = 80, 64  # of the images as stored, and of what the network sees
FILES = {"onnx": "model.onnx", "table": "export.json", "latency": "latency.csv"}
CARD = {"input": {"stretch": "card", "psf": "none", "bands": ["g", "r"], "extra": [],
                  "mean": [0.1, 0.0], "std": [0.5, 0.4]}, "size": SIZE}  # fmt: skip
needs_effdet = pytest.mark.skipif(find_spec("effdet") is None, reason="effdet is not installed")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A draw's folder with detectors of two budgets."""
    folder = tmp_path_factory.mktemp("trained")
    model = {"name": "ssdlite-small", "size": SIDE}
    told = detection(model=model, max_epochs=6, budgets=[20, "all"])
    *given, boxes = sky(size=SIZE)
    train(told, *given, 0, folder / "draw-0", folder / "resume", "cpu", boxes=boxes)
    return folder / "draw-0"


def exported(trained, out, data=None):
    images, catalog, *_ = data or sky(size=SIZE)
    paths = {key: out / name for key, name in FILES.items()}
    export.export_detector(trained, images, catalog, paths)
    return {key: path.read_bytes() for key, path in paths.items()}


@pytest.fixture(scope="module")
def files(trained, tmp_path_factory):
    return exported(trained, tmp_path_factory.mktemp("out"))


def fixed(boxes, scores):
    """A graph that gives these boxes and scores, whatever the images."""
    values = {"every_box": boxes, "every_score": scores}
    held = [
        numpy_helper.from_array(np.asarray(value, np.float32), f"{name}_held")
        for name, value in values.items()
    ]
    nodes = [helper.make_node("Identity", [f"{name}_held"], [name]) for name in values]
    given = [helper.make_tensor_value_info("images", 1, ["n", "band", "y", "x"])]
    told = [helper.make_tensor_value_info(name, 1, np.shape(v)) for name, v in values.items()]
    graph = helper.make_graph(nodes, "fixed", given, told, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 10
    return model.SerializeToString()


def suppressed(boxes, scores, overlap, size):
    """What is left of fixed boxes `(n, anchor, 4)` and scores `(n, class, anchor)`, by image."""
    call = export.by_onnx(suppression(fixed(boxes, scores), overlap, size))
    return call(np.zeros((len(boxes), 1, 1, 1), np.float32))


# --- suppression --------------------------------------------------------------------------------
def test_known_boxes_are_suppressed_cut_and_ordered():
    """The second covers the first by 9 of 11, the third is outside, the last scores too little."""
    one = [[0, 0, 10, 10], [1, 0, 11, 10], [-9, -9, -1, -2], [90, 80, 120, 130], [40, 40, 50, 50]]
    other = [[20, 20, 30, 30]] * 5
    scores = [[[0.6, 0.7, 0.9, 0.8, LEAST_SCORE]], [[0.2, 0.3, 0.1, 0.3, 0.3]]]
    first, second = suppressed([one, other], scores, 0.5, 100)
    assert first[0].tolist() == [[90, 80, 100, 100], [1, 0, 11, 10]]
    assert first[1].tolist() == pytest.approx([0.8, 0.7])
    assert (second[0].tolist(), second[2].tolist()) == ([[20, 20, 30, 30]], [0])
    (loose,) = suppressed([one], scores[:1], 0.9, 100)
    assert loose[1].tolist() == pytest.approx([0.8, 0.7, 0.6])


def test_boxes_of_two_classes_do_not_cover_each_other():
    (found,) = suppressed([[[0, 0, 10, 10]] * 2], [[[0.9, 0.1], [0.2, 0.3]]], 0.5, 100)
    assert found[2].tolist() == [0, 1]
    assert found[1].tolist() == pytest.approx([0.9, 0.3])


@pytest.mark.parametrize(
    ("name", "side", "classes"),
    [
        ("ssdlite-small", 64, ["galaxy", "star"]),
        ("ssdlite", 160, ["galaxy"]),
        pytest.param("effdet-d0", 64, ["galaxy"], marks=needs_effdet),
    ],
)
def test_suppression_is_that_of_the_family(name, side, classes):
    """Of outputs that give far more candidates than are kept."""
    seeds = torch.Generator().manual_seed(4)
    network = build_detector({"name": name}, classes, 2, side, seeds).eval()
    with torch.no_grad():
        first, second = network.outputs(torch.zeros(2, 2, side, side))
    noise = lambda like, size: size * torch.randn(like.shape, generator=seeds)  # noqa: E731
    if isinstance(first, dict):
        outputs = {key: noise(value, 2.0) for key, value in first.items()}, second
    else:
        outputs = [noise(v, 2.0) - 3 for v in first], [noise(v, 0.5) for v in second]
    boxes, scores = network.every_box(outputs)
    assert (scores > LEAST_SCORE).sum(dim=2).min() > 200
    found = suppressed(boxes.numpy(), scores.numpy(), network.overlap, side)
    for k, one in enumerate(found):
        wanted = [v.numpy() for v in network._tidy(*network.image_boxes(outputs, k))]
        assert 20 < len(wanted[1]) <= DETECTIONS
        np.testing.assert_allclose(one[0], wanted[0], atol=1e-4)
        np.testing.assert_allclose(one[1], wanted[1], atol=1e-6)
        assert one[2].tolist() == wanted[2].tolist()


# --- exports ------------------------------------------------------------------------------------
def test_onnx_finds_what_was_published(trained, files):
    """For any number of images, cut as they are: stretch, scaling and suppression are in it."""
    images, catalog, *_ = sky(size=SIZE)
    table = pd.read_parquet(trained / "predictions.parquet")
    table = table[(table["budget"] == 36) & table["x0"].notna()]
    by_image = {name: rows for name, rows in table.groupby("image")}
    call = export.by_onnx(files["onnx"])
    assert len(table) > 500
    for n in (1, 7, len(images)):
        found = call(images[:n])
        assert len(found) == n
        for name, one in zip(catalog["object_id"], found, strict=False):
            wanted = by_image[name]
            np.testing.assert_allclose(one[0], wanted[CORNERS], atol=export.NEAR)
            np.testing.assert_allclose(one[1], wanted["score"], atol=export.CLOSE)
            assert (one[2] == 0).all()


@pytest.mark.slow
@needs_effdet
def test_effdet_has_an_export():
    network = build_detector({"name": "effdet-d0"}, ["galaxy"], 2, SIDE, torch.Generator()).eval()
    images = np.random.default_rng(0).normal(0, 1, (3, 2, SIZE, SIZE)).astype(np.float32)
    run = export.Run(network, CARD, images, pd.DataFrame())
    graph = as_onnx(export.Seeing(network, CARD).eval(), images.shape[1:], EVERY)
    # the refusal of larger differences is in it
    found = export.differences(run, graph)
    assert found["difference"]["onnx"] < 1e-5 and found["difference_px"]["onnx"] < 1e-2
    assert session_of(graph).run(["every_score"], {"images": images})[0].std() > 0


def test_the_table_says_what_was_compared(trained, files, tmp_path):
    (tmp_path / "t.json").write_bytes(files["table"])
    told = load_json(tmp_path / "t.json")
    table = pd.read_parquet(trained / "predictions.parquet")
    val = table[(table["budget"] == 36) & (table["part"] == "val")]
    assert (told["n"], told["detections"]) == (val["image"].nunique(), val["x0"].notna().sum())
    assert told["agreement"]["onnx"] == 1 and told["raw"] is False
    assert 0 <= told["difference"]["onnx"] <= export.CLOSE
    assert 0 <= told["difference_px"]["onnx"] <= export.NEAR
    assert (told["draw"], told["budget"], told["fold"]) == (0, 36, -1)
    assert (told["size"], told["side"], told["classes"]) == (SIZE, SIDE, ["galaxy"])
    network, _ = load_model(trained, 36)
    assert told["parameters"] == sum(weight.numel() for weight in network.parameters())
    assert told["flops"] > 2 * SIDE**2 / 4 * 12 * 2 * 9  # those of the first convolution alone
    sizes, whole = told["bytes"], (trained / "model.safetensors").stat().st_size
    assert sizes["onnx"] == len(files["onnx"])
    assert 4 * told["parameters"] < sizes["safetensors"] < whole
    assert told["gives"] == [one.name for one in session_of(files["onnx"]).get_outputs()]


def test_equal_exports_have_equal_bytes_and_name_no_place(trained, files, tmp_path):
    """Images of other parts than validation do not matter."""
    images, catalog, *_ = sky(size=SIZE)
    table = pd.read_parquet(trained / "predictions.parquet")
    val = table.loc[(table["budget"] == 36) & (table["part"] == "val"), "image"]
    images[~catalog["object_id"].isin(val).to_numpy()] = 1e6
    again = exported(trained, tmp_path, (images, catalog))
    for name in ("onnx", "table"):
        assert again[name] == files[name]
        assert str(ROOT).encode() not in files[name]
        assert b"scripts/" not in files[name]


def test_times_stand_in_a_file_of_their_own(files, tmp_path):
    (tmp_path / "t.csv").write_bytes(files["latency"])
    table = pd.read_csv(tmp_path / "t.csv")
    assert table["form"].tolist() == ["torch", "onnx"]
    assert (table[["median_ms", "p05_ms", "p95_ms"]] > 0).all().all()
    assert b"_ms" not in files["table"]


def test_the_graph_is_onnx_alone(files):
    """Any runtime of ONNX has all of it."""
    model = onnx.load_from_string(files["onnx"])
    assert {node.domain for node in model.graph.node} <= {"", "ai.onnx"}
    assert [one.name for one in model.graph.input] == ["images"]
    assert "NonMaxSuppression" in {node.op_type for node in model.graph.node}


# --- refusals -----------------------------------------------------------------------------------
def changed(trained, tmp_path, **columns):
    """A copy of a draw's folder whose predictions are of another part or fold."""
    shutil.copytree(trained, tmp_path / "draw-0")
    table = pd.read_parquet(trained / "predictions.parquet")
    table.assign(**columns).to_parquet(tmp_path / "draw-0/predictions.parquet")
    return tmp_path / "draw-0"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"part": "test"}, "wanted validation objects to compare exports on; found none"),
        ({"fold": 1}, "a run outside folds to export; found none"),
    ],
)
def test_what_cannot_be_exported_is_refused(trained, tmp_path, columns, line):
    with pytest.raises(FewskyError, match=line) as caught:
        exported(changed(trained, tmp_path, **columns), tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("boxes", "scores"), [(3.0, 0.0), (0.0, 0.3)])
def test_an_export_that_says_something_else_is_not_published(
    trained, tmp_path, monkeypatch, boxes, scores
):
    """Boxes three pixels off, or scores."""

    def wrong(seeing, shape, outputs):
        with torch.no_grad():
            every = seeing(torch.from_numpy(export.largest(trained, *sky(size=SIZE)[:2]).images))
        return fixed(every[0] + boxes, (every[1] + scores).clamp(0, 1))

    monkeypatch.setattr(export, "as_onnx", wrong)
    monkeypatch.setattr(export, "latency", lambda call: {"median_ms": 1.0})
    with pytest.raises(FewskyError, match=r"PyTorch's scores within 0\.0001 and its corners"):
        exported(trained, tmp_path / "out")
    assert not (tmp_path / "out").exists()
