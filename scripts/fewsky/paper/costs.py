"""What recipes cost, as cards and benchmarks tell it: steps, images, seconds, memory."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from fewsky.files import load_json, load_table

OF_RUN = ["budget", "fold", "trainable_parameters", "steps", "images_seen", "gpu_mb"]
BY_DRAW = ("train",)  # rules with one job a draw; others have one for all draws


def runs_of(cards: Sequence[str | Path]) -> pd.DataFrame:
    """All runs of all cards: experiment, the OF_RUN of model.json, and `rates`.

    Steps and images are those of the learning rate that was kept; `rates` is the number of rates
    that were tried. What a card does not tell, as those of the opponents, is missing.
    """
    rows = [
        {"experiment": Path(path).parts[-3], "gpu_mb": card.get("gpu_mb"), **run}
        | {"rates": len(run.get("learning_rates_tried") or [None])}
        for path in cards
        for card in [load_json(path)]
        for run in card.get("runs", [])
    ]
    return pd.DataFrame(rows).reindex(columns=["experiment", *OF_RUN, "rates"])


def jobs_of(benchmarks: Sequence[str | Path]) -> pd.DataFrame:
    """Benchmarks, one row a job, with the column `name`: what the job was for.

    That is the experiment, or DATASET/WEIGHTS/CUT of a pass of frozen weights over the images.
    """
    tables = [
        load_table(path, na_values=["-", "NA"]).assign(name=_name_of(path)) for path in benchmarks
    ]
    return pd.concat(tables, ignore_index=True)


def _name_of(path: str | Path) -> str:
    parts = Path(path).with_suffix("").parts
    rule, *names = parts[len(parts) - parts[::-1].index("benchmarks") :]
    return "/".join(names[:-1] if rule in BY_DRAW else names)


def work_of(runs: pd.DataFrame, key: str) -> float:
    """Steps or images of some runs, all learning rates tried together; NaN where none is known."""
    return float((runs[key].astype(float) * runs["rates"]).sum(min_count=1))
