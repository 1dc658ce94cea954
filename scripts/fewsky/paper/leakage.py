"""The leak price of each task, as the table and the text tell it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fewsky.files import load_json, load_table
from fewsky.paper.careless import SPLITS

CAREFUL, RANDOM, ONCE = list(SPLITS)[:3]
FEWEST_DRAWS = 20  # of random against grouped (docs: how a number is earned)
# Why a random split is none, in the words of the table; the text has words of its own.
SINGLE = "no price: single objects"
NO_COPIES = "no copies"
ONLY_COPIES = "no price: only copies"


def price_of(
    scores: str | Path, told: str | Path, leaks: str | Path, metric: str
) -> dict[str, Any]:
    """What is known of a task's price: counts, the grouped score, and by random split the rest.

    `told` and `leaks` are those of splits.leakage, `scores` those of metrics.leakage. A random
    split that could not differ has its reason, SINGLE, NO_COPIES or ONLY_COPIES, and no numbers.
    """
    table, facts, sizes = load_table(scores), load_json(told), load_table(leaks)
    rows = table[table["metric"] == metric].set_index("protocol")
    shares = sizes.groupby("protocol").mean(numeric_only=True)
    found = {
        **facts,
        "train": shares.loc[CAREFUL, "n_train"],
        "test": shares.loc[CAREFUL, "n_test"],
        "grouped": rows.loc[CAREFUL, "value"],
        "draws": int(rows.loc[CAREFUL, "n_replicates"]),
        "n": int(rows.loc[CAREFUL, "n"]),
    }
    for arm in (RANDOM, ONCE):
        if arm in rows.index:
            found[arm] = {**rows.loc[arm].to_dict(), **shares.loc[arm].to_dict(), "reason": ""}
        else:
            found[arm] = {"reason": why_none(arm, facts)}
    return found


def why_none(arm: str, facts: Mapping[str, Any]) -> str:
    """Why a random split is that of the groups, or that without copies the other one."""
    if RANDOM not in facts["arms"]:
        return SINGLE
    return ONLY_COPIES if arm == ONCE and facts["copies"] else NO_COPIES
