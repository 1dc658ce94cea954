"""What the checks of several chapters of the paper share; nothing heavy.

Each raises FewskyError, one line. `where` is the place in config.yaml, `plan` the resolved
configuration (config.Plan).
"""

from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.schema import known


def named(value: Any) -> list[str]:
    """Names in a setting that is a name, a list, a mapping of names or null, without nulls."""
    if isinstance(value, str):
        return [value]
    return [
        name for name in (value.values() if isinstance(value, Mapping) else value or ()) if name
    ]


def known_experiments(where: str, value: Any, plan: Any) -> None:
    """Every experiment that a setting names is one of the file."""
    for name in named(value):
        known(where, name, plan.experiments, "experiment")


def in_task(where: str, value: Any, role: str, task: str | None, plan: Any) -> None:
    """Every experiment that a setting names answers the task, which `role` names."""
    for name in named(value):
        if plan.experiments[name]["task"] != task:
            raise FewskyError(
                f"config: {where}: wanted experiments of {role}, {task}; found {name} of "
                f"{plan.experiments[name]['task']}. Name others."
            )


def having(where: str, value: Any, key: str, words: str, plan: Any) -> None:
    """Every experiment that a setting names has a key, which makes it what `words` say."""
    for name in named(value):
        if not plan.experiments[name].get(key):
            raise FewskyError(
                f"config: {where}: wanted an experiment with {words}; found {name} without the key "
                f"'{key}'. Name another."
            )


def of_survey(where: str, role: str, chapter: Mapping[str, Any], plan: Any) -> None:
    """The tasks are about the chapter's survey, but decals_task is about another one."""
    survey = plan.datasets[plan.tasks[chapter[role]]["dataset"]]["survey"]
    other = role == "decals_task"
    if (survey != chapter["survey"]) == other:
        return
    wanted = f"another survey than {chapter['survey']}" if other else f"{chapter['survey']}"
    raise FewskyError(
        f"config: {where}.{role}: wanted a task on {wanted}; found {chapter[role]} on {survey}. "
        "Name another task, or change the survey."
    )
