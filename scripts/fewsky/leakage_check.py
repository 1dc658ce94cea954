"""The settings of paper.audit.leakage held against the rest of config.yaml; nothing heavy."""

from typing import Any

from fewsky.console import FewskyError
from fewsky.schema import known

ATLAS = "atlas-"  # how experiments of the atlas begin
FITTED = ("forest", "logistic")  # opponents that learn


def leaking(plan: Any) -> dict[str, str]:
    """The experiment that is fitted on every split of a task, by task.

    Nulls are left out, and so are probes of the atlas for tasks that the atlas has not got.
    """
    block = (plan.paper.get("audit") or {}).get("leakage")
    if not block:
        return {}
    crossed = {row["task"] for row in plan.atlas}
    return {
        task: name
        for task, name in block["probes"].items()
        if name and (task in crossed or not name.startswith(ATLAS))
    }


def check_leakage(plan: Any) -> None:
    """Raise FewskyError, one line, where a leak price cannot be measured."""
    where = "paper.audit.leakage.probes"
    for task, name in leaking(plan).items():
        known(where, task, plan.tasks, "task")
        known(where, name, plan.experiments, "experiment")
        item = plan.experiments[name]
        learns = "probe" in item or item.get("opponent", {}).get("family") in FITTED
        if item["task"] != task or not plan.tasks[task]["classes"] or not learns:
            raise FewskyError(
                f"config: {where}: wanted for {task} a linear probe, a forest or a logistic "
                f"regression that answers it, and classes; found {name} of {item['task']}. Name "
                "another experiment, or null."
            )
