"""Numbers of the chapter on self-supervision, one function a kind of result file."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.files import load_json, load_table
from fewsky.metrics.curves import AREA
from fewsky.metrics.paying import stops_paying
from fewsky.metrics.stats import LEVEL
from fewsky.paper.numbers import Numbers, keyed, number
from fewsky.paper.numbers_scores import of_metrics

ROOMS = ("ssl.score", "ssl.truth")
ERRORS = "ssl.error"
EDGES = ("", ".lower", ".upper")
FORMS = {"knn_accuracy": ".3f", "commonest": ".3f", "silhouette": "+.3f", "ari": ".3f",
         "nmi": ".3f", "k": "d"}  # fmt: skip


def of_dataset(room: str, dataset: Mapping[str, Any]) -> Numbers:
    """What the configuration says of the images."""
    values = {"size": (dataset["size"], "d"), "bands": (len(dataset["bands"]), "d")}
    return keyed(values, "config.yaml", room)


def of_scores(path: str | Path, names: Iterable[str], binned: Iterable[str] = ()) -> Numbers:
    """Scores of some experiments on their test part or over folds: ssl.score.EXPERIMENT.WHAT.

    Those of objects in folds take the place of the test part, which such a task lacks. Bins are
    kept for the experiments in `binned`. Of the atlas the text quotes the curves.
    """
    parts, own = load_table(path)["part"].unique(), set(names)
    numbers = of_metrics(path, binned, "folds" if "folds" in parts else "test", ROOMS)
    return {key: item for key, item in numbers.items() if key.split(".")[2] in own}


def of_pretext(path: str | Path, name: str, columns: Sequence[str]) -> Numbers:
    """Errors on the test part, by column, and the ends of their range: ssl.error.NAME.WHAT.

    `r2.least` and `r2.most` are those of the worst and the best target, `over.least` and
    `over.most` likewise of the median error over the catalogue's own.
    """
    numbers = {
        key: item
        for key, item in of_metrics(path, (), "test", (ERRORS, "ssl.truth")).items()
        if key.startswith(f"{ERRORS}.{name}.")
    }
    values: dict[str, tuple[Any, str]] = {"targets": (len(columns), "d")}
    for what, stem, form in (("r2", "r2", ".3f"), ("over", "mae_over_error", ".1f")):
        keys = [f"{ERRORS}.{name}.{stem}_{column}" for column in columns]
        known = [numbers[key]["value"] for key in keys if key in numbers]
        known = [value for value in known if value is not None]
        if known:
            values |= {f"{what}.least": (min(known), form), f"{what}.most": (max(known), form)}
    return numbers | keyed(values, path, f"{ERRORS}.{name}")


def of_kept_out(path: str | Path, task: str) -> Numbers:
    """What a split took out for the tested objects of other tasks: ssl.kept.TASK.WHAT.

    Of all those tasks `taken.least` and `taken.most` are the fewest and the most objects taken out,
    `left` those that a second count finds, and `share_pixels` objects in use whose patch may hold
    pixels of a tested one; `OTHER.taken` is the number of one task.
    """
    kept = load_json(path).get("kept_out", {})
    taken = [one["taken_out"] for one in kept.values()]
    values: dict[str, tuple[Any, str]] = {"tasks": (len(kept), "d")}
    if kept:
        values |= {"taken.least": (min(taken), ",d"), "taken.most": (max(taken), ",d")}
        values["left"] = (sum(one["left"] for one in kept.values()), ",d")
        shared = [one.get("may_share_pixels", 0) for one in kept.values()]
        values["share_pixels"] = (max(shared), ",d")
        values["radius_arcsec"] = (max(one.get("radius_arcsec", 0) for one in kept.values()), "g")
        values |= {f"{name}.taken": (one["taken_out"], ",d") for name, one in kept.items()}
    return keyed(values, path, f"ssl.kept.{task}")


def load_curves(path: str | Path, metric: str) -> pd.DataFrame:
    """Rows of one measure of a table of curves, budgets rising, the area first."""
    table = load_table(path)
    return table[table["metric"] == metric].sort_values("budget", kind="stable")


def of_curves(path: str | Path, metric: str) -> Numbers:
    """Ends and areas of the curves of a task, and what is gained over nothing there.

    Keys are ssl.labels.TASK.WHAT (least and most labels, draws, test objects) and
    ssl.curve.EXPERIMENT.PLACE of the places area, least and most, with `.gain`, its `.p` and
    `.detectable`; `stops` is where the gain is no longer above zero, undefined where it still is.
    """
    table = load_curves(path, metric)
    ends = _ends(table)
    values = {end: (budget, ",d") for end, budget in ends.items()}
    values |= {key: (table[key].max(), ",d") for key in ("draws", "n")}
    numbers = keyed(values, path, f"ssl.labels.{Path(path).name.split('.')[0]}")
    for name, own in table.groupby("experiment", sort=False):
        for place, row in _places(own, ends):
            numbers |= keyed(_of_point(row), path, f"ssl.curve.{name}.{place}")
        stops = stops_paying(own[own["budget"] != AREA])
        numbers |= keyed({"stops": (stops, ",.0f")}, path, f"ssl.curve.{name}")
    return {key.removesuffix("."): item for key, item in numbers.items()}


def _ends(table: pd.DataFrame) -> dict[str, int]:
    budgets = table.loc[table["budget"] != AREA, "budget"]
    return {"least": budgets.min(), "most": budgets.max()}


def _places(own: pd.DataFrame, ends: Mapping[str, int]) -> list[tuple[str, dict[str, Any]]]:
    """The rows of the places area, least and most of one curve, as far as it has them."""
    return [
        (place, row)
        for place, budget in {"area": AREA, **ends}.items()
        for row in own[own["budget"] == budget].to_dict("records")
    ]


def of_contrasts(path: str | Path, metric: str) -> Numbers:
    """Starts held against each other in pairs: ssl.pair.A.B.PLACE, the difference and its `.p`."""
    table, numbers = load_curves(path, metric), {}
    for (a, b), own in table.groupby(["a", "b"], sort=False):
        for place, row in _places(own, _ends(own)):
            ends = zip(EDGES, ("difference", "lower", "upper"), strict=True)
            values = {end.removeprefix("."): (row[key], "+.3f") for end, key in ends}
            values |= {"p": (row["p"], ".2g"), "detectable": (row["detectable"], ".3f")}
            numbers |= keyed(values, path, f"ssl.pair.{a}.{b}.{place}")
    return {key.removesuffix("."): item for key, item in numbers.items()}


def _of_point(row: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """A value with its interval and, but for the training from nothing, its gain with its own."""
    values = {end: (row[key], ".3f") for end, key in zip(
        ("", "lower", "upper"), ("value", "lower", "upper"), strict=True)}  # fmt: skip
    if np.isfinite(row["gain"]):
        keys = ("gain", "gain_lower", "gain_upper")
        values |= {f"gain{end}": (row[k], "+.3f") for end, k in zip(EDGES, keys, strict=True)}
        values["gain.p"] = (row["gain_p"], ".2g")
        values["detectable"] = (row["gain_detectable"], ".3f")
    return values


def of_represented(paths: Iterable[str | Path], task: str) -> Numbers:
    """What starting weights see of a task's held-out objects: ssl.seen.TASK.WEIGHTS.MEASURE."""
    numbers: Numbers = {}
    for path in paths:
        room = f"ssl.seen.{task}.{Path(path).stem}"
        for row in load_table(path).to_dict("records"):
            ends = zip(EDGES, ("value", "lower", "upper"), strict=True)
            form = FORMS[row["metric"]]
            values = {f"{row['metric']}{end}": (row[key], form) for end, key in ends}
            numbers |= keyed({**values, f"{row['metric']}.n": (row["n"], ",d")}, path, room)
    return numbers


def of_bins(size: Mapping[str, Any], numbers: Numbers) -> Numbers:
    """By bin of one resolution, the accuracy of the contrastive start less that of random weights.

    Keys are those that the bins name; they are differences of means, without an interval.
    """
    found: Numbers = {}
    names = [size["parts"].get(start, "") for start in ("contrastive", "none")]
    for one in size["bins"]:
        pair = [numbers.get(f"ssl.score.{name}.{one['name']}.accuracy") for name in names]
        if all(pair) and None not in (ends := [item["value"] for item in pair]):
            found[one["gain"]] = number(ends[0] - ends[1], "+.3f", pair[0]["source"])
    return found


def of_chance(n: int) -> Numbers:
    """How many of n comparisons would look better alone, and as many worse, if nothing differed."""
    values = {"all": (n, ",d"), "expected": (n * (1 - LEVEL) / 2, ".1f")}
    return keyed(values, "scripts/fewsky/metrics/stats.py", "ssl.chance")
