"""What more fields bring: the score of each experiment by its number of fields, and its growth.

No law is fitted: one with three constants says little of a handful of numbers of fields. What is
told is a mean slope in doublings of the fields, and what the last step brought.
"""

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.metrics.curves import Curve, read_cells, values_of
from fewsky.metrics.predictions import budget_of, group_numbers, number_classes, sample_of
from fewsky.metrics.scores import by_experiment, limits, shared_resamples
from fewsky.metrics.stats import estimate, minimum_detectable, two_sided

COLUMNS = ["experiment", "quantity", "fields", "labels", "metric", "value", "lower", "upper", "p",
           "detectable", "draws", "n"]  # fmt: skip
SCORE, DOUBLING, LAST = "score", "per_doubling", "last_step"


def score_growth(predictions, manifest, task, settings, *, seed):
    """Return the scores by number of fields, and the growth, one row each.

    `settings` has `experiments`, {name: numbers of fields, rising}, `metric` and `bootstrap`. Rows
    of quantity score have the number of `fields` and of `labels` seen, validation included (median
    over draws); per_doubling is the slope of a straight line over the logarithm of the fields,
    last_step the difference of the last two scores, each with its interval and p, paired by object
    and draw. Raises FewskyError where an experiment has not as many budgets as numbers of fields.
    """
    objects, names = manifest.set_index("object_id"), list(settings["experiments"])
    cells = read_cells(by_experiment(predictions), objects, task["classes"], names)
    group, n_groups = group_numbers([one for steps in cells.values() for one in steps[0]], objects)
    truth = number_classes(objects["label"].to_numpy(), task["classes"])
    resamples = shared_resamples(n_groups, len(cells[names[0]][0]), settings["bootstrap"], seed)
    tables = []
    for name, fields in settings["experiments"].items():
        steps = cells[name]
        check_steps(name, fields, steps)
        samples = [[sample_of(one, truth, group) for one in cell] for cell in steps]
        told = task["classes"], [settings["metric"]]
        whole = values_of(samples, np.ones((1, n_groups)), *told)[0, ..., 0]
        curve = Curve(whole, values_of(samples, resamples.groups, *told)[..., 0])
        rows = growth(curve, fields, [budget_of(cell) for cell in steps], resamples, n_groups,
                      settings["metric"])  # fmt: skip
        tables.append(pd.DataFrame(rows).assign(experiment=name, draws=len(steps[0]),
                                                n=len(samples[0][0].truth)))  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    return table.assign(metric=settings["metric"])[COLUMNS]


def check_steps(name, fields, steps):
    """Raise FewskyError where predictions have more or fewer budgets than numbers of fields."""
    if len(steps) != len(fields):
        found = ", ".join(str(budget_of(cell)) for cell in steps)
        raise FewskyError(
            f"growth of {name}: wanted a budget for each of {', '.join(map(str, fields))} fields; "
            f"found those of {found} labels. Train again."
        )


def growth(curve, fields, labels, resamples, n_groups, metric):
    """Return the rows of one experiment; `curve` is (replicates, field) and (b, replicates, field).

    Without two numbers of fields there is no growth to tell.
    """
    found = estimate(*curve, resamples, n_groups, tuple(edge[0] for edge in limits([metric])))
    rows = [
        {"quantity": SCORE, "fields": n, "labels": size, "value": value, "lower": low, "upper": up}
        for n, size, value, low, up in zip(
            fields, labels, found.value, found.lower, found.upper, strict=True
        )
    ]
    if len(fields) < 2:
        return rows
    slope = np.zeros((len(fields), 2))
    x = np.log2(fields) - np.mean(np.log2(fields))
    slope[:, 0] = x / (x**2).sum()
    slope[-2:, 1] = -1, 1
    changes = estimate(*(values @ slope for values in curve), resamples, n_groups)
    told = zip(*changes[:3], two_sided(changes),
               minimum_detectable(changes.error, changes.freedom), strict=True)  # fmt: skip
    ends = {"fields": fields[-1], "labels": labels[-1]}
    return rows + [
        {"quantity": name, **ends, "value": value, "lower": low, "upper": up, "p": p,
         "detectable": least}
        for name, (value, low, up, p, least) in zip((DOUBLING, LAST), told, strict=True)
    ]  # fmt: skip
