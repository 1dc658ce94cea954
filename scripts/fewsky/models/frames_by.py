"""Who looks at a frame: a trained detector, an opponent; and a classifier at what they found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.bands import COLOURS
from fewsky.boxes.table import edges_of
from fewsky.console import FewskyError, say
from fewsky.files import load_json
from fewsky.models.detect_results import find
from fewsky.models.frames import find_in_tiles, find_segments
from fewsky.models.named import Classifier, named
from fewsky.models.trained import load_model

TILES = 256  # at once: those of 400 px fill 0.5 GB


def by_network(
    image: np.ndarray, folder: str | Path, settings: Mapping[str, Any], least: float, device: str
) -> pd.DataFrame:
    """Galaxies that a stored detector finds in a picture uint8 `(3, y, x)`: `frames.COLUMNS`.

    `folder` is a draw's; the run is that with most labels, outside folds. Detections of a score of
    `least` or more count. Raises FewskyError where the detector does not see three colours.
    """
    runs = load_json(Path(folder) / "model.json")["runs"]
    budget = max(run["budget"] for run in runs)
    network, card = load_model(folder, budget, -1, device)
    if sorted(card["bands"]) != sorted(COLOURS):
        raise FewskyError(
            f"{settings['experiment']}: wanted a detector of images in {', '.join(COLOURS)}; found "
            f"{', '.join(card['bands'])}. Name another in paper.detection.frames.detectors."
        )
    seen = _shown(image)[[COLOURS.index(band) for band in card["bands"]]]

    def look(tiles: np.ndarray) -> pd.DataFrame:
        ids = pd.DataFrame({"object_id": np.arange(len(tiles))})
        parts = [slice(k, k + TILES) for k in range(0, len(tiles), TILES)]
        tables = [find(network, card, tiles[part], ids[part]) for part in parts]
        return pd.concat(tables, ignore_index=True).dropna(subset="score")

    found = find_in_tiles(seen, look, settings["sides"], settings["overlap"], least)
    return _told(found, settings)


def by_opponent(image: np.ndarray, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Galaxies that an opponent proposes in a picture uint8 `(3, y, x)`: `frames.COLUMNS`.

    Raises FewskyError for another than the segmenter: a frame has no middle.
    """
    family = settings["opponent"]["family"]
    if family != "segments":
        raise FewskyError(
            f"{settings['experiment']}: wanted a network or the opponent segments for a frame; "
            f"found {family}. Take it out of paper.detection.frames.detectors."
        )
    options = settings["opponent"].get("options", {})
    return _told(find_segments(_shown(image), options, settings["sides"]), settings)


def name_frame(
    found: pd.DataFrame, image: np.ndarray, classifier: Classifier, context: float
) -> pd.DataFrame:
    """The table of detections in a picture uint8 `(3, y, x)` with `named` and `probability`.

    `named` is the likeliest class of what a box holds, `probability` its own.
    """
    rows = np.zeros(len(found), int)
    label, probability = named(classifier, _shown(image)[None], rows, edges_of(found), context)
    return found.assign(named=label, probability=probability.astype(np.float32))


def _shown(image: np.ndarray) -> np.ndarray:
    return image.astype(np.float32) / 255


def _told(found: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    by_side = found["side"].value_counts().sort_index().to_dict()
    counts = ", ".join(
        f"{n} in tiles of {side} px" if side else f"{n}" for side, n in by_side.items()
    )
    say(f"{settings['experiment']}: found in {settings['field']}: {counts or 'nothing'}")
    return found
