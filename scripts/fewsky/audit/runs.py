"""What our runs say of a claim: a number with its interval, and a verdict by the claim's rule.

`tables` hold `metrics`, `comparisons`, `curves` and `contrasts`, each a table by task. A verdict is
by the 95 % interval of the metrics, or by the comparison's own verdict; a claim about something
that only some of the experiments can tell ends as UNTOLD.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fewsky.audit.samples import accuracy_on
from fewsky.audit.verdicts import FAILS, HOLDS, SPREAD, UNTOLD
from fewsky.metrics.stats import LEVEL, holm
from fewsky.paper.galaxy10 import compared
from fewsky.paper.tables import one, scored

Tables = Mapping[str, Mapping[str, pd.DataFrame]]


class Found(NamedTuple):
    """What runs give: the measure in words, a value with its interval, and the verdict."""

    measure: str
    value: float
    lower: float
    upper: float
    verdict: str
    reason: str = ""


def judged(ours: Mapping[str, Any], tables: Tables) -> Found | None:
    """What our runs say by the rule of a claim; None where the tables have not got its numbers."""
    return RULES[ours["rule"]](ours, tables)


def measured(ours: Mapping[str, Any], tables: Tables, metric: str) -> tuple[float, float, float]:
    """A metric of the experiment at its largest budget, over all draws, with its interval."""
    table = tables["metrics"][ours["task"]]
    table = table[table["experiment"] == ours["experiment"]]
    references = list(table["reference"].unique())
    reference = "catalogue" if "catalogue" in references else (references or [""])[0]
    part = "folds" if (table["part"] == "folds").any() else "test"
    rows = scored(table, [ours["experiment"]], part=part, reference=reference)
    return one(rows, metric)


def near(ours: Mapping[str, Any], tables: Tables) -> Found | None:
    """Whether our interval meets that of the printed share on its n objects, or its last digit."""
    value, lower, upper = measured(ours, tables, ours["metric"])
    if np.isnan([value, lower, upper]).any():
        return None
    printed = float(ours["printed"])
    half = 0.5 * 10 ** -len(str(ours["printed"]).partition(".")[2])
    theirs = accuracy_on(printed, ours["n"]) if "n" in ours else (printed - half, printed + half)
    meets = lower <= theirs[1] and theirs[0] <= upper
    return Found(words(ours["metric"]), value, lower, upper, SPREAD if meets else FAILS)


def above(ours: Mapping[str, Any], tables: Tables) -> Found | None:
    """Whether our interval lies above what is printed as a bound."""
    value, lower, upper = measured(ours, tables, ours["metric"])
    if np.isnan([value, lower, upper]).any():
        return None
    bound = float(ours["printed"])
    verdict = HOLDS if lower >= bound else FAILS if upper < bound else UNTOLD
    return Found(words(ours["metric"]), value, lower, upper, verdict)


def better(ours: Mapping[str, Any], tables: Tables) -> Found | None:
    """Whether a is better than b, by the verdict of their comparison or contrast."""
    if ours["reads"] == "contrasts":
        return contrast(ours, tables)
    row = compared(tables["comparisons"][ours["task"]], ours["a"], ours["b"], ours.get("metric"))
    if row is None:
        return None
    verdict = {"better": HOLDS, "worse": FAILS}.get(row["verdict"], UNTOLD)
    reason = "" if row["primary"] else "exploratory"
    ends = row["difference"], row["lower"], row["upper"]
    return Found(f"difference in {words(row['metric'])}", *map(float, ends), verdict, reason)


def contrast(ours: Mapping[str, Any], tables: Tables) -> Found | None:
    """The same of two starts of the atlas, at the fewest labels."""
    table = tables["contrasts"].get(ours["task"])
    if table is None:
        return None
    rows = table[(table["a"] == ours["a"]) & (table["b"] == ours["b"]) & (table["budget"] > 0)]
    if rows.empty:
        return None
    row = rows.sort_values("budget").iloc[0]
    ends = row["difference"], row["lower"], row["upper"]
    told = f"difference in {words(row['metric'])} at {row['budget']:.0f} labels"
    return Found(told, *ends, by_interval(*ends[1:], row["p"]), "exploratory")


def gain(ours: Mapping[str, Any], tables: Tables) -> Found | None:
    """Whether a start is better than training from nothing, at the fewest labels."""
    table = tables["curves"].get(ours["task"])
    if table is None:
        return None
    metric = ours.get("metric", "balanced_accuracy")
    rows = table[(table["experiment"] == ours["experiment"]) & (table["metric"] == metric)]
    rows = rows[(rows["budget"] > 0) & rows["gain"].notna()]
    if rows.empty:
        return None
    row = rows.sort_values("budget").iloc[0]
    ends = row["gain"], row["gain_lower"], row["gain_upper"]
    told = f"gain in {words(metric)} at {row['budget']:.0f} labels"
    return Found(told, *ends, by_interval(*ends[1:], row["gain_p"]), "exploratory")


def by_interval(lower: float, upper: float, p: float) -> str:
    """The verdict on a gain: its interval and its p must both speak."""
    if not p < 1 - LEVEL or lower <= 0 <= upper:
        return UNTOLD
    return HOLDS if lower > 0 else FAILS


def no_better(ours: Mapping[str, Any], tables: Tables) -> Found | None:
    """Whether nothing of a list is better than one experiment: the largest difference, and verdict.

    It falls with a row that is better after Holm's (1979) correction for their number, and holds
    where every row is worse, or its interval ends below the margin.
    """
    table, metric = tables["comparisons"][ours["task"]], ours.get("metric", "mcc")
    rows = [compared(table, name, ours["against"], metric) for name in ours["of"]]
    known = pd.DataFrame([row for row in rows if row is not None])
    if known.empty:
        return None
    won = (known["verdict"] == "better") & (holm(known["p"]) < 1 - LEVEL)
    below = (known["verdict"] == "worse") | (known["upper"] < ours["margin"])
    whole = ours["complete"] and len(known) == len(ours["of"])
    verdict = FAILS if won.any() else HOLDS if whole and below.all() else UNTOLD
    best = known.loc[known["difference"].idxmax()]
    told = f"largest of {len(known)} differences in {words(metric)}"
    return Found(told, *(float(best[k]) for k in ("difference", "lower", "upper")), verdict)


def ordered(ours: Mapping[str, Any], tables: Tables) -> Found | None:
    """Whether the first of two metrics of one experiment is below the second, by both intervals."""
    low, high = (measured(ours, tables, metric) for metric in ours["metrics"])
    if np.isnan([*low, *high]).any():
        return None
    verdict = HOLDS if low[2] < high[1] else FAILS if low[1] > high[2] else UNTOLD
    return Found(
        words(ours["metrics"][0]), *low, verdict, f"{words(ours['metrics'][1])} {high[0]:.3f}"
    )


WORDS = {"mcc": "MCC", "auroc": "AUROC", "macro_f1": "macro F1", "map_50": "mAP", "ar_1": "AR@1"}
RULES = {
    "near": near, "above": above, "better": better, "no_better": no_better, "gain": gain,
    "ordered": ordered,
}  # fmt: skip


def words(metric: str) -> str:
    """A metric as tables name it."""
    return WORDS.get(metric, metric.replace("_", " "))
