"""Starting weights of a training: a backbone, and what an earlier stage has made of it.

The backbone is one file for all runs; the earlier stage (a linear probe, a fine-tuned network) has
weights of its own for each draw, budget and fold, and each run starts from its own counterpart.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_json, sha256

Arrays = dict[str, np.ndarray]


@dataclass
class Start:
    """Weights of the backbone by name, its card, and an earlier stage's weights by run.

    `runs` has names like budget-100/fold-0/head.weight, as a `model.safetensors` has them.
    """

    backbone: Arrays = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    runs: Arrays = field(default_factory=dict)

    def of_backbone(self) -> Arrays:
        """The backbone alone. Raises FewskyError where there is none."""
        if not self.backbone:
            raise FewskyError(
                "start: wanted prepared weights; found none. Name them in weights and start."
            )
        return self.backbone

    def of(self, prefix: str) -> Arrays:
        """The weights that a run starts from, by the network's own names.

        `prefix` names its budget and fold. Raises FewskyError where the stage has no such run:
        another one would have seen other labels.
        """
        if not self.runs:
            return self.backbone
        own = {
            name.removeprefix(prefix): array
            for name, array in self.runs.items()
            if name.startswith(prefix)
        }
        if not own:
            found = sorted({"/".join(name.split("/")[:2]) for name in self.runs})
            raise FewskyError(
                f"start: wanted weights of {prefix[:-1]}; found only {', '.join(found[:4])}. Give "
                "the starting experiment the same budgets and folds."
            )
        return self.backbone | own


def load_start(weights: str | Path | None, stage: str | Path | None, draw: int) -> Start:
    """The start of a draw from a folder of prepared weights and a stage's `model.safetensors`.

    The stage's file is of one draw, or of a sweep, whose names begin with draw-K.
    """
    start = Start()
    if weights is not None:
        path = Path(weights) / "model.safetensors"
        card = load_json(Path(weights) / "model.json")
        start.backbone, start.card = load_arrays(path), card | {"sha256": sha256(path)}
    if stage is not None:
        arrays, mark = load_arrays(stage), f"draw-{draw}/"
        swept = {n.removeprefix(mark): a for n, a in arrays.items() if n.startswith(mark)}
        start.runs = swept or arrays
        if not swept and any(name.startswith("draw-") for name in arrays):
            raise FewskyError(
                f"{stage}: wanted weights of draw {draw}; found other draws only. Give both tasks "
                "the same number of draws."
            )
    return start


def start_from(network: torch.nn.Module, weights: Arrays, fresh: tuple[str, ...] = ()) -> None:
    """Copy starting weights into a network; all must fit, but for layers that start `fresh`."""
    if not weights:
        return
    for name, weight in network.state_dict().items():
        array = weights.get(name)
        if array is not None and array.size == weight.numel() and weight.dim() in (0, array.ndim):
            weight.copy_(torch.from_numpy(array).reshape(weight.shape))
        elif not name.startswith(fresh):
            shape = None if array is None else array.shape
            raise FewskyError(
                f"start: wanted weights {name} of shape {tuple(weight.shape)}; found {shape}. "
                "Start from an experiment with the same model, bands, patch size and loss."
            )
