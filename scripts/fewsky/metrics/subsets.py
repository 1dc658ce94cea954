"""Subsets of the test part scored apart: signal to noise, magnitude, neighbours, matched."""

from itertools import pairwise

import numpy as np
import pandas as pd

from fewsky.splits.sphere import nearest

TRUTH_ARCSEC = 1.0
NEIGHBOUR_ARCSEC = (0, 5, 10, 20, np.inf)
NEIGHBOUR_MAG = (-np.inf, 18, 20, 22, np.inf)
QUANTILES = 10
FEWEST_OF_KIND = 5


def match_truth(objects, truth, classes):
    """Return the true class, (n,), of each object; "" where there is none.

    A truth with object_id is joined by it, another one by the nearest place within 1 arcsec.
    """
    known = truth[truth["true_class"].isin(classes)]
    if "object_id" in known:
        of_object = known.set_index("object_id")["true_class"]
        names = objects.get("object_id", objects.index)
        return of_object.reindex(names).fillna("").to_numpy(dtype=object)
    apart, index = nearest(objects["ra"], objects["dec"], known["ra"], known["dec"])
    found = np.full(len(objects), "", dtype=object)
    near = apart <= TRUTH_ARCSEC
    found[near] = known["true_class"].to_numpy()[index[near]]
    return found


def subset_masks(objects, number, settings, rng, nuisance=None):
    """Return the subsets of the objects by name, each (n,) bool; empty ones are left out.

    `number` (n,) are class numbers, -1 unknown. They serve the matched subsets: in each magnitude
    bin, or each tenth of the nuisance control's score, each part has as many objects of one class
    as of another. A subset whose column the catalogue lacks is left out.
    """
    masks = {"all": np.ones(len(objects), bool)}
    masks |= over_cuts(objects, settings["snr"])
    edges = magnitude_edges(objects, settings)
    band = settings["magnitude"].split("_")[-1]
    masks |= in_bins(objects, settings["magnitude"], edges, f"{band} {{:.1f}}-{{:.1f}}")
    masks |= in_bins(objects, "neighbour_arcsec", NEIGHBOUR_ARCSEC, "neighbour {:g}-{:g} arcsec")
    masks |= in_bins(objects, "neighbour_mag_r", NEIGHBOUR_MAG, "neighbour r {:g}-{:g}")
    for column in settings.get("by", []):
        masks |= of_each_value(objects, column)
    for column, wanted in settings.get("bins", {}).items():
        masks |= in_bins(
            objects, column, edges_of(objects, column, wanted), f"{column} {{:g}}-{{:g}}"
        )
    if len(edges):
        bins = np.digitize(objects[settings["magnitude"]], edges)
        masks[f"matched {band}"] = match_classes(objects["part"], bins, number, rng)
    if nuisance is not None:
        tenth = pd.Series(nuisance).rank(pct=True).mul(QUANTILES).fillna(-1).to_numpy(int)
        masks["matched nuisance"] = match_classes(objects["part"], tenth, number, rng)
    return {name: mask for name, mask in masks.items() if mask.any()}


def over_cuts(objects, cuts):
    """Return the objects above each cut on the r-band signal to noise."""
    if "snr_r" not in objects:
        return {}
    return {f"snr>{cut:g}": (objects["snr_r"] > cut).to_numpy() for cut in cuts}


def magnitude_edges(objects, settings):
    """Return the edges of the magnitude bins, whole multiples of the width, over all objects."""
    if settings["magnitude"] not in objects:
        return np.empty(0)
    known = objects[settings["magnitude"]].to_numpy(float)
    known = known[np.isfinite(known)]
    if len(known) == 0:
        return np.empty(0)
    width = settings["bin_mag"]
    return width * np.arange(np.floor(known.min() / width), np.floor(known.max() / width) + 2)


def in_bins(objects, column, edges, name):
    """Return the objects in each bin of a column, lower edge included."""
    if column not in objects:
        return {}
    value = objects[column].to_numpy(float)
    return {name.format(a, b): (value >= a) & (value < b) for a, b in pairwise(edges)}


def edges_of(objects, column, wanted):
    """Return the edges of a column's bins, the last one infinite: lower edges, or so many bins.

    Those have about as many objects each, since equal values stay together. A column of words has
    no edges.
    """
    if column not in objects or not pd.api.types.is_numeric_dtype(objects[column]):
        return []
    known = objects[column].to_numpy(float)
    known = known[np.isfinite(known)]
    if isinstance(wanted, int):
        wanted = (
            np.quantile(known, np.arange(wanted) / wanted, method="higher") if len(known) else []
        )
    return [*np.unique(wanted), np.inf]


def of_each_value(objects, column):
    """Return the objects of each value of a column of words; "" and rare values are left out."""
    if column not in objects:
        return {}
    value = objects[column].fillna("").astype(str)
    counts = value[value != ""].value_counts()
    names = sorted(counts.index[counts >= FEWEST_OF_KIND])
    return {f"{column} {name}": (value == name).to_numpy() for name in names}


def is_kind(subset, settings):
    """Return whether a subset is one value of a column of paper.scoring.by."""
    return any(subset.startswith(f"{column} ") for column in settings.get("by", []))


def match_classes(part, stratum, number, rng):
    """Return a random subset, (n,) bool, with equal numbers of the classes in every stratum."""
    chosen = np.zeros(len(number), bool)
    known = np.flatnonzero(number >= 0)
    table = pd.DataFrame({"part": np.asarray(part), "stratum": stratum, "number": number})
    names = np.unique(number[known])
    for _, rows in table.iloc[known].groupby(["part", "stratum"]):
        each = [rng.permutation(rows.index[rows["number"] == name]) for name in names]
        for some in each:
            chosen[some[: min(map(len, each))]] = True
    return chosen
