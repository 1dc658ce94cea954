"""Tasks whose classes are groups of labels, as the configuration names them; nothing heavy."""

from collections.abc import Mapping

from fewsky.console import FewskyError


def name_groups(tasks: Mapping[str, dict]) -> None:
    """Give each task with groups its classes, the names of the groups, in their order.

    Raises FewskyError where a label stands in two groups.
    """
    for name, task in tasks.items():
        if not task.get("groups"):
            continue
        seen: dict[str, str] = {}
        for group, labels in task["groups"].items():
            for label in labels:
                if label in seen:
                    raise FewskyError(
                        f"config: tasks.{name}.groups: wanted each label in one group; found "
                        f"{label} in {seen[label]} and {group}. Take it out of one."
                    )
                seen[label] = group
        task["classes"] = list(task["groups"])
