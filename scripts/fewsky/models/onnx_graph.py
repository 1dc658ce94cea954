"""A trained network as an ONNX graph: made, made the same each time, and run on one core."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import pandas as pd
import torch
from onnxscript import opset20 as op

from fewsky.console import FewskyError
from fewsky.files import load_table
from fewsky.models.trained import load_model

OPSET = op.version


def largest_run(folder: Path) -> tuple[torch.nn.Module, dict[str, Any], pd.DataFrame]:
    """Network and card of a draw's run with most labels, and its rows of the predictions.

    Raises FewskyError for a draw with folds only, and for a network that needs more than pixels.
    """
    table = load_table(folder / "predictions.parquet")
    table = table[(table["budget"] == table["budget"].max()) & (table["fold"] == -1)]
    if table.empty:
        raise FewskyError(f"{folder}: wanted a run outside folds to export; found none.")
    network, card = load_model(folder, int(table["budget"].iloc[0]), -1)
    statistics = card["input"]
    if statistics["stretch"] == "snr" or statistics["psf"] != "none" or statistics["extra"]:
        raise FewskyError(
            f"{card['experiment']}: wanted a network that sees pixels alone, to export it; found "
            "stretch snr, psf or extra columns. Export another."
        )
    return network, card, table


def nothing_to_compare(experiment: str) -> FewskyError:
    """What to raise where a run has no validation objects."""
    return FewskyError(
        f"{experiment}: wanted validation objects to compare exports on; found none. Raise the "
        "budget."
    )


def as_onnx(
    network: torch.nn.Module, shape: tuple[int, ...], outputs: Sequence[str] = ("probabilities",)
) -> bytes:
    """A network as ONNX for any number of images `(band, y, x)`; equal nets, equal bytes.

    `outputs` names what it gives. Raises FewskyError for a layer that ONNX lacks.
    """
    try:
        with quiet():
            program = torch.onnx.export(
                network, (torch.zeros(2, *shape),), dynamo=True, verbose=False,
                input_names=["images"], output_names=list(outputs), opset_version=OPSET,
                dynamic_shapes={"images": {0: torch.export.Dim("n")}},
                custom_translation_table={torch.ops.aten.copysign.Tensor: _copysign},
            )  # fmt: skip
    except torch.onnx.OnnxExporterError as error:
        raise FewskyError(
            f"export: wanted a network whose layers ONNX has; found {str(error.__cause__)[:200]}. "
            "Export another."
        ) from None
    model = program.model_proto
    without_notes(model)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _copysign(size, sign):
    """The size of one with the sign of the other, in ONNX, which lacks it."""
    return op.Where(op.Less(sign, 0.0), op.Neg(op.Abs(size)), op.Abs(size))


def session_of(graph: bytes) -> onnxruntime.InferenceSession:
    """A graph ready to run on one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def without_notes(model: onnx.ModelProto) -> None:
    """Take out what says where the code lay that made a model."""
    graph = model.graph
    noted = (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info,
             *graph.initializer, *model.functions)  # fmt: skip
    for item in noted:
        del item.metadata_props[:]
        item.ClearField("doc_string")


@contextmanager
def quiet() -> Iterator[None]:
    """Without the advice that exporters print for their own developers."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            root.setLevel(level)
