"""Budgets of whole fields, `3 fields`, and probes of careless splits; nothing heavy."""

import re
from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError


def fields_in(budget: int | str) -> int | None:
    """The number of fields in a budget such as `3 fields`; None of a number of labels or all."""
    found = re.fullmatch(r"([1-9][0-9]*) fields?", str(budget))
    return int(found[1]) if found else None


def fields_of(experiment: Mapping[str, Any]) -> list[int]:
    """The numbers of fields that an experiment learns from, rising."""
    return sorted({fields_in(budget) or 0 for budget in experiment["budgets"]})


def probes_of(block: Mapping[str, Any]) -> dict[str, int]:
    """Experiments that are fitted on every split, with their numbers of draws; nulls left out."""
    return {name: draws for name, draws in block["probes"].items() if draws}


def check_order(where: str, split: Mapping[str, Any]) -> None:
    """A split whose draws go field by field has fields, some of them to validate in every draw."""
    if split["order"] == "objects":
        return
    if split["by"] != "field" or not split["val"] or split["folds"] or split["balance"] == "class":
        raise FewskyError(
            f"config: {where}.order: wanted a split by field with val fields, no folds and "
            f"balance: natural for order: fields; found by: {split['by']}, {len(split['val'])} "
            f"val fields, folds: {split['folds']}, balance: {split['balance']}. Mend these, or "
            "write order: objects."
        )


def check_field_budgets(name: str, item: Mapping[str, Any], task: Mapping[str, Any]) -> None:
    """Budgets of an experiment in fields are of a task that draws fields, and has as many."""
    counts = [fields_in(budget) for budget in item["budgets"]]
    most, train = max((n for n in counts if n), default=0), task["split"]["train"]
    if most and task["split"]["order"] != "fields":
        raise FewskyError(
            f"config: experiments.{name}.budgets: wanted numbers of labels, since the draws of "
            f"{item['task']} go object by object; found {most} fields. Write split.order: fields "
            "in the task."
        )
    if most > len(train):
        raise FewskyError(
            f"config: experiments.{name}.budgets: wanted at most {len(train)} fields, those that "
            f"{item['task']} trains on; found {most}. Lower it, or add fields."
        )
