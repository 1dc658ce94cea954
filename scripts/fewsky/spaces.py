"""Spaces of settings to search in, checked against the schema of config.yaml."""

from typing import Any

from fewsky.console import FewskyError
from fewsky.models.found import with_values
from fewsky.schema import check, fill, known, listed, nearest

# What decides who reads what, or which machine's bytes come out, is told and never searched.
TOLD = (
    "model.name", "model.bands", "model.extra", "model.missing", "model.drawn_by", "recipe.use",
    "recipe.unfreeze", "recipe.threads", "recipe.processes",
)  # fmt: skip
OF_FROZEN = ("recipe.augment", "recipe.test_views")  # they decide which activations are stored


def resolve_search(name: str, item: dict, task: dict, schema: dict) -> None:
    """Check an experiment's search and give its numbers the types of the settings they are for.

    Raises FewskyError, one line, where the experiment cannot be searched, a path is no setting of
    its model or recipe, or a range holds what the setting may not be.
    """
    where = f"experiments.{name}.search"
    _check_experiment(where, item, task)
    space = item["search"]["space"]
    for path, wanted in space.items():
        leaf = _leaf(f"{where}.space", path, item, schema)
        space[path] = _typed(f"{where}.space.{path}", wanted, leaf, schema)
        for value in space[path].get("choices") or [space[path]["low"], space[path]["high"]]:
            block = path.split(".")[0]
            placed = with_values({block: item[block]}, {path: value})
            check(placed[block], schema["$defs"][block], schema, f"{where}.space.{block}")
            if path == "recipe.rebalance_to" and value != "mean":
                known(f"{where}.space.{path}", value, task["classes"], "class of the task")


def _check_experiment(where: str, item: dict, task: dict) -> None:
    split = task["split"]
    draws = item.get("draws") or split["draws"]
    before = [key for key in ("teacher", "pseudo") if key in item]
    before += ["start.from"] if item.get("start", {}).get("from") else []
    faults = {
        "wanted a network with a recipe; found none. Search only where one is trained.": (
            "recipe" not in item
        ),
        f"wanted a training that hangs on no other; found {listed(before)}. Search without.": (
            bool(before)
        ),
        "wanted a task without folds, since each fold tests what another learned from; found "
        f"{split['folds']}. Search on a task with a test part.": bool(split["folds"]),
        f"wanted a draw below {draws}; found {item['search']['draw']}. Lower search.draw.": (
            item["search"]["draw"] >= draws
        ),
    }
    for line, wrong in faults.items():
        if wrong:
            raise FewskyError(f"config: {where}: {line}")


def _leaf(where: str, path: str, item: dict, schema: dict) -> dict:
    """The schema of the setting at a path of the experiment's model or recipe."""
    block, *parts = path.split(".")
    searched = {
        f"{kind}.{key}"
        for kind in ("model", "recipe")
        for key in schema["$defs"][kind]["properties"]
    } - {*TOLD, *(OF_FROZEN if item["frozen"] else ())}
    if ".".join([block, *parts[:1]]) not in searched:
        raise FewskyError(
            f"config: {where}: wanted a setting of the model or recipe that may be searched; found "
            f"'{path}'. {nearest(path, sorted(searched))}"
        )
    found, place = schema["$defs"][block], item[block]
    for part in parts:
        if isinstance(place, list) and part.isdigit() and int(part) < len(place):
            found, place = found["items"], place[int(part)]
        elif not isinstance(place, list) and part in found.get("properties", {}):
            found = found["properties"][part]
            place = place.get(part) if isinstance(place, dict) else None
        else:
            length = len(place) if isinstance(place, list) else 0
            raise FewskyError(
                f"config: {where}: wanted a setting that the experiment has; found '{path}', where "
                f"{block}.{parts[0]} has {length} values. Give it there, or mend the path."
            )
    return found


def _typed(where: str, wanted: dict, leaf: dict, schema: dict) -> dict:
    """The range or choices of one setting, numbers typed as the setting's."""
    keys = set(wanted)
    if not (keys == {"choices"} or {"low", "high"} <= keys <= {"low", "high", "step", "log"}):
        raise FewskyError(
            f"config: {where}: wanted either choices, or low and high; found {listed(wanted)}. "
            "Give one of them."
        )
    kinds = leaf.get("type", [])
    whole = "integer" in kinds
    if "choices" in wanted:
        return {"choices": [_number(value, whole, leaf, schema) for value in wanted["choices"]]}
    if not whole and "number" not in kinds:
        raise FewskyError(f"config: {where}: wanted choices for what is no number. Name them.")
    found = {key: _number(wanted[key], whole, leaf, schema) for key in ("low", "high")}
    if "step" in wanted:
        found["step"] = _number(wanted["step"], whole, leaf, schema)
    if found["low"] > found["high"]:
        raise FewskyError(
            f"config: {where}: wanted low no higher than high; found {found['low']} and "
            f"{found['high']}. Swap them."
        )
    if wanted.get("log") and (found["low"] <= 0 or "step" in wanted):
        raise FewskyError(
            f"config: {where}: wanted a low above 0 and no step where log is true; found low "
            f"{found['low']}{' and a step' if 'step' in wanted else ''}. Change one of them."
        )
    return found | ({"log": True} if wanted.get("log") else {})


def _number(value: Any, whole: bool, leaf: dict, schema: dict) -> Any:
    if whole and isinstance(value, float) and value.is_integer():
        return int(value)
    return fill(value, leaf, schema)
