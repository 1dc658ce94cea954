"""A small atlas's known curves, and the jobs that draw and tabulate it."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.files import save_json, save_table
from fewsky.metrics.curves import COLUMNS, area

METRIC = "balanced_accuracy"
BUDGETS = {
    "star-galaxy-large": [50, 100, 200, 500, 1000, 2000, 5120],
    "sdss-three": [50, 100, 200, 500, 1000, 2000],
    "mergers": [50, 100, 300, 1000, 3000],
    "true-pn": [20, 50, 100, 200, 395],
    "galaxy10-nine": [500, 1000, 2000, 5000, 15671],
    "efigi-four": [30, 100, 300, 1000],
    "galaxy10-decals": [500, 1000, 2000, 5000],
}
# Labels that a start is worth: its curve is that of nothing with so many labels more.
WORTH = {
    "none": 0,
    "measured": 60,
    "imagenet": 100,
    "pretext": 250,
    "contrastive": 40,
    "masked": 20,
}
# What starts have learned; that of others is their name.
KINDS = {"imagenet": "published", "pretext": "properties"}
WAYS = {"probe": 0.7, "lpft": 1.3, "tuned": 1.0}
DRAWS = 5


def height(labels):
    """The curve of nothing: from 0.5 towards 0.95."""
    return 0.95 - 0.45 / (1 + np.asarray(labels, float) / 150) ** 0.6


def rows_of(task: str, starts) -> list[dict[str, str]]:
    """Rows of the atlas of one task, as Plan.atlas has them."""
    found = []
    for start in starts:
        for way in ["tuned"] if start == "none" else WAYS:
            name = f"atlas-{task}-{start}-{way}"
            found.append(
                {"task": task, "start": start, "way": way, "experiment": name, "words": "",
                 "kind": KINDS.get(start, start),
                 "against": "" if start == "none" else f"atlas-{task}-none-tuned"}
            )  # fmt: skip
    return found


def curves_of(task: str, rows, draws: int, rng) -> pd.DataFrame:
    """A table of curves with made-up intervals, and rows of a measure that no curve may take."""
    budgets, found, nothing = BUDGETS[task], [], None
    reach = 0.02 if draws > 1 else np.nan
    for row in rows:
        level = height(np.array(budgets) + WORTH[row["start"]] * WAYS[row["way"]])
        values = (level + rng.normal(0, 0.012, (draws, len(budgets)))).mean(axis=0)
        values = np.concatenate([[area(values[:, None], budgets)[0]], values])
        nothing = values if row["start"] == "none" else nothing
        where = {key: row[key] for key in ("experiment", "start", "way")}
        gain = values - nothing if row["start"] != "none" else np.full(len(values), np.nan)
        for budget, value, gained in zip([0, *budgets], values, gain, strict=True):
            told = {**where, "budget": budget, "draws": draws, "n": 400, "gain": gained,
                    "gain_lower": gained - reach, "gain_upper": gained + reach, "gain_p": 0.5,
                    "gain_detectable": 1.4 * reach}  # fmt: skip
            edges = {"lower": value - reach, "upper": value + reach}
            found.append({**told, "metric": METRIC, "value": value, **edges})
            higher = {"value": value + 0.02, "lower": value + 0.01, "upper": value + 0.03}
            found.append({**told, "metric": "auroc", **higher})
            found.append({**told, "metric": "mcc", "value": 0.0, "gain": 0.0})
    return pd.DataFrame(found).reindex(columns=COLUMNS)


def made(tasks, starts, draws: int, simulated: bool):
    """A folder with the curves of some tasks, and the jobs by script as the rules give them."""
    folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(3)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rows = [row for task in tasks for row in rows_of(task, starts)]
    for task in tasks:
        own = [row for row in rows if row["task"] == task]
        save_table(curves_of(task, own, draws, rng), folder / f"metrics/{task}.curves.csv")
        save_json({"outputs": {}, "simulated": simulated},
                  folder / f"metrics/{task}.curves.provenance.json")  # fmt: skip

    def job(names):
        own = [row for row in rows if row["task"] in names]
        told = {"metric": METRIC, "tasks": list(names), "rows": own}
        told["questions"] = {name: ["a", "b"][: 1 + (name != "mergers")] for name in names}
        return {"curves": [str(folder / f"metrics/{task}.curves.csv") for task in names]}, told

    few = list(tasks)[:3]
    return folder, {
        "plot_atlas": job(list(tasks)),
        "plot_ssl_lowdata": job(few),
        "tabulate_ssl_starts": job(list(tasks)),
        "tabulate_ssl_atlas": job(list(tasks)),
    }


@cache
def demo():
    """A simulated atlas of seven tasks and all starts, five draws."""
    return made(tuple(BUDGETS), tuple(WORTH), DRAWS, True)


@cache
def bare():
    """One measured task and one draw: nothing has an interval, and there is one start."""
    return made(("true-pn",), ("none", "imagenet"), 1, False)
