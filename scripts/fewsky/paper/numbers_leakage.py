"""Numbers and facts of the leak price: what a random split of each task would have promised."""

from collections.abc import Mapping
from typing import Any

from fewsky.paper.leakage import FEWEST_DRAWS, ONCE, RANDOM, price_of
from fewsky.paper.numbers import Numbers, keyed

MAKERS = {"leakage": "rules split_leakage and score_leakage, where paper.audit.leakage is given"}
KEYS = {RANDOM: "gap", ONCE: "once"}


def collect(
    settings: Mapping[str, Any] | None, files: Mapping[str, Any]
) -> tuple[Numbers, dict[str, Any] | None]:
    """Numbers leakage.TASK.* and the facts of the section; none of both where it is left out.

    `settings` has `probes` (experiments by task), `about` (their words) and `metric`; `files` has
    the paths `scores`, `told` and `leaks` by task.
    """
    if not settings:
        return {}, None
    found = {
        task: price_of(*(files[key][task] for key in ("scores", "told", "leaks")),
                       settings["metric"])
        for task in settings["probes"]
    }  # fmt: skip
    numbers: Numbers = {}
    for task, price in found.items():
        numbers |= of_task(task, price, files["scores"][task])
    draws = {"draws": (min(price["draws"] for price in found.values()), "d")}
    numbers |= keyed({**draws, "draws_asked": (FEWEST_DRAWS, "d")}, "config.yaml", "leakage")
    tasks = [told_of(task, name, price, settings) for (task, name), price in
             zip(settings["probes"].items(), found.values(), strict=True)]  # fmt: skip
    few = any(price["draws"] < FEWEST_DRAWS for price in found.values())
    return numbers, {"metric": settings["metric"], "few": few, "tasks": tasks}


def of_task(task: str, price: Mapping[str, Any], path: str) -> Numbers:
    """leakage.TASK.grouped, .objects, .copies, .groups; .gap and .once with interval and so on."""
    values: dict[str, tuple[Any, str]] = {
        key: (price[key], ",d") for key in ("objects", "copies", "groups", "largest_group")
    }
    values["grouped"] = (price["grouped"], ".3f")
    for arm, key in KEYS.items():
        if not price[arm]["reason"]:
            values |= of_arm(key, price[arm])
    return keyed(values, path, f"leakage.{task}")


def of_arm(key: str, arm: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """The gap of a random split with its interval, what would have been found, what it leaks."""
    return {
        key: (arm["difference"], "+.3f"),
        f"{key}.lower": (arm["lower"], "+.3f"),
        f"{key}.upper": (arm["upper"], "+.3f"),
        f"{key}.detectable": (arm["minimum_detectable"], ".3f"),
        f"{key}.copied": (arm["test_copied"], ".1%"),
        f"{key}.leaked": (arm["test_shared"], ".1%"),
    }


def told_of(
    task: str, name: str, price: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What the text asks of a task: its probe, its verdicts or the reasons why there are none."""
    arms = {
        key: {"reason": price[arm]["reason"], "verdict": price[arm].get("verdict", "")}
        for arm, key in KEYS.items()
    }
    return {
        "task": task,
        "probe": name,
        "about": settings["about"][name],
        "magnitude": price["magnitude"],
        "copied": price["copies"] > 0,
        **arms,
    }
