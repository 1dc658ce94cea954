"""Is the centre what counts? Radial profiles of influence of an experiment, over its draws."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.machine import choose_device, reproducible
from fewsky.models import radial
from fewsky.models.erase import sky_of
from fewsky.models.explain_states import largest_run
from fewsky.models.influence import Judge
from fewsky.models.influence_draw import Found, Shown, profiles_of
from fewsky.models.influence_neighbours import (
    WHOLE,
    erase_neighbours,
    find_neighbours,
    neighbour_table,
)
from fewsky.models.influence_table import Sample, compared, rows_of
from fewsky.models.trained import load_model

COLUMNS = ["experiment", "draw", "state", "layers", "method", "measure", "band", "class",
           "r_low_px", "r_high_px", "value", "lower", "upper", "n"]  # fmt: skip
OPEN = ("change", "density", "half_px", "half_fwhm", "gap", "total")  # not shares: 0 and up
SIGNED = ("flux", "likeness")
# What is held against what, in the share that lies within a FWHM: method and state of either.
TESTS = {
    "gradients: trained less randomised": (("gradients", "trained"), ("gradients", "randomised")),
    "occlusion: trained less randomised": (("occlusion", "trained"), ("occlusion", "randomised")),
    "gradients less light": (("gradients", "trained"), ("light", "light")),
    "occlusion less light": (("occlusion", "trained"), ("light", "light")),
}


class Influence(NamedTuple):
    """The tidy table, paired comparisons, the neighbours' test, mean maps, facts."""

    table: pd.DataFrame
    tests: pd.DataFrame
    neighbours: pd.DataFrame
    maps: dict[str, np.ndarray]
    told: dict[str, Any]


def measure_influence(
    folders: Sequence[str | Path],
    images: np.ndarray,
    catalog: pd.DataFrame,
    manifest: pd.DataFrame,
    settings: Mapping[str, Any],
    device: str = "cpu",
) -> Influence:
    """Influence profiles of an experiment's draws, whose folders are in the order of the draws.

    `images` are `(n, band, y, x)` in nanomaggies in the experiment's bands, row i of which is row i
    of `catalog`; of `manifest` the test part is asked. `settings` are those of the rule
    measure_influence. Raises FewskyError where the test part has no object.
    """
    where = choose_device(device)
    known = _tested(manifest, settings)
    shown = _shown(images, catalog, _chosen(known, settings), known, settings)
    near = _near(images, catalog, known, settings)
    found, answers, maps = [], [], {}
    with reproducible(settings["threads"]):
        for folder, draw in zip(folders, settings["draws"], strict=True):
            run = largest_run(folder, draw)
            network, card = load_model(folder, run["budget"], run["fold"], str(where), draw)
            judge = Judge(network, card, shown.catalog, where)
            new, drawn = profiles_of(judge, shown, settings, draw, not found)
            found.append(new)
            maps = maps or _by_class(drawn, shown, settings["classes"])
            if near.shown is not None:
                answers.append(_erased(judge._replace(catalog=near.shown.catalog), near, settings))
            say(f"{settings['experiment']}: draw {draw} of {settings['draws']}")
    sample = _sample(shown, known, settings)
    by_key = _by_key(found)
    told = {"experiment": settings["experiment"], "draws": list(settings["draws"]), **run}
    told |= {"fwhm_px": float(np.median(shown.fwhm)), "pixel_arcsec": settings["pixel_arcsec"]}
    told |= {"objects": pd.Series(sample.labels).value_counts().sort_index().to_dict()}
    told |= {"neighbours": len(near.places), "edges_px": shown.edges.tolist()}
    return Influence(
        _table(by_key, shown, sample, settings),
        _tests(by_key, sample),
        _neighbours(answers, near, known, settings),
        maps,
        told,
    )


def _tested(manifest: pd.DataFrame, settings) -> pd.DataFrame:
    """Label and sky group of the test part's objects, by object_id."""
    known = manifest[manifest["part"] == "test"].set_index("object_id")[["label", "group"]]
    known = known[known["label"].isin(settings["classes"])]
    if known.empty:
        raise FewskyError(
            f"{settings['experiment']}: wanted a test part; found none. Give its task one, or take "
            "the experiment out of paper.star-galaxy.radial."
        )
    return known


def _chosen(known: pd.DataFrame, settings) -> pd.Index:
    """Ids of objects drawn by the seed, as many of each class, at most `objects` in all."""
    kinds = known.groupby("label").indices
    each = min(max(settings["objects"] // len(kinds), 1), *map(len, kinds.values()))
    rng = np.random.default_rng(settings["seed"])
    taken = [rng.permutation(place)[:each] for _, place in sorted(kinds.items())]
    return known.index[np.sort(np.concatenate(taken))]


def _shown(images, catalog, ids, known, settings) -> Shown:
    """Some objects of a dataset, their sky and the rings about them."""
    rows = pd.Index(catalog["object_id"]).get_indexer(ids)
    own, table = images[rows], catalog.iloc[rows].reset_index(drop=True)
    sky = sky_of(own, table, settings["bands"], settings["pixel_arcsec"])
    truth = pd.Index(settings["classes"]).get_indexer(known["label"].loc[ids])
    edges = radial.rings(settings["radii_px"], own.shape[3])
    fwhm = sky.fwhm[:, settings["bands"].index(settings["reference_band"])]
    return Shown(own, table, truth, sky, edges, fwhm)


class Near(NamedTuple):
    """Neighbours that can be erased, and the objects that have them; None where none has."""

    places: Any
    shown: Shown | None


def _near(images, catalog, known, settings) -> Near:
    """All test objects with a neighbour to erase; others of the catalogue are neighbours, too."""
    told, index = settings["neighbours"], pd.Index(catalog["object_id"])
    rows = index.get_indexer(known.index)
    places = find_neighbours(catalog, rows, images.shape[3], told["radius_px"], told["core_px"])
    ids = index[places.rows]
    return Near(places, _shown(images, catalog, ids, known, settings) if len(places) else None)


def _erased(judge: Judge, near: Near, settings) -> dict[str, np.ndarray]:
    """Answers of a draw before and after neighbours are erased."""
    rng, shown = np.random.default_rng([settings["seed"], 2]), near.shown
    return erase_neighbours(
        judge,
        shown.images,
        shown.sky,
        near.places,
        shown.truth,
        settings["neighbours"]["radius_px"],
        settings["repeats"],
        rng,
    )


def _neighbours(answers, near: Near, known, settings) -> pd.DataFrame:
    sample = None if near.shown is None else _sample(near.shown, known, settings)
    table = neighbour_table(answers, near.places, sample, settings["draws"])
    table.insert(0, "experiment", settings["experiment"])
    return table


def _sample(shown: Shown, known: pd.DataFrame, settings) -> Sample:
    own = known.loc[shown.catalog["object_id"]]
    return Sample(own["label"], own["group"], settings["bootstrap"], settings["seed"])


def _by_class(maps: Mapping[str, np.ndarray], shown: Shown, classes) -> dict[str, np.ndarray]:
    """Mean maps `(y, x)` float32 of the objects of each class, and of all, by state and class."""
    members = {name: shown.truth == k for k, name in enumerate(classes)}
    members["all"] = np.ones(len(shown.truth), bool)
    return {
        f"{state}/{name}": one[member].mean(axis=0).astype(np.float32)
        for state, one in maps.items()
        for name, member in members.items()
    }


def _by_key(found: Sequence[Sequence[Found]]) -> dict[tuple, np.ndarray]:
    """Values `(draw, n, k)` by all that says what they are; some are of the first draw alone."""
    every: dict[tuple, list[np.ndarray]] = {}
    for one in (one for draw in found for one in draw):
        every.setdefault(one[:-1], []).append(one.values)
    return {key: np.stack(values) for key, values in every.items()}


def _table(by_key, shown: Shown, sample: Sample, settings) -> pd.DataFrame:
    """The tidy table: a row a measure, class and ring."""
    edges = {
        "": [WHOLE],
        "ring": list(zip(shown.edges[:-1], shown.edges[1:], strict=True)),
        "inside": [(0.0, edge) for edge in shown.edges[1:]],
    }
    rows = []
    for key, values in by_key.items():
        told = dict(zip(Found._fields[:-1], key, strict=True))
        top = np.inf if told["measure"] in (*OPEN, *SIGNED) else 1.0
        bottom = -np.inf if told["measure"] in SIGNED else 0.0
        of_rings = told.pop("of_rings")
        told["experiment"] = settings["experiment"]
        draws = settings["draws"][: len(values)]
        rows += rows_of(values, draws, sample, told, edges[of_rings], (bottom, top))
    return pd.DataFrame(rows)[COLUMNS]


def _tests(by_key, sample: Sample) -> pd.DataFrame:
    """Is more of the influence within a FWHM than with other weights, and than of the light?"""
    last = max(key[1] for key in by_key)
    rows = []
    for name, pair in TESTS.items():
        sides = [
            by_key[state, last * (state == "randomised"), method, "within_fwhm", "all", ""][:, :, 0]
            for method, state in pair
        ]
        rows.append(compared(*sides, sample, {"test": name, "measure": "within_fwhm"}))
    columns = ["test", "measure", "a", "b", "difference", "lower", "upper", "p"]
    columns += ["minimum_detectable", "n", "n_replicates", "verdict", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)
