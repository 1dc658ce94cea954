"""Generated patches held against the rest of config.yaml; nothing heavy.

Each check raises FewskyError, one line. `plan` is the resolved configuration (config.Plan).
"""

from collections.abc import Mapping
from typing import Any

from fewsky.chapters_checks import having, in_task, known_experiments
from fewsky.console import FewskyError
from fewsky.schema import listed
from fewsky.surveys import reader

SIMULATED = {"galaxy", "star"}


def check_generated(plan: Any) -> None:
    """Check every experiment that learns from generated patches."""
    for name, item in plan.experiments.items():
        if "generated" not in item:
            continue
        where = f"config: experiments.{name}.generated"
        task = plan.tasks[item["task"]]
        dataset = plan.datasets[task["dataset"]]
        fields = reader(plan.surveys[dataset["survey"]]["reader"]).KIND == "fields"
        classes = item["generated"]["from"] == "mixture" or set(task["classes"]) == SIMULATED
        faults = {
            "a network with a recipe and no search": "recipe" not in item or "search" in item,
            "a network that is trained as a whole (unfreeze: all)": item.get("frozen"),
            "a survey of fields, whose patches are in nanomaggies": not fields
            or "composite" in dataset,
            "the classes galaxy and star for from: sky": not classes,
        }
        for wanted, wrong in faults.items():
            if wrong:
                raise FewskyError(
                    f"{where}: wanted {wanted}; found another. Correct it, or leave it out."
                )


def check_generated_shown(where: str, block: Mapping[str, Any], plan: Any) -> None:
    """Check the chapter's block: one task, one recipe of a fixed length, budgets that are there."""
    names = [block["control"], *block["with"]]
    known_experiments(where, names, plan)
    task = plan.experiments[block["control"]]["task"]
    in_task(f"{where}.with", block["with"], f"{where}.control", task, plan)
    having(f"{where}.with", block["with"], "generated", "generated patches", plan)
    control = plan.experiments[block["control"]]
    for name in names:
        item = plan.experiments[name]
        if block["budget"] not in item["budgets"]:
            raise FewskyError(
                f"config: {where}.budget: wanted a budget of {name}, "
                f"{listed(item['budgets'])}; found {block['budget']}. Name one of them."
            )
        if (item.get("recipe"), item.get("model")) != (control.get("recipe"), control.get("model")):
            raise FewskyError(
                f"config: {where}: wanted the model and recipe of {block['control']} in {name}; "
                "found others. Let it extend the control."
            )
    recipe = control["recipe"]
    if "generated" in control or recipe["min_steps"] != recipe["max_steps"]:
        raise FewskyError(
            f"config: {where}.control: wanted an experiment without generated patches, with "
            "min_steps equal to max_steps, so that all take as many; found another. Set both."
        )
