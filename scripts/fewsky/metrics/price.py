"""What careless splits add to a score or take from it: paired differences from the careful one.

Groups of the bootstrap are tiles of the sky, which hold their objects in all draws and under all
protocols; replicates are draws, whose tested fields differ.
"""

import numpy as np
import pandas as pd

from fewsky.metrics.measures import LOWER_IS_BETTER, RANKED, Sample, measure
from fewsky.metrics.predictions import number_classes, probabilities
from fewsky.metrics.scores import shared_resamples
from fewsky.metrics.stats import compare
from fewsky.splits.price import CAREFUL
from fewsky.splits.sphere import sky_tiles

METRICS = ("auroc", "accuracy", "mcc", "log_loss")
COLUMNS = ["experiment", "protocol", "tested", "metric", "value", "careful", "difference", "lower",
           "upper", "p", "minimum_detectable", "verdict", "n_replicates", "n"]  # fmt: skip
VERDICTS = {"better": "overstates", "worse": "understates"}


def score_price(predictions, catalog, settings, *, seed):
    """Return one row an experiment, careless protocol, tested objects and measure.

    `predictions` maps experiments to their tables of all draws. `tested` is own, each protocol on
    its own test part, which is what a paper would print; or shared, both on the objects that both
    test, which tells what training on the rest was worth. `value` and `careful` are means over
    draws; `difference` is value - careful, all exploratory. `settings` has `classes`,
    `tile_arcmin` and `bootstrap`. The verdict says whether the careless score overstates.
    """
    tiles = sky_tiles(catalog["ra"], catalog["dec"], settings["tile_arcmin"])
    tile = pd.Series(tiles, index=catalog["object_id"])
    return score_protocols(predictions, tile, settings, METRICS, seed=seed)


def score_protocols(predictions, tile, settings, metrics, *, seed):
    """Return the rows of score_price for some measures; `tile` names the group of each object."""
    rows = []
    for name, table in predictions.items():
        cells = dict(list(table.groupby("protocol")))
        careful = by_draw(cells.pop(CAREFUL))
        for protocol, cell in cells.items():
            careless = by_draw(cell)
            for tested, pair in (("own", (careless, careful)), ("shared", both(careless, careful))):
                if pair is not None:
                    found = differences(*pair, tile, settings, metrics, seed)
                    where = {"experiment": name, "protocol": protocol, "tested": tested}
                    rows += [{**where, **row} for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


def by_draw(table):
    """Return the predictions of one protocol, by draw and object."""
    return {draw: one.set_index("object_id") for draw, one in table.groupby("draw")}


def both(one, other):
    """Return two sets of predictions on the objects that both test; None where a draw has few."""
    shared = {
        draw: one[draw].index.intersection(other[draw].index) for draw in one if draw in other
    }
    if any(len(ids) < len(one[draw]) / 2 for draw, ids in shared.items()):
        return None
    return tuple({d: side[d].loc[ids] for d, ids in shared.items()} for side in (one, other))


def differences(careless, careful, tile, settings, metrics, seed):
    """Return the rows of one pair, a measure each, over the draws that both have."""
    draws = sorted(set(careless) & set(careful))
    pairs = [[side[draw] for draw in draws] for side in (careless, careful)]
    names = np.unique(tile[np.concatenate([one.index for side in pairs for one in side])])
    number = pd.Series(np.arange(len(names)), index=names)
    resamples = shared_resamples(len(names), len(draws), settings["bootstrap"], seed)
    ends = (tile, number, resamples, settings["classes"], metrics)
    found = [values(side, *ends) for side in pairs]
    rows = []
    for metric in metrics:
        whole, resampled = zip(*((w[metric][0], r[metric]) for w, r in found), strict=True)
        high = metric not in LOWER_IS_BETTER
        told = compare(
            *zip(whole, resampled, strict=True), resamples, len(names), primary=False,
            higher_is_better=high,
        )  # fmt: skip
        means = {"value": float(whole[0].mean()), "careful": float(whole[1].mean())}
        verdict = VERDICTS.get(told["verdict"], told["verdict"])
        n = int(np.mean([len(one) for one in pairs[0]]))
        rows.append({**told, **means, "metric": metric, "verdict": verdict, "n": n})
    return rows


def values(tables, tile, number, resamples, classes, metrics):
    """Return all measures by name, of all objects (1, draws) and resampled (n, draws).

    Of those that rank objects, which cost most, there are those in `metrics`.
    """
    samples = [
        Sample(
            number_classes(one["label"], classes),
            probabilities(one, classes),
            one[[f"p_{name}" for name in classes]].to_numpy().argmax(axis=1),
            number[tile[one.index]].to_numpy(),
        )
        for one in tables
    ]
    every = np.ones((1, len(number)))
    ranked = [name for name in metrics if name in RANKED]
    return [measure(samples, w, classes, ranked=ranked) for w in (every, resamples.groups)]
