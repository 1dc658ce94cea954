"""The grid of what Ruhmer says he tried: its experiments, pairs and what each changes; light.

`plan` is the resolved configuration (config.Plan); the grid is the block paper.star-galaxy.tried.
"""

from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.schema import known


def tried_of(plan: Any) -> dict[str, Any] | None:
    """The block of the grid where this paper has the chapter and the block, else None."""
    if "star-galaxy" not in plan.paper["chapters"]:
        return None
    return plan.paper["star-galaxy"].get("tried")


def grids_of(plan: Any) -> list[dict[str, Any]]:
    """Each grid as {about, against, rows}: its reference and experiments, `vary` carried out."""
    tried = tried_of(plan) or {"grids": []}
    return [
        {
            "about": grid["about"],
            "against": grid["against"],
            "rows": [name for written in grid["of"] for name in plan.families[written]],
        }
        for grid in tried["grids"]
    ]


def tried_experiments(plan: Any) -> list[str]:
    """Every experiment of the grids, their references and what stands beside, each once."""
    names = [name for grid in grids_of(plan) for name in (grid["against"], *grid["rows"])]
    return list(dict.fromkeys([*names, *((tried_of(plan) or {}).get("beside") or [])]))


def tried_pairs(plan: Any) -> list[dict[str, str]]:
    """Pairs {a, b}: each experiment and its grid's reference; of what is beside the first one."""
    pairs = [{"a": name, "b": grid["against"]} for grid in grids_of(plan) for name in grid["rows"]]
    beside = (tried_of(plan) or {}).get("beside") or []
    return pairs + [{"a": name, "b": grids_of(plan)[0]["against"]} for name in beside]


def told_tried(plan: Any) -> dict[str, Any] | None:
    """What the table and the text of the grid are told; None where there is no grid.

    `rows` name, in their order, an experiment, the one it is held `against` ("" for a reference),
    what it `changed`, the side in pixels that it sees, and the `grid` that it is judged in, "" for
    what only stands beside.
    """
    tried = tried_of(plan)
    if not tried:
        return None
    rows: dict[str, dict[str, Any]] = {}
    for grid in grids_of(plan):
        rows.setdefault(grid["against"], _row(grid["against"], "", "", plan))
        rows |= {name: _row(name, grid["against"], grid["about"], plan) for name in grid["rows"]}
    first = next(iter(rows))
    rows |= {name: _row(name, first, "", plan) for name in tried["beside"]}
    return {"margin": tried["margin"], "rows": list(rows.values())}


def _row(name: str, against: str, grid: str, plan: Any) -> dict[str, Any]:
    item = plan.experiments[name]
    size = plan.datasets[plan.tasks[item["task"]]["dataset"]]["size"]
    network = "recipe" in item
    told = changes(item, plan.experiments[against]) if against and network else item["about"]
    return {
        "name": name,
        "against": against,
        "changed": told,
        "side": item.get("model", {}).get("crop") or size,
        "grid": grid,
    }


def changes(item: Mapping[str, Any], reference: Mapping[str, Any]) -> str:
    """The settings of network and recipe in which an experiment differs: `blocks 3, crop 49`.

    The name of another network stands first; what only its family has by default is not told.
    """
    told = [
        f"{key.replace('_', ' ')} {value:g}" if is_number(value) else f"{word(key)}{shown(value)}"
        for block in ("model", "recipe")
        for key, value in sorted(item.get(block, {}).items(), key=lambda pair: pair[0] != "name")
        if value != reference.get(block, {}).get(key)
    ]
    return ", ".join(told)


def is_number(value: Any) -> bool:
    """Whether a setting is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def word(key: str) -> str:
    """A setting's name before its value; that of a network needs none."""
    return "" if key == "name" else f"{key.replace('_', ' ')} "


def shown(value: Any) -> str:
    """A setting's value as a table prints it."""
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else str(value)


def check_tried(where: str, block: Mapping[str, Any], plan: Any) -> None:
    """Raise FewskyError where a grid names what is not there, or what cannot be compared."""
    for k, grid in enumerate(block["grids"]):
        known(f"{where}.grids.{k}.against", grid["against"], plan.experiments, "experiment")
        for name in grid["of"]:
            known(f"{where}.grids.{k}.of", name, plan.families, "experiment")
    for name in block["beside"]:
        known(f"{where}.beside", name, plan.experiments, "experiment")
    _check_task(where, plan)
    _check_once(where, [pair["a"] for pair in tried_pairs(plan)], plan)


def _check_task(where: str, plan: Any) -> None:
    names = tried_experiments(plan)
    tasks = {name: plan.experiments[name]["task"] for name in names}
    other = next((name for name in names if tasks[name] != tasks[names[0]]), None)
    if other:
        raise FewskyError(
            f"config: {where}: wanted experiments of one task, {tasks[names[0]]}; found {other} of "
            f"{tasks[other]}. Compare within a task."
        )


def _check_once(where: str, names: list[str], plan: Any) -> None:
    """Each experiment is held against one other; those of the grids are networks."""
    against = {grid["against"] for grid in grids_of(plan)}
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    itself = next((g["against"] for g in grids_of(plan) if g["against"] in g["rows"]), None)
    if twice or itself:
        found = f"{twice} twice" if twice else f"{itself} against itself"
        raise FewskyError(
            f"config: {where}: wanted each experiment once, against another; found {found}. Take "
            "it out of a list."
        )
    beside = tried_of(plan)["beside"]
    for name in [*against, *(name for name in names if name not in beside)]:
        if "recipe" not in plan.experiments[name]:
            raise FewskyError(
                f"config: {where}.grids: wanted networks with a recipe; found {name}. Name it "
                "under beside."
            )
