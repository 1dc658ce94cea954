"""Checks of paper.star-galaxy.shift: one task, split by field, and a recipe of its experiments."""

from collections.abc import Mapping
from typing import Any

from fewsky.chapters_checks import known_experiments
from fewsky.console import FewskyError


def check_shift(where: str, told: Mapping[str, Any] | None, plan: Any) -> None:
    """Raise FewskyError, one line, where the experiments cannot be tested inside and outside."""
    if not told:
        return
    names = told["experiments"]
    known_experiments(f"{where}.experiments", names, plan)
    tasks = sorted({plan.experiments[name]["task"] for name in names})
    if len(tasks) > 1:
        raise FewskyError(
            f"config: {where}.experiments: wanted experiments of one task; found those of "
            f"{', '.join(tasks)}. Name those of one."
        )
    by = plan.tasks[tasks[0]]["split"]["by"]
    if by != "field":
        raise FewskyError(
            f"config: {where}.experiments: wanted a task split by field; found {tasks[0]}, "
            f"split by {by}. Name experiments of another task."
        )
    if told["recipe"] not in names:
        raise FewskyError(
            f"config: {where}.recipe: wanted one of {', '.join(names)}; found {told['recipe']}. "
            "Choose one of them."
        )
