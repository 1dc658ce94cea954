"""What a pretext may not see: checked in the configuration, before anything is cut."""

from collections.abc import Iterator
from typing import Any

from fewsky.console import FewskyError
from fewsky.schema import known, listed


def drop_unset(config: dict) -> dict:
    """The configuration without a composite, scene or keep_out that is null, as if never named.

    So no job that has none of them is told of them.
    """
    for dataset in config["datasets"].values():
        for key in ("composite", "scene"):
            if dataset.get(key, 0) is None:
                del dataset[key]
    for task in config["tasks"].values():
        if task["split"].get("keep_out", 0) is None:
            del task["split"]["keep_out"]
    return config


def kept_out(task: dict) -> list[str]:
    """Names of the tasks whose tested objects a task keeps out of its split."""
    return (task["split"].get("keep_out") or {}).get("tasks", [])


def images_needed(name: str, tasks: dict[str, dict]) -> tuple[bool, list[str]]:
    """Whether the split of a task needs its own images, and the tasks whose images it needs beside.

    Images tell copies apart in a split by hash, and known objects where one side may lack
    positions: only splits by hash and random ones take objects without. `tasks` holds all tasks.
    """
    bare = {one for one, task in tasks.items() if task["split"]["by"] in ("hash", "random")}
    others = [one for one in kept_out(tasks[name]) if name in bare or one in bare]
    return tasks[name]["split"]["by"] == "hash" or bool(others), others


def check_pretexts(plan: Any) -> None:
    """Raise FewskyError, one line, where starting weights may have learned from tested objects.

    Weights that an experiment of another task supplies need this task among those that the other
    keeps out, and so do the weights which that experiment started from. Weights that learned from
    classes do not serve the same task, whose budgets would not count those labels.
    """
    for name, task in plan.tasks.items():
        for other in kept_out(task):
            known(f"tasks.{name}.split.keep_out.tasks", other, plan.tasks, "task")
    for name in plan.tasks:
        _check_circle(name, plan.tasks)
    for user, task, weights in _users(plan):
        for source in _sources(weights, plan):
            _check_source(user, task, weights, source, plan)


def _users(plan: Any) -> Iterator[tuple[str, str, str]]:
    """Yield who uses starting weights, in words, for which task, and their name."""
    for name, item in plan.experiments.items():
        if item["weights"] is not None:
            yield f"experiments.{name}", item["task"], item["weights"]
    shown = (plan.paper.get("self-supervision") or {}).get("representations") or []
    for k, pair in enumerate(shown):
        if pair["weights"] in plan.weights and pair["task"] in plan.tasks:
            yield f"paper.self-supervision.representations.{k}", pair["task"], pair["weights"]


def _sources(weights: str, plan: Any) -> Iterator[str]:
    """Yield the experiments that some weights have learned in, the last one first."""
    seen: list[str] = []
    while (source := plan.weights[weights]["from"]) is not None and source not in seen:
        seen.append(source)
        yield source
        if plan.experiments[source]["weights"] is None:
            return
        weights = plan.experiments[source]["weights"]


def _check_source(user: str, task: str, weights: str, source: str, plan: Any) -> None:
    learned = plan.experiments[source]["task"]
    named = kept_out(plan.tasks[learned])
    if learned == task and plan.tasks[task]["classes"]:
        raise FewskyError(
            f"config: weights.{weights}.from: wanted an experiment of another task than {task}, "
            f"since the budgets of {user} do not count the labels behind its weights; found "
            f"{source}, which learned from labels of {task}. Write start: {{from: {source}}} "
            "there, or learn the weights in another task."
        )
    if learned == task and plan.tasks[task]["split"]["folds"]:
        raise FewskyError(
            f"config: weights.{weights}.from: wanted an experiment of a task that keeps {task} "
            f"out, since {user} tests every object in its folds; found {source}, which learned "
            "from some of them. Learn the weights in another task."
        )
    if learned != task and task not in named:
        raise FewskyError(
            f"config: tasks.{learned}.split.keep_out: wanted {task} among its tasks, since {user} "
            f"starts from the weights {weights} that {source} learned there; found "
            f"{listed(named)}. Add it, so that no tested object of {task} is learned from."
        )


def _check_circle(name: str, tasks: dict[str, dict]) -> None:
    todo, seen = list(kept_out(tasks[name])), []
    while todo:
        other = todo.pop()
        if other == name:
            raise FewskyError(
                f"config: tasks.{name}.split.keep_out: wanted tasks that are split before it; "
                f"found a circle through {', '.join(dict.fromkeys([*seen, name]))}. Take one out."
            )
        if other not in seen:
            seen.append(other)
            todo += kept_out(tasks[other])
