"""Detections in a frame held against its catalogue: what is found by magnitude, and what it is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fewsky.metrics.detection_completeness import completeness, counterparts, share

KINDS = ("galaxy", "star")
COLUMNS = ["experiment", "measure", "kind", "low", "high", "n", "found", "value", "lower", "upper",
           "chance"]  # fmt: skip


def score_frame(
    found: Mapping[str, pd.DataFrame], catalogue: pd.DataFrame, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Completeness and purity of each detector in a frame, a table of COLUMNS.

    `found` maps an experiment to its detections (ra, dec in degrees); the catalogue has ra, dec,
    label (galaxy, star) and magnitude. Either's objects within settings["match_arcsec"] are one,
    the closest pair first, each once. completeness: the share of catalogued galaxies, and of stars,
    that are found, in bins of settings["bin_mag"]; empty bins are left out. purity: the share of
    detections that are a catalogued galaxy, a star, or either, over all magnitudes. Intervals are
    Wilson's 95 %; `chance` is what is found in a catalogue moved by five radii.
    """
    rows = []
    for name, table in found.items():
        for part in (_complete(table, catalogue, settings), _pure(table, catalogue, settings)):
            rows.append(part.assign(experiment=name))
    return pd.concat(rows, ignore_index=True).reindex(columns=COLUMNS)


def magnitude_bins(magnitude: np.ndarray, width: float) -> np.ndarray:
    """Edges of bins of `width` magnitudes, whole multiples of it, about all that are known."""
    known = magnitude[np.isfinite(magnitude)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    return width * np.arange(np.floor(low / width), np.floor(high / width) + 2)


def _complete(found: pd.DataFrame, catalogue: pd.DataFrame, settings: Mapping) -> pd.DataFrame:
    magnitude = catalogue["magnitude"].to_numpy(float)
    edges = magnitude_bins(magnitude, settings["bin_mag"])
    tables = []
    for kind in KINDS:
        # The others stay in the catalogue, to be matched, and in no bin.
        own = np.where(catalogue["label"] == kind, magnitude, np.nan)
        told = completeness(found, catalogue.assign(magnitude=own), settings["match_arcsec"], edges)
        tables.append(told[told["n"] > 0].assign(measure="completeness", kind=kind))
    return pd.concat(tables, ignore_index=True).rename(columns={"completeness": "value"})


def _pure(found: pd.DataFrame, catalogue: pd.DataFrame, settings: Mapping) -> pd.DataFrame:
    taken = counterparts(found, catalogue, settings["match_arcsec"])
    label = np.full(len(found), "", object)
    label[taken[taken >= 0]] = catalogue["label"].to_numpy()[taken >= 0]
    masks = {**{kind: label == kind for kind in KINDS}, "either": label != ""}
    rows = [{"measure": "purity", "kind": kind, **share(mask)} for kind, mask in masks.items()]
    return pd.DataFrame(rows).rename(columns={"completeness": "value"})
