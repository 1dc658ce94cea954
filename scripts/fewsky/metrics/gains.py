"""What an experiment gains over its control at every budget, paired over draws and groups."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from fewsky.metrics.comparisons import compare_task


def gains(
    predictions: dict[tuple[str, int], pd.DataFrame],
    manifest: pd.DataFrame,
    task: dict[str, Any],
    control: str,
    others: Sequence[str],
    metrics: Sequence[str],
    settings: dict[str, Any],
    *,
    seed: int,
) -> pd.DataFrame:
    """Return a row an experiment, metric and budget: the columns of `compare_task`, and `budget`.

    Budgets are those that all have, rising. No such comparison is a primary one.
    """
    names = [control, *others]
    budgets = set.intersection(
        *(
            {b for (own, _), table in predictions.items() if own == name for b in table["budget"]}
            for name in names
        )
    )
    pairs = [
        {"a": name, "b": control, "metric": metric, "primary": False}
        for name in others
        for metric in metrics
    ]
    found = []
    for budget in sorted(budgets):
        own = {
            key: table[table["budget"] == budget].reset_index(drop=True)
            for key, table in predictions.items()
            if key[0] in names
        }
        found.append(compare_task(own, manifest, task, pairs, settings, seed=seed))
    return pd.concat(
        [table.assign(budget=budget) for table, budget in zip(found, sorted(budgets), strict=True)],
        ignore_index=True,
    )
