"""Detectors held against each other on the same resamples, as `comparisons` does with classifiers.

Only how predictions are read and measured is of detection; pairing, tests, Holm's correction and
verdicts are those of every other task.
"""

from functools import cache

import pandas as pd

from fewsky.console import FewskyError
from fewsky.metrics.comparisons import COLUMNS, compare_pair, judge
from fewsky.metrics.detection import whole_values
from fewsky.metrics.detection_tables import (
    cut_to_windows,
    detections_by_budget,
    places,
    read_boxes,
)
from fewsky.metrics.predictions import group_numbers
from fewsky.metrics.scores import by_experiment, shared_resamples
from fewsky.models.detect_crops import OFF_CENTRE

METRIC = "map_50"  # of pairs that the config does not name
SHIFTED = "off_centre_"  # a measure so prefixed is that of the part off-centre


def compare_detections(predictions, boxes, manifest, task, pairs, settings, *, seed, windows=None):
    """Return one row a pair: the difference a - b over the draws that both have, and a verdict.

    Arguments are those of `detection.score_detections`, `pairs` comes from `comparisons.list_pairs`
    and columns, budgets, replicates and Holm's correction are those of `comparisons.compare_task`.
    A pair's metric is map_50, map_50_95, ar_1, ar_10 or ar_100; off_centre_map_50 and the like are
    measured on what `windows` show of the tested images. Raises FewskyError for any other, and
    where two experiments have no draw in common, or do not test the same images.
    """
    images, classes = manifest.set_index("object_id"), task["boxes"]["classes"]
    sides = {"test": read_boxes(boxes, images, classes)}
    if windows is not None:
        sides[OFF_CENTRE] = cut_to_windows(sides["test"], images, windows)
    frames, told = by_experiment(predictions), (settings["bootstrap"], seed)
    known = {}
    for part in {part_of(pair["metric"]) for pair in pairs}:
        names = {pair[k] for pair in pairs for k in "ab" if part_of(pair["metric"]) == part}
        if part not in sides:
            raise FewskyError(
                f"compare {' with '.join(sorted(names))}: wanted a task with the part {part}; "
                "found one without. Set its boxes.off_centre, or name another metric."
            )
        cells = {name: tested(frames[name], images, classes, name, part) for name in names}
        known[part] = cells, values_of(cells, sides[part], images, classes, part, *told)
    rows = [compare_pair(pair, *known[part_of(pair["metric"])], *told) for pair in pairs]
    return judge(pd.DataFrame(rows, columns=COLUMNS))


def part_of(metric):
    """Return the part that a pair's metric is measured on: test or off-centre."""
    return OFF_CENTRE if metric.startswith(SHIFTED) else "test"


def tested(frames, images, classes, name, part):
    """Return lists of Detections, one a budget; a draw's folds are one, which tests all images."""
    steps = detections_by_budget(frames, images, classes, name, part)
    if not steps:
        raise FewskyError(
            f"predictions of {name}: wanted the part {part}; found none. Train again."
        )
    return [places(cell, part)[-1][1] for cell in steps]


def values_of(cells, true, images, classes, part, n, seed):
    """Return the function of (name, place of the budget, draws) that `compare_pair` asks.

    It gives two dicts by measure, (1, draws) and (n, draws), and the number of groups.
    """
    prefix = SHIFTED if part == OFF_CENTRE else ""

    @cache
    def values(name, step, keys):
        chosen = [one for one in cells[name][step] if one.draw in keys]
        group, n_groups = group_numbers(chosen, images)
        draws = shared_resamples(n_groups, len(chosen), n, seed)
        found, _ = whole_values(chosen, true, group, draws, classes)
        named = {f"{prefix}{name}": k for k, name in enumerate(found.names)}
        whole, resampled = found.values[None], found.resampled
        return *({m: v[..., k] for m, k in named.items()} for v in (whole, resampled)), n_groups

    return values
