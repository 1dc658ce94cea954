"""What a random split of a task would have promised: paired differences from the grouped one."""

import numpy as np
import pandas as pd

from fewsky.metrics.price import COLUMNS, by_draw, score_protocols, values
from fewsky.metrics.stats import Resamples
from fewsky.splits.price import CAREFUL


def score_leakage(predictions, objects, settings, *, seed):
    """Return one row a split and measure as metrics.price gives them, each on its own test part.

    `predictions` are those of all draws, `objects` those of splits.leakage. Rows of the careful
    split hold its mean over draws alone. `settings` has `experiment`, `classes`, `bootstrap` and
    `metrics`.
    """
    group = objects.set_index("object_id")["group"]
    told = {settings["experiment"]: predictions}
    table = score_protocols(told, group, settings, settings["metrics"], seed=seed)
    rows = of_careful(predictions[predictions["protocol"] == CAREFUL], group, settings)
    return pd.DataFrame([*rows, *table[table["tested"] == "own"].to_dict("records")])[COLUMNS]


def of_careful(predictions, group, settings):
    """Return the rows of the careful split, without an interval."""
    tables = list(by_draw(predictions).values())
    number = pd.Series(np.arange(group.nunique()), index=group.unique())
    whole = Resamples(np.ones((1, len(number))), np.ones((1, len(tables))))
    found, _ = values(tables, group, number, whole, settings["classes"], settings["metrics"])
    where = {"experiment": settings["experiment"], "protocol": CAREFUL, "tested": "own"}
    where |= {"n_replicates": len(tables), "n": int(np.mean([len(one) for one in tables]))}
    means = {metric: float(found[metric].mean()) for metric in settings["metrics"]}
    none = dict.fromkeys(COLUMNS)
    return [
        {**none, **where, "metric": metric, "value": value, "careful": value}
        for metric, value in means.items()
    ]
