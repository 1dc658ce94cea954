"""A small sky of properties, brought through download, choice and cuts as a run does it."""

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

from fewsky.cutouts.images import cut_shard
from fewsky.files import save_table
from fewsky.raw.download import fetch_all, with_published
from fewsky.sky.properties import simulate_properties
from fewsky.surveys import reader
from fewsky.surveys.object_table import load_objects
from tests.conftest import ROOT

SEED = 5
KEYS = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())["$defs"]
SKY = {k: v["default"] for k, v in KEYS["sky_properties"]["properties"].items()}
SKY |= {"per_class": 8, "splus_per_class": 3, "mergers_per_class": 6, "efigi_per_type": 2}
SKY |= {"efigi_side_px": 32}
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
FEWER = {"specobj": 8, "splus": 3, "mergers": 6, "efigi": 0}
TABLES = {"specobj": "specobj_table", "splus": "splus_table", "mergers": "mergers_table",
          "efigi": "efigi_file"}  # fmt: skip
SCALES = {"splus": {"by": "fixed", "low": -0.5, "high": 50.0}}


class World(NamedTuple):
    """What a survey became: the list and truth of its sky, its objects, images and catalogue."""

    files: pd.DataFrame
    truth: pd.DataFrame
    listed: pd.DataFrame
    objects: pd.DataFrame
    images: np.ndarray
    catalog: pd.DataFrame


def survey(name: str, **change: Any) -> dict:
    """A survey of config.yaml with all defaults, small."""
    block = KEYS["survey"]["properties"]
    filled = {k: v["default"] for k, v in block.items() if "default" in v}
    small = {"per_class": FEWER[name], "shard_objects": 1000}
    small |= {"field_arcsec": 19.008} if name == "mergers" else {}
    return {**filled, **CONFIG["surveys"][name], **small, **change}


def simulated(store: Path, name: str, seed: int = SEED, **sky: Any):
    """The list of files and the truth of a survey's sky, written under a store."""
    told = {key: survey(name).get(key) for key in reader(name).SIMULATED}
    return simulate_properties({**SKY, **sky}, told, store, seed=seed)


def choose(listed: pd.DataFrame, store: Path, block: dict) -> pd.DataFrame:
    """The survey's objects, as a list of downloaded files gives them."""
    module = import_module(f"fewsky.surveys.{TABLES[block['reader']]}")
    return module.select_objects(listed, store, reader(block["reader"]).selection(block))


def bring(folder: Path, name: str, **sky: Any) -> World:
    """Simulate a survey, fetch it without a network, choose its objects and cut their images."""
    store, block, module = folder / "store", survey(name), reader(name)
    files, truth = simulated(store, name, **sky)
    entries = module.catalogue_files(module.catalogue(block))
    listed = fetch_all(with_published(entries, [files]), store, offline=True)
    assert listed.attrs["simulated"]
    save_table(choose(listed, store, block), folder / "objects.csv")
    objects = load_objects(folder / "objects.csv")
    told = next(iter(module.shards(block).values()))
    rows = objects.astype(str).to_dict("records")
    wanted = with_published(module.files(told, rows), [files])
    images = fetch_all(wanted, store, offline=True) if wanted else listed
    assert images.attrs["simulated"]
    size = {"mergers": 48}.get(name, 32)
    scale = SCALES.get(name, {"by": "fixed", "low": 0.0, "high": 255.0})
    dataset = {"survey": name, "size": size, "edge": "drop", "scale": scale}
    cut = cut_shard(images, objects, store, dataset, block)
    return World(files, truth, images, objects, *cut)
