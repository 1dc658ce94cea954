"""Stored features and activations: a frozen backbone run once for each view of each object."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import say
from fewsky.machine import choose_device, reproducible
from fewsky.models.inputs import describe
from fewsky.models.outputs import outputs_of
from fewsky.models.sources import Pixels
from fewsky.models.start import Start, start_from
from fewsky.networks import build, fresh_layers
from fewsky.networks.backbone import first_trained

# Views alone matter here; nothing is drawn at random.
PLAIN = {"stretch": "card", "psf": "none", "augment": "d4", "augment_mode": "random",
         "brightness_nmgy": 0.0, "blur_px": 1.0}  # fmt: skip


def extract(
    settings: dict[str, Any],
    images: np.ndarray,
    catalog: pd.DataFrame,
    start: Start,
    device: str = "auto",
) -> np.ndarray:
    """Activations float32 `(n, views, ...)` before the first child that `unfreeze` trains.

    `images` are `(n, band, y, x)` of 0 to 1. `unfreeze: head` gives the features that a linear
    probe is fitted on, `(n, views, features)`; `views`, 8 or 1, are the first symmetries of the
    square in the order of `sources.SQUARE`.
    """
    where = choose_device(device)
    network = build(
        settings["model"], images.shape[1], images.shape[3], 2, torch.Generator().manual_seed(0)
    )
    start_from(network, start.of_backbone(), fresh_layers(settings["model"]["name"]))
    statistics = describe(images[:0], catalog[:0], settings["bands"], PLAIN, [], start.card)
    source = Pixels(images, catalog, statistics, PLAIN, where)
    cut = first_trained(network, settings["unfreeze"])
    with reproducible(settings["threads"]):
        every, views = np.arange(len(images)), settings["views"]
        found = activations(network.to(where).stem(cut), source, every, views)
    say(f"{len(images)} objects in {views} views: {found.shape[2:]} numbers each")
    return found


def activations(
    stem: torch.nn.Module, source: Pixels, rows: np.ndarray, n_views: int
) -> np.ndarray:
    """What a frozen part gives for image rows, float32 `(n, view, ...)`, in evaluation mode."""
    found, k = None, 0
    for views in source.in_views(rows, n_views):
        for number, (images, _) in enumerate(views):
            outputs = outputs_of(_Alone(stem), images, None).cpu().numpy()
            if found is None:  # filled in place: at full size there is memory for one copy
                found = np.empty((len(rows), n_views, *outputs.shape[1:]), np.float32)
            found[k : k + len(outputs), number] = outputs
        k += len(outputs)
    return found


class _Alone(torch.nn.Module):
    """A chain of children called as a network is: with images and no extra scalars."""

    def __init__(self, stem: torch.nn.Module):
        super().__init__()
        self.stem = stem

    def forward(self, images, extra=None):
        return self.stem(images)
