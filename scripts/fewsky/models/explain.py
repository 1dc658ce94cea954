"""Explanations of a trained network: evidence maps, activations, filters, a check of the maps."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError, say
from fewsky.files import load_table
from fewsky.machine import choose_device, reproducible
from fewsky.models import explain_maps as maps
from fewsky.models.explain_filters import for_show, preferred_inputs
from fewsky.models.explain_layers import Layer, map_layers, outputs_at, weighted_layers
from fewsky.models.explain_states import largest_run, networks_anew
from fewsky.models.sources import Pixels
from fewsky.models.trained import load_model

MISTAKES = 6  # of the worst, shown
SAMPLE = 64  # test objects of the check
PICTURED = 4  # of them, shown
CHANNELS = 8  # of a layer, shown
LAYERS = 8  # whose activations are shown, at most
COLUMNS = ["object_id", "label", "decided", "probability", "group", "picture", "randomised",
           "spearman", "ssim"]  # fmt: skip


class Explained(NamedTuple):
    """Tensors by name, one row an object and state of the network, and what the tensors are."""

    arrays: dict[str, np.ndarray]
    table: pd.DataFrame
    told: dict[str, Any]


class Opened(NamedTuple):
    """A network with its classes and layers, and the images as it sees them."""

    network: torch.nn.Module
    classes: list[str]
    source: Pixels
    rows: pd.Series
    layers: list[Layer]

    def inputs(self, ids: pd.Series) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Inputs and extra scalars of some objects."""
        return next(self.source.in_views(self.rows[ids].to_numpy(), 1))[0]

    def evidence(self, table: pd.DataFrame, column: str, network=None) -> np.ndarray:
        """Maps `(n, y, x)` of what speaks for the class that a column names, at the last layer."""
        last = [layer for layer in self.layers if layer.kind == "convolution"][-1]
        classes = pd.Index(self.classes).get_indexer(table[column])
        used = self.network if network is None else network
        return maps.grad_cam(used, last.settled, *self.inputs(table["object_id"]), classes)

    def pixels(self, ids: pd.Series) -> np.ndarray:
        """Images `(n, band, y, x)` as they are in the dataset."""
        return self.source.images[self.rows[ids].to_numpy()]


def explain(
    folder: str | Path,
    images: np.ndarray,
    catalog: pd.DataFrame,
    settings: dict[str, Any],
    device: str = "cpu",
) -> Explained:
    """Explain the first draw of an experiment at its largest budget, in its first fold.

    `folder` is the draw's; `images` are `(n, band, y, x)` in the experiment's bands, row i of which
    is row i of `catalog`; `settings` are `draw`, `seed` and `threads`. The tensors, all float32:

    - `gradcam/images` `(n, band, y, x)`, `gradcam/decided` and `gradcam/label` `(n, y, x)`: the
      surest right object of each class, then the worst mistakes; evidence for the class decided
      for and for the label; `gradcam/classes` `(n, class, y, x)`: for each class of the task;
    - `activations/image` and `activations/NN` `(channel, y, x)`: one object, first channels;
    - `filters/NN` `(channel, input channel, y, x)`: patterns in 0 to 1;
    - `sanity/images`, `sanity/maps` `(state, n, y, x)`: maps with more and more layers set anew.

    Raises FewskyError where a network has no convolution or the test part no object.
    """
    where = choose_device(device)
    with reproducible(settings["threads"]):
        run, stated = _tested(Path(folder), settings["draw"])
        network, card = load_model(folder, run["budget"], run["fold"], str(where), settings["draw"])
        source = Pixels(images, catalog, card["input"], card["recipe"], where)
        rows = pd.Series(np.arange(len(catalog)), catalog["object_id"])
        opened = Opened(network, card["classes"], source, rows, [])
        example = opened.inputs(stated["object_id"][:1])
        opened = opened._replace(layers=map_layers(network, *example))
        generator = torch.Generator().manual_seed(settings["seed"])
        shown = shown_objects(stated, card["classes"])
        sample = sampled_objects(stated, generator)
        say(f"{card['experiment']}: {len(shown)} objects shown, {len(sample)} in the check")
        parts = [
            _evidence(opened, shown),
            _activations(opened, shown),
            _filters(opened, sample, generator),
            _check(opened, sample, generator),
        ]
    told = {"experiment": card["experiment"], "draw": settings["draw"], **run}
    told |= {"classes": card["classes"]}
    tables = [part.table.reindex(columns=COLUMNS) for part in parts if len(part.table)]
    return Explained(
        {name: array.astype(np.float32) for part in parts for name, array in part.arrays.items()},
        pd.concat(tables, ignore_index=True),
        told | {key: value for part in parts for key, value in part.told.items()},
    )


def _tested(folder: Path, draw: int) -> tuple[dict[str, int], pd.DataFrame]:
    """The largest budget and first fold, and what was decided of the test part there."""
    run = largest_run(folder, draw)
    table = load_table(folder / "predictions.parquet")
    own = (table["part"] == "test") & (table["budget"] == run["budget"])
    own &= table["fold"] == run["fold"]
    if "draw" in table:
        own &= table["draw"] == draw
    if not own.any():
        raise FewskyError(
            f"{folder}: wanted predictions of a test part; found none. Give the task a test part "
            "or take the experiment out of paper.galaxy10.explain."
        )
    return run, decisions(table[own])


def decisions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Columns object_id, label, decided, probability (of that class), by object_id."""
    chances = predictions.filter(regex="^p_").rename(columns=lambda name: name.removeprefix("p_"))
    table = predictions[["object_id", "label"]].assign(
        decided=chances.idxmax(axis=1), probability=chances.max(axis=1).astype(float)
    )
    return table.sort_values("object_id", ignore_index=True)


def shown_objects(stated: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The surest right object of each class, then the surest of the wrong, the worst first.

    Columns of `decisions` with `group` (surest or mistaken) and `picture` (row number). A class
    none of whose objects is right is left out.
    """
    ranked = stated.sort_values("probability", ascending=False, kind="stable")
    right = ranked["decided"] == ranked["label"]
    surest = ranked[right].groupby("label").head(1).set_index("label", drop=False)
    surest = surest.loc[[name for name in classes if name in surest.index]]
    parts = [surest.assign(group="surest"), ranked[~right].head(MISTAKES).assign(group="mistaken")]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(picture=np.arange(len(table)))


def sampled_objects(stated: pd.DataFrame, generator: torch.Generator) -> pd.DataFrame:
    """Test objects drawn at random, all where there are few; those pictured have a `picture`.

    Pictured are the first of each of some classes decided for, in the order of the draw.
    """
    order = torch.randperm(len(stated), generator=generator)[:SAMPLE].numpy()
    table = stated.iloc[order].reset_index(drop=True).assign(group="sample", picture=-1)
    first = table.index[~table["decided"].duplicated()][:PICTURED]
    table.loc[first, "picture"] = np.arange(len(first))
    return table


def _evidence(opened: Opened, shown: pd.DataFrame) -> Explained:
    """Grad-CAM of the objects shown, for what was decided and for the label."""
    arrays = {"gradcam/images": opened.pixels(shown["object_id"])}
    for column in ("decided", "label"):
        arrays[f"gradcam/{column}"] = opened.evidence(shown, column)
    every = [opened.evidence(shown.assign(asked=name), "asked") for name in opened.classes]
    arrays["gradcam/classes"] = np.stack(every, axis=1)
    last = [layer for layer in opened.layers if layer.kind == "convolution"][-1]
    told = {"map_layer": last._asdict()}
    return Explained(arrays, shown.assign(randomised=0), told)


def _activations(opened: Opened, shown: pd.DataFrame) -> Explained:
    """What convolutions and poolings give for the last of the surest objects."""
    surest = shown[shown["group"] == "surest"]
    chosen = (surest if len(surest) else shown).tail(1)
    layers = evenly(opened.layers, LAYERS)
    images, extra = opened.inputs(chosen["object_id"])
    with torch.no_grad():
        found = outputs_at(opened.network, [one.settled for one in layers], images, extra)
    arrays = {
        f"activations/{k:02d}": found[layer.settled][0, :CHANNELS].cpu().numpy()
        for k, layer in enumerate(layers)
    }
    arrays["activations/image"] = opened.pixels(chosen["object_id"])[0]
    item = chosen.iloc[0]
    told = {key: item[key] for key in ("object_id", "label", "decided")}
    told |= {"probability": float(item["probability"])}
    listed = [layer._asdict() for layer in layers]
    return Explained(arrays, shown[:0], {"activations": {**told, "layers": listed}})


def _filters(opened: Opened, sample: pd.DataFrame, generator: torch.Generator) -> Explained:
    """Patterns for the first channels of the first, a middle and the last convolution."""
    layers = evenly([one for one in opened.layers if one.kind == "convolution"], 3)
    like = opened.inputs(sample["object_id"])[0]
    arrays = {}
    for k, layer in enumerate(layers):
        n = min(CHANNELS, layer.channels)
        found = preferred_inputs(opened.network, layer.name, n, like, generator)
        arrays[f"filters/{k:02d}"] = for_show(found)
    return Explained(arrays, sample[:0], {"filters": [layer._asdict() for layer in layers]})


def _check(opened: Opened, sample: pd.DataFrame, generator: torch.Generator) -> Explained:
    """Maps for what was decided, with more and more layers set anew from the output down."""
    one = opened.inputs(sample["object_id"][:1])
    pictured = sample.index[sample["picture"] >= 0]
    true = opened.evidence(sample, "decided")
    empty = ~true.any(axis=(1, 2))  # where there is nothing to be like
    tables, pictures = [sample.assign(randomised=0)], [true[pictured]]
    for n, changed in networks_anew(opened.network, *one, generator):
        found = opened.evidence(sample, "decided", changed)
        pictures.append(found[pictured])
        tables.append(
            sample.assign(
                randomised=n,
                spearman=np.where(empty, np.nan, maps.rank_correlation(true, found)),
                ssim=np.where(empty, np.nan, maps.structural_similarity(true, found)),
            )
        )
    arrays = {"sanity/maps": np.stack(pictures)}
    arrays["sanity/images"] = opened.pixels(sample["object_id"][pictured])
    told = {"weighted_layers": len(weighted_layers(opened.network, *one))}
    return Explained(arrays, pd.concat(tables, ignore_index=True), told)


def evenly(items: list, n: int) -> list:
    """At most n items, evenly spread, the first and the last among them."""
    places = np.linspace(0, len(items) - 1, min(n, len(items))).round().astype(int)
    return [items[k] for k in dict.fromkeys(places.tolist())]
