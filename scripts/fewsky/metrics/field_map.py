"""How far a network's map of a field agrees with the catalogue's."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fewsky.metrics.measures import Sample, measure
from fewsky.metrics.scores import limits
from fewsky.metrics.stats import estimate, resample
from fewsky.splits.sphere import sky_tiles

MEASURES = ("accuracy", "balanced_accuracy", "macro_f1", "mcc")
BY_CLASS = ("recall", "precision")


def score_map(
    table: pd.DataFrame, classes: Sequence[str], *, tile_arcmin: float, bootstrap: int, seed: int
) -> pd.DataFrame:
    """Columns metric, value, lower, upper, n: agreement of two maps where the catalogue decides.

    `table` has a position a row with ra, dec, `target` ("" for not decided) and p_<class>. Windows
    of neighbouring positions overlap, so intervals resample sky tiles; there is one network only,
    so they hold no spread between draws. `share_<class>` and `mapped_<class>` are the shares of the
    decided positions by catalogue and by network; `share_undecided` is of all.
    """
    classes = list(classes)
    target = pd.Index(classes).get_indexer(table["target"])
    decided = target >= 0
    known = table[decided]
    rows = [("share_undecided", 1 - decided.mean(), np.nan, np.nan, len(table))]
    if decided.any():
        stated = known[[f"p_{name}" for name in classes]].to_numpy(float)
        tiles = np.unique(sky_tiles(known["ra"], known["dec"], tile_arcmin), return_inverse=True)[1]
        sample = Sample(target[decided], stated, stated.argmax(axis=1), tiles)
        rows += _agreement(sample, classes, bootstrap, seed)
    return pd.DataFrame(rows, columns=["metric", "value", "lower", "upper", "n"])


def _agreement(sample: Sample, classes: list[str], bootstrap: int, seed: int) -> list[tuple]:
    n_tiles, n = sample.group.max() + 1, len(sample.truth)
    draws = resample(n_tiles, 1, bootstrap, np.random.default_rng(seed))
    names = [*MEASURES, *(f"{kind}_{name}" for kind in BY_CLASS for name in classes)]
    whole, resampled = (
        measure([sample], weights, classes, ranked=())
        for weights in (np.ones((1, n_tiles)), draws.groups)
    )
    values = [np.stack([found[name] for name in names], axis=-1) for found in (whole, resampled)]
    found = estimate(values[0][0], values[1], draws, n_tiles, limits(names))
    rows = list(zip(names, *found[:3], [n] * len(names), strict=True))
    for word, numbers in (("share", sample.truth), ("mapped", sample.adjusted)):
        share = np.bincount(numbers, minlength=len(classes)) / n
        rows += [
            (f"{word}_{name}", s, np.nan, np.nan, n) for name, s in zip(classes, share, strict=True)
        ]
    return rows
