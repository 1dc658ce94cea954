"""Tasks with targets or boxes held against the rest of config.yaml; nothing heavy.

Each check raises FewskyError, one line. A task has classes (or groups of labels), targets or boxes.
"""

from collections.abc import Mapping
from typing import Any

from fewsky.boxes_check import check_boxes_experiment, check_boxes_task
from fewsky.console import FewskyError
from fewsky.extra_columns import column_of
from fewsky.losses import check_loss
from fewsky.schema import listed
from fewsky.target_columns import needed

QUESTIONS = ("classes", "groups", "targets", "boxes")
REFUSED = ("probe", "ensemble", "search", "teacher", "pseudo", "generated")
OPPONENTS = ("forest", "mode")


def name_classes(tasks: Mapping[str, dict]) -> None:
    """Check that each task asks one question; with targets or boxes it gets `classes: []`."""
    for name, task in tasks.items():
        found = [key for key in QUESTIONS if key in task]
        if len(found) != 1:
            raise FewskyError(
                f"config: tasks.{name}: wanted one of {listed(QUESTIONS)}; found {listed(found)}. "
                "Give one."
            )
        if "targets" in task:
            task["classes"] = []
            _check_task(f"config: tasks.{name}", task)
        if "boxes" in task:
            task["classes"] = []
            check_boxes_task(f"config: tasks.{name}", task)


def _check_task(where: str, task: Mapping[str, Any]) -> None:
    targets = task["targets"]
    columns, errors = targets["columns"], targets["errors"]
    if errors and len(errors) != len(columns):
        raise FewskyError(
            f"{where}.targets.errors: wanted one column a target, {len(columns)}; found "
            f"{len(errors)}. Name as many, or none."
        )
    low, high = targets["low"], targets["high"]
    if None not in (low, high) and not low < high:
        raise FewskyError(
            f"{where}.targets: wanted low below high; found {low:g} and {high:g}. Swap them."
        )
    if task["split"]["unlabelled_fraction"]:
        raise FewskyError(
            f"{where}.split.unlabelled_fraction: wanted 0 with targets, which no pseudo-label "
            f"replaces; found {task['split']['unlabelled_fraction']:g}. Leave it out."
        )


def check_experiments(plan: Any) -> None:
    """Check every experiment's loss, and what a task without classes has no use for."""
    for name, item in plan.experiments.items():
        task, where = plan.tasks[item["task"]], f"config: experiments.{name}"
        if "recipe" in item:
            check_loss(f"{where}.recipe.loss", item["recipe"]["loss"], task)
        if "targets" in task:
            _check_experiment(where, item, task["targets"])
        check_boxes_experiment(where, item, task)
    for k, pair in enumerate(plan.paper["comparisons"]):
        if "targets" in plan.tasks[plan.experiments[pair["a"]]["task"]]:
            raise FewskyError(
                f"config: paper.comparisons.{k}: wanted experiments of a task with classes; found "
                f"{pair['a']}, which has targets. Take the pair out."
            )


def _check_experiment(where: str, item: Mapping[str, Any], targets: Mapping[str, Any]) -> None:
    found = [key for key in REFUSED if item.get(key) is not None]
    if found:
        raise FewskyError(
            f"{where}.{found[0]}: wanted a network or an opponent for a task with targets; found "
            f"{listed(found)}, which needs classes. Leave it out."
        )
    if "opponent" in item:
        _check_opponent(where, item["opponent"]["family"], targets["columns"])
    if "recipe" in item:
        _check_recipe(f"{where}.recipe", item["recipe"])
        _check_extra(where, item["model"].get("extra", []), targets["columns"])


def _check_opponent(where: str, family: str, columns: list[str]) -> None:
    if family not in OPPONENTS or not columns:
        wanted = f"wanted {' or '.join(OPPONENTS)} for" if columns else "wanted no opponent without"
        raise FewskyError(
            f"{where}.opponent: {wanted} target columns; found {family}. Take it out, or choose "
            "another task."
        )


def _check_recipe(where: str, recipe: Mapping[str, Any]) -> None:
    """What counts classes is refused; a contrastive batch cannot be divided."""
    faults = {
        "monitor": recipe["monitor"] != "val_loss",
        "class_weights": recipe["class_weights"] != "none",
        "rebalance": recipe["rebalance"] != 0,
    }
    for key, wrong in faults.items():
        if wrong:
            raise FewskyError(
                f"{where}.{key}: wanted no classes counted in a task with targets; found "
                f"{recipe[key]}. Leave it out."
            )
    if recipe["loss"] == "contrastive" and recipe["processes"] > 1:
        raise FewskyError(
            f"{where}.processes: wanted 1 with loss: contrastive, which compares the objects of a "
            f"batch; found {recipe['processes']}. Leave it out."
        )


def _check_extra(where: str, extra: list[str], columns: list[str]) -> None:
    given = needed(columns)
    told = [name for name in extra if column_of(name) in given]
    if told:
        raise FewskyError(
            f"{where}.model.extra: wanted inputs that are no target; found {told[0]}, which gives "
            "the answer away. Take it out."
        )
