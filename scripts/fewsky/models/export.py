"""Networks for use elsewhere: ONNX in 32-bit floats and in 8-bit integers, held against PyTorch.

The exported graph takes images `(n, band, y, x)` as they are cut and gives a probability a class;
the stretch of the recipe is part of it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import pandas as pd
import torch
from onnxruntime import quantization
from safetensors.torch import save as as_safetensors

from fewsky.console import FewskyError
from fewsky.files import published, save_json, save_table
from fewsky.models import inputs
from fewsky.models.costs import costs_of, latency, one_core
from fewsky.models.objectives import objective
from fewsky.models.onnx_graph import (
    as_onnx,
    largest_run,
    nothing_to_compare,
    quiet,
    session_of,
    without_notes,
)

BATCH = 64
CALIBRATION = 256  # training images that set the ranges of the integers
CLOSE = 1e-4  # largest difference between probabilities of ONNX and PyTorch that is published

Form = Callable[[np.ndarray], np.ndarray]


class Classifier(torch.nn.Module):
    """A trained network with its stretch before it and probabilities behind it."""

    def __init__(self, network: torch.nn.Module, card: dict[str, Any]):
        super().__init__()
        self.network, self.statistics, self.size = network, card["input"], card["size"]
        self.objective = objective(card["recipe"]["loss"], len(card["classes"]))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        pixels = inputs.stretched(images.flatten(2).transpose(1, 2), None, self.statistics)
        seen = pixels.transpose(1, 2).unflatten(2, (self.size, self.size))
        return self.objective.probabilities(self.network(seen, None))


def export_model(
    folder: str | Path, images: np.ndarray, catalog: pd.DataFrame, paths: dict[str, str | Path]
) -> None:
    """Write a trained network as `onnx` and `int8`, their `table` and their `latency`.

    Parameters
    ----------
    folder : path
        A draw's folder; of its runs the one with the largest budget is taken.
    images, catalog : array, DataFrame
        Float32 `(n, band, y, x)` and a row for each. The integers' ranges are set on training
        images, and all forms are compared on validation images; the test part is not looked at.
    paths : dict
        Where the four files go.

    Raises
    ------
    FewskyError
        One line: a network that needs more than pixels, no validation objects, or an export that
        does not give the probabilities of PyTorch.
    """
    network, card, parts = _run(Path(folder), images, catalog)
    classifier = Classifier(network, card).eval()
    graph = as_onnx(classifier, images.shape[1:])
    integers = as_integers(graph, parts["train"][0][:CALIBRATION])
    with one_core():
        forms = {
            "torch": _by_torch(classifier),
            **{k: _by_onnx(g) for k, g in (("onnx", graph), ("int8", integers))},
        }
        table = _compared(forms, *parts["val"], card["classes"])
        one = parts["val"][0][:1]
        seconds = [{"form": name, **latency(lambda f=f: f(one))} for name, f in forms.items()]
    weights = as_safetensors({k: v.contiguous() for k, v in network.state_dict().items()})
    sizes = {"safetensors": len(weights), "onnx": len(graph), "int8": len(integers)}
    told = {key: card[key] for key in ("experiment", "draw", "budget", "fold", "input")}
    for name, content in (("onnx", graph), ("int8", integers)):
        with published(paths[name]) as temporary:
            temporary.write_bytes(content)
    save_json({**told, **costs_of(card), "bytes": sizes, **table}, paths["table"])
    save_table(pd.DataFrame(seconds), paths["latency"])


def as_integers(graph: bytes, images: np.ndarray) -> bytes:
    """An ONNX graph with 8-bit weights and activations, whose ranges some images set.

    Weights have seven bits, so that sums do not saturate on processors without VNNI: results are
    those of every other processor.
    """
    with quiet(), TemporaryDirectory() as folder:
        before, ready, after = (Path(folder) / name for name in ("a.onnx", "b.onnx", "c.onnx"))
        before.write_bytes(graph)
        quantization.quant_pre_process(before, ready, skip_symbolic_shape=True)
        quantization.quantize_static(
            ready, after, _Calibration(images), per_channel=True, reduce_range=True,
            nodes_to_exclude=_behind_outputs(onnx.load(ready)),
        )  # fmt: skip
        model = onnx.load(after)
    without_notes(model)
    return model.SerializeToString(deterministic=True)


def _behind_outputs(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that turn outputs into probabilities: those keep their floats."""
    products = [k for k, node in enumerate(model.graph.node) if node.op_type in ("Gemm", "MatMul")]
    return [node.name for node in model.graph.node[max(products) + 1 :]]


class _Calibration(quantization.CalibrationDataReader):
    """Images for the quantiser, a batch at a time."""

    def __init__(self, images: np.ndarray):
        self.batches: Iterator[np.ndarray] = iter(
            np.split(images, range(BATCH, len(images), BATCH))
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self.batches, None)
        return None if batch is None else {"images": batch}


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return np.split(images, range(BATCH, len(images), BATCH))


def _run(folder: Path, images: np.ndarray, catalog: pd.DataFrame):
    """Network and card of the largest run, and (images, labels) of its two parts."""
    network, card, table = largest_run(folder)
    parts = {}
    for part in ("train", "val"):
        rows = table[table["part"] == part]
        found = pd.Index(catalog["object_id"]).get_indexer(rows["object_id"])
        parts[part] = (images[found], rows["label"].to_numpy())
    if not len(parts["val"][1]):
        raise nothing_to_compare(card["experiment"])
    return network, card, parts


def _by_torch(classifier: Classifier) -> Form:
    def call(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return classifier(torch.from_numpy(images)).numpy()

    return call


def _by_onnx(graph: bytes) -> Form:
    session = session_of(graph)
    return lambda images: session.run(["probabilities"], {"images": images})[0]


def _compared(
    forms: dict[str, Form], images: np.ndarray, labels: np.ndarray, classes: list[str]
) -> dict[str, Any]:
    """How far each form is from PyTorch on some images, and how often each is right."""
    batches = _batches(images)
    found = {name: np.concatenate([call(b) for b in batches]) for name, call in forms.items()}
    truth = pd.Index(classes).get_indexer(labels)
    decided = {name: p.argmax(axis=1) for name, p in found.items()}
    others = [name for name in forms if name != "torch"]
    far = {name: float(np.abs(found[name] - found["torch"]).max()) for name in others}
    if not far["onnx"] <= CLOSE:
        raise FewskyError(
            f"export: wanted the probabilities of PyTorch within {CLOSE:g}; found a difference of "
            f"{far['onnx']:g}. Take the experiment out of the exports, and tell us."
        )
    same = {name: float((decided[name] == decided["torch"]).mean()) for name in others}
    right = {name: float((d == truth).mean()) for name, d in decided.items()}
    return {"n": len(truth), "difference": far, "agreement": same, "accuracy": right}
