"""Which starts of the atlas the figure of few labels shows, by what they learned; nothing heavy."""

from collections.abc import Mapping, Sequence
from typing import Any

from fewsky.console import FewskyError
from fewsky.paper.pretexts_told import start_kind

NONE = "none"  # the start of what is trained from nothing
# What the starts of the original study have learned: labels of another kind, as ImageNet's, the
# properties of objects, or which views are alike.
STUDIED = ("published", "properties", "contrastive")


def with_kinds(plan: Any, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Rows of the atlas, each with its `kind`: what its start has learned; `none` from nothing."""
    told = {"weights": plan.weights, "experiments": plan.experiments, "tasks": plan.tasks}
    weights = [plan.experiments[row["experiment"]]["weights"] for row in rows]
    return [
        {**row, "kind": start_kind(name, told) if name else NONE}
        for row, name in zip(rows, weights, strict=True)
    ]


def of_the_study(rows: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Rows of the figure of few labels: starts of the study, frozen and by LP-FT, and nothing.

    `rows` have their `kind`; those of another network than the task's are left out. Raises
    FewskyError, one line, for a task that has no such start.
    """
    nothing = {row["experiment"] for row in rows if row["start"] == NONE}
    started = [
        row
        for row in rows
        if row["kind"] in STUDIED and row["way"] != "tuned" and row["against"] in nothing
    ]
    tasks = {row["task"] for row in started}
    for row in rows:
        if row["task"] not in tasks:
            raise FewskyError(
                "config: paper.self-supervision.lowdata: wanted tasks with a start, frozen or by "
                "LP-FT, from weights that are published or have learned properties or by contrast; "
                f"found {row['task']} without one. Give it such a start in the atlas, or take it "
                "out."
            )
    return [row for row in rows if row in started or row["start"] == NONE]


def check_lowdata(tasks: Sequence[str], plan: Any) -> None:
    """Raise FewskyError, one line, for a task whose panel of few labels would show no start."""
    of_the_study(with_kinds(plan, [row for row in plan.atlas if row["task"] in tasks]))
