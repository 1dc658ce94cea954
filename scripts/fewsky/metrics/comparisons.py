"""Experiments held against each other on the same resamples: the primary ones first."""

from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.metrics.measures import LOWER_IS_BETTER, measure
from fewsky.metrics.predictions import (
    budget_of,
    group_numbers,
    number_classes,
    replicates_by_budget,
    sample_of,
    whole_draws,
)
from fewsky.metrics.scores import by_experiment, shared_resamples
from fewsky.metrics.stats import compare, holm, verdict

COLUMNS = ["a", "b", "primary", "metric", "difference", "lower", "upper", "p", "p_holm"]
COLUMNS += ["minimum_detectable", "verdict", "n_replicates", "note", "budget_a", "budget_b"]


def list_pairs(names, primary, metric="mcc", held=()):
    """Return the primary pairs {a, b, metric} and every other pair of names, not primary.

    `held` are further pairs {a, b}, in that order, of experiments that are not all compared with
    each other.
    """
    chosen = [{**pair, "primary": True} for pair in primary]
    taken = {frozenset((pair["a"], pair["b"])) for pair in primary}
    listed = [*((pair["a"], pair["b"]) for pair in held), *combinations(sorted(names), 2)]
    others = [pair for pair in listed if frozenset(pair) not in taken]
    return chosen + [{"a": a, "b": b, "metric": metric, "primary": False} for a, b in others]


def compare_task(predictions, manifest, task, pairs, settings, *, seed):
    """Return one row a pair: the difference a - b over the draws that both have, and a verdict.

    `predictions` maps (experiment, draw) to a prediction table; `pairs` come from `list_pairs`.
    Each pair is compared at the largest budget that both have, else each at its own largest.
    Holm's correction runs over the primary pairs, whose verdicts use it. In a repeated
    cross-validation a replicate is a draw with all its folds, in which each object is tested once;
    a fold is none, since the folds of a draw share most of their labels. Resamples take sky groups
    first, which hold their objects in all draws and folds, then such replicates.
    """
    objects = manifest.set_index("object_id")
    cells = {
        name: as_tested(replicates_by_budget(frames, objects, task["classes"], name))
        for name, frames in by_experiment(predictions).items()
        if any(name in (pair["a"], pair["b"]) for pair in pairs)
    }

    @cache
    def values(name, step, keys):
        chosen = [one for one in cells[name][step] if one.draw in keys]
        return resampled_values(chosen, objects, task["classes"], settings["bootstrap"], seed)

    rows = [compare_pair(pair, cells, values, settings["bootstrap"], seed) for pair in pairs]
    return judge(pd.DataFrame(rows, columns=COLUMNS))


def as_tested(steps):
    """Return the lists of replicates over the test part, else draws over all their folds."""
    return [cell for cell in steps if cell[0].fold == -1] or list(map(whole_draws, steps))


def resampled_values(chosen, objects, classes, n, seed):
    """Return two dicts by measure, (replicates,) and (n, replicates), and the number of groups."""
    group, n_groups = group_numbers(chosen, objects)
    truth = number_classes(objects["label"].to_numpy(), classes)
    samples = [sample_of(one, truth, group) for one in chosen]
    weights = shared_resamples(n_groups, len(samples), n, seed).groups
    whole = measure(samples, np.ones((1, n_groups)), classes)
    return whole, measure(samples, weights, classes), n_groups


def compare_pair(pair, cells, values, n, seed):
    """Return the row of one pair, its verdict not yet corrected for the number of pairs."""
    a, b, metric = pair["a"], pair["b"], pair["metric"]
    steps = choose_budgets(cells[a], cells[b])
    sides = [
        {one.draw: np.sort(one.rows) for one in cells[name][step]}
        for name, step in zip((a, b), steps, strict=True)
    ]
    common = frozenset(sides[0].keys() & sides[1].keys())
    if not common:
        raise FewskyError(
            f"compare {a} with {b}: wanted draws that both have; found none. Train both on the "
            "same draws."
        )
    found = [values(name, step, common) for name, step in zip((a, b), steps, strict=True)]
    same = all(np.array_equal(sides[0][draw], sides[1][draw]) for draw in common)
    if metric not in found[0][0] or not same:
        raise FewskyError(
            f"compare {a} with {b}: wanted the measure {metric} on one test part; found "
            f"{'two test parts' if metric in found[0][0] else 'no such measure'}. Mend the pair."
        )
    told = [(whole[metric][0], resampled[metric]) for whole, resampled, _ in found]
    resamples = shared_resamples(found[0][2], len(common), n, seed)
    better_high = metric not in LOWER_IS_BETTER
    told = compare(
        *told, resamples, found[0][2], primary=pair["primary"], higher_is_better=better_high
    )
    own = {f"budget_{k}": budget_of(cells[pair[k]][s]) for k, s in zip("ab", steps, strict=True)}
    return {"a": a, "b": b, "metric": metric, **told, **own}


def choose_budgets(steps_a, steps_b):
    """Return the place of the budget to compare at, in each experiment's list of budgets."""
    budgets = [[budget_of(cell) for cell in steps] for steps in (steps_a, steps_b)]
    common = set(budgets[0]) & set(budgets[1])
    if not common:
        return len(budgets[0]) - 1, len(budgets[1]) - 1
    return tuple(one.index(max(common)) for one in budgets)


def judge(table):
    """Return the table with Holm's p for the primary pairs and their verdicts by it."""
    table = table.assign(p_holm=holm(table["p"].where(table["primary"])))
    for row in table.index[table["primary"]]:
        one = table.loc[row]
        high = one["metric"] not in LOWER_IS_BETTER
        table.loc[row, "verdict"] = verdict(one, one["p_holm"], high)
    return table[COLUMNS]
