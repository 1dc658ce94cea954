"""Patches of four classes held against the rest of config.yaml: data sets, tasks, the chapter."""

from collections.abc import Mapping
from typing import Any

from fewsky.chapters_checks import having, in_task, known_experiments
from fewsky.console import FewskyError
from fewsky.schema import known
from fewsky.surveys import reader


def check_scenes(plan: Any) -> None:
    """Raise FewskyError where a data set of them cannot be cut, or a window leaves its patch."""
    for name, dataset in plan.datasets.items():
        if "scene" not in dataset:
            continue
        where, scene = f"config: datasets.{name}.scene", dataset["scene"]
        if reader(plan.surveys[dataset["survey"]]["reader"]).KIND != "fields":
            raise FewskyError(
                f"{where}: wanted a survey of fields with a catalogue; found {dataset['survey']}, "
                "which has an image an object. Take the scene out."
            )
        if not scene["shift_px"] <= scene["within_px"] <= dataset["size"] // 2:
            raise FewskyError(
                f"{where}: wanted shift_px at most within_px, and that at most half of the "
                f"{dataset['size']} px; found {scene['shift_px']} and {scene['within_px']}. Lower "
                "them."
            )


def check_four_classes(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    """Its experiments answer its task, whose patches are scenes; a network draws the map."""
    block = chapter["four_classes"]
    known(f"{where}.task", block["task"], plan.tasks, "task")
    task = plan.tasks[block["task"]]
    dataset = plan.datasets[task["dataset"]]
    if "scene" not in dataset or dataset["survey"] != chapter["survey"]:
        raise FewskyError(
            f"config: {where}.task: wanted a task on patches with a scene of {chapter['survey']}; "
            f"found {block['task']} on {task['dataset']}. Name another."
        )
    known_experiments(f"{where}.main", block["main"], plan)
    in_task(f"{where}.main", block["main"], f"{where}.task", block["task"], plan)
    known(f"{where}.network", block["network"], block["main"], "experiment of main")
    having(f"{where}.network", block["network"], "recipe", "a network of its own", plan)
    fields = plan.surveys[chapter["survey"]]["fields"]
    known(f"{where}.field", block["field"], fields, "field")
