"""Detectors for use elsewhere: ONNX in 32-bit floats, held against PyTorch.

The exported graph takes images `(n, band, y, x)` as they are cut. The recipe's stretch, the
scaling to the network's side and the suppression, which is ONNX's own operator, are part of it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save as as_safetensors
from torch.nn import functional as F

from fewsky.console import FewskyError
from fewsky.files import published, save_json, save_table
from fewsky.models import inputs
from fewsky.models.costs import costs, latency, one_core
from fewsky.models.detect import Scenes, found_in
from fewsky.models.onnx_graph import as_onnx, largest_run, nothing_to_compare, session_of
from fewsky.models.onnx_suppression import EVERY, GIVEN, suppressed
from fewsky.models.trained import untrained
from fewsky.networks.detectors import DETECTIONS, LEAST_SCORE, Detector

BATCH = 16
CLOSE = 1e-4  # largest difference of an anchor's score between ONNX and PyTorch that is published
NEAR = 0.05  # the same of a corner, in pixels of the image as stored

Found = tuple[np.ndarray, np.ndarray, np.ndarray]  # boxes (m, 4), scores, class numbers; best first
Form = Callable[[np.ndarray], list[Found]]


class Seeing(torch.nn.Module):
    """A trained detector with its stretch before it: every anchor's box and scores.

    Boxes `(n, anchor, 4)` are in pixels of the images as stored, scores `(n, class, anchor)`.
    """

    def __init__(self, network: Detector, card: dict[str, Any]):
        super().__init__()
        self.network, self.statistics, self.size = network, card["input"], card["size"]

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        size, side = self.size, self.network.side
        pixels = inputs.stretched(images.flatten(2).transpose(1, 2), None, self.statistics)
        seen = pixels.transpose(1, 2).unflatten(2, (size, size))
        if size != side:
            seen = F.interpolate(seen, (side, side), mode="bilinear", antialias=size > side)
        boxes, scores = self.network.every_box(self.network.outputs(seen))
        return boxes * (size / side), scores


class Outputs(torch.nn.Module):
    """A detector called as `costs` calls a network: what it says of every anchor."""

    def __init__(self, network: Detector):
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor, extra: None):
        return self.network.outputs(images)


class Run(NamedTuple):
    """What is exported: a detector, its card, and its validation images with their rows."""

    network: Detector
    card: dict[str, Any]
    images: np.ndarray
    catalog: pd.DataFrame


def export_detector(
    folder: str | Path, images: np.ndarray, catalog: pd.DataFrame, paths: dict[str, str | Path]
) -> None:
    """Write a trained detector as `onnx`, its `table` and its `latency`.

    Parameters
    ----------
    folder : path
        A draw's folder; of its runs the one with the largest budget is taken.
    images, catalog : array, DataFrame
        Float32 `(n, band, y, x)` and a row for each. The forms are compared on validation images;
        the test part is not looked at.
    paths : dict
        Where the three files go.

    Raises FewskyError, one line: a network that needs more than pixels, no validation images, or an
    export that does not give the boxes and scores of PyTorch.
    """
    run = largest(folder, images, catalog)
    with one_core():
        raw = as_onnx(Seeing(run.network, run.card).eval(), images.shape[1:], EVERY)
        graph = suppressed(raw, run.network.overlap, run.card["size"])
        forms = {"torch": by_torch(run), "onnx": by_onnx(graph)}
        table = {**differences(run, raw), **_agreement(run, forms)}
        one = run.images[:1]
        seconds = [{"form": name, **latency(lambda f=f: f(one))} for name, f in forms.items()]
    with published(paths["onnx"]) as temporary:
        temporary.write_bytes(graph)
    save_json({**_told(run, graph), **table}, paths["table"])
    save_table(pd.DataFrame(seconds), paths["latency"])


def by_torch(run: Run) -> Form:
    """What the detector itself finds in images, as the trainer's predictions hold it."""
    told = run.card["input"], run.card["recipe"], torch.device("cpu"), run.network.side

    def call(images: np.ndarray) -> list[Found]:
        unnamed = pd.DataFrame(index=range(len(images)))
        return found_in(run.network, Scenes(images, unnamed, *told), np.arange(len(images)))

    return call


def by_onnx(graph: bytes) -> Form:
    """What an exported graph finds in images: the DETECTIONS best of each."""
    session = session_of(graph)

    def call(images: np.ndarray) -> list[Found]:
        image, label, score, box = session.run(list(GIVEN), {"images": images})
        found = []
        for k in range(len(images)):
            rows = np.flatnonzero(image == k)
            rows = rows[np.argsort(-score[rows], kind="stable")][:DETECTIONS]
            found.append((box[rows], score[rows], label[rows]))
        return found

    return call


def largest(folder: str | Path, images: np.ndarray, catalog: pd.DataFrame) -> Run:
    """The run of a draw's folder that is exported. Raises FewskyError as `export_detector` does."""
    network, card, table = largest_run(Path(folder))
    names = table.loc[table["part"] == "val", "image"].unique()
    rows = pd.Index(catalog["object_id"]).get_indexer(names)
    if not len(rows):
        raise nothing_to_compare(card["experiment"])
    return Run(network, card, images[rows], catalog.iloc[rows])


def _told(run: Run, graph: bytes) -> dict[str, Any]:
    """What the table says beside the comparison."""
    card, side = run.card, run.network.side
    weights = as_safetensors({k: v.contiguous() for k, v in run.network.state_dict().items()})
    whole = costs(Outputs(untrained(card)), (inputs.n_channels(card["input"]), side, side))
    keys = ("experiment", "draw", "budget", "fold", "input", "bands", "size")
    return {
        **{key: card[key] for key in keys},
        **whole,
        "classes": card["boxes"]["classes"],
        "side": side,
        "bytes": {"safetensors": len(weights), "onnx": len(graph)},
        "raw": False,
        "gives": list(GIVEN),
    }


def differences(run: Run, raw: bytes) -> dict[str, Any]:
    """The largest difference of an anchor's score, and of a corner cut to the image, in pixels,
    where the score is above LEAST_SCORE; `raw` is a graph of `Seeing`.

    Raises FewskyError where they are larger than CLOSE or NEAR.
    """
    session, seeing = session_of(raw), Seeing(run.network, run.card).eval()
    scores, corners = 0.0, 0.0
    for images in _batches(run.images):
        with torch.no_grad():
            boxes, known = (value.numpy() for value in seeing(torch.from_numpy(images)))
        other, found = session.run(list(EVERY), {"images": images})
        scores = max(scores, float(np.abs(found - known).max()))
        likely = (known > LEAST_SCORE).any(axis=1)
        far = np.abs(np.subtract(*(b[likely].clip(0, run.card["size"]) for b in (other, boxes))))
        corners = max(corners, float(far.max(initial=0)))
    if not (scores <= CLOSE and corners <= NEAR):
        raise FewskyError(
            f"export: wanted PyTorch's scores within {CLOSE:g} and its corners within {NEAR:g} px; "
            f"found differences of {scores:g} and {corners:g} px. Take the experiment out of the "
            "exports, and tell us."
        )
    return {"difference": {"onnx": scores}, "difference_px": {"onnx": corners}}


def _agreement(run: Run, forms: dict[str, Form]) -> dict[str, Any]:
    """How many validation images and detections there are, and the share that is in both forms."""
    found = {
        name: [one for images in _batches(run.images) for one in call(images)]
        for name, call in forms.items()
    }
    pairs = list(zip(found["torch"], found["onnx"], strict=True))
    same = sum(int(shared(one, other)) for one, other in pairs)
    most = max(1, sum(max(len(one[1]), len(other[1])) for one, other in pairs))
    count = sum(len(one[1]) for one, _ in pairs)
    share = same / most if count else 1.0
    return {"n": len(pairs), "detections": count, "agreement": {"onnx": share}}


def shared(one: Found, other: Found) -> int:
    """How many detections of an image are in both forms, within CLOSE and NEAR."""
    if not len(one[1]) or not len(other[1]):
        return 0
    boxes = np.abs(one[0][:, None] - other[0][None]).max(axis=2) <= NEAR
    scores = np.abs(one[1][:, None] - other[1][None]) <= CLOSE
    return int((boxes & scores & (one[2][:, None] == other[2][None])).any(axis=1).sum())


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return np.split(images, range(BATCH, len(images), BATCH))
