"""Budgets of whole fields, `3 fields`: how they are written, and what they need; nothing heavy."""

import re
from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError


def fields_in(budget: int | str) -> int | None:
    """The number of fields in a budget such as `3 fields`; None of a number of labels or all."""
    found = re.fullmatch(r"([1-9][0-9]*) fields?", str(budget))
    return int(found[1]) if found else None


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
