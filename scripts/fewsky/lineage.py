"""Who starts from whom and who teaches whom: checked, and what follows from it for each job."""

from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.schema import nearest

SOURCES = ("url", "file", "from", "random")


def resolve_starts(experiments: Mapping[str, dict], weights: Mapping[str, dict]) -> None:
    """Add to every experiment what its start decides; raises FewskyError, one line, on faults.

    `weights` names the backbone it goes back to, or is None; `frozen` says whether its frozen part
    is that of the backbone, so that stored activations serve; `depth` counts the stages before it;
    `model` is that of the weights.
    """
    for name, block in weights.items():
        _check_weights(name, block, experiments)
    for name, item in experiments.items():
        _check_links(name, item, experiments, weights)
    for name in experiments:
        _check_circle(name, experiments)
    for name, item in experiments.items():
        chain = _chain(name, experiments)
        root = chain[-1]
        item["weights"] = _own_weights(root)
        item["depth"] = len(chain) - 1
        item["frozen"] = _stays_frozen(chain)
        if item["weights"] and "opponent" not in item:
            item["model"] = {**_stated_model(name, item, weights), **item.get("model", {})}
    for name, block in weights.items():
        _check_first(name, block, experiments)


def cut_name(unfreeze: str | int | list[str]) -> str:
    """Name under which activations at a cut are stored: head, last-3, conv2d_7b-head."""
    if isinstance(unfreeze, int):
        return f"last-{unfreeze}"
    return unfreeze if isinstance(unfreeze, str) else "-".join(unfreeze)


def _own_weights(item: dict) -> str | None:
    return (item.get("probe") or item.get("start") or {}).get("weights")


def _stated_model(name: str, item: dict, weights: Mapping[str, dict]) -> dict[str, Any]:
    wanted = weights[item["weights"]]["model"]
    found = item.get("model", {}).get("name", wanted)
    if found != wanted:
        raise FewskyError(
            f"config: experiments.{name}.model: wanted {wanted}, the network of the weights "
            f"{item['weights']}; found {found}. Leave the model out, or choose other weights."
        )
    return {"name": wanted, "extra": []}


def _before(item: dict) -> list[str]:
    """The experiments that one starts from, learns from or averages."""
    links = (item.get("start", {}).get("from"), item.get("teacher"))
    return [*filter(None, links), *item.get("ensemble", {}).get("of", [])]


def _check_circle(name: str, experiments: Mapping[str, dict]) -> None:
    todo, seen = _before(experiments[name]), []
    while todo:
        other = todo.pop()
        if other == name:
            raise FewskyError(
                f"config: experiments.{name}: wanted starts, teachers and members that lead to a "
                f"first one; found a circle through {', '.join([*seen, name])}. Take one out."
            )
        if other not in seen:
            seen.append(other)
            todo += _before(experiments[other])


def _chain(name: str, experiments: Mapping[str, dict]) -> list[dict]:
    """The experiment, the one it starts from, and so on to the first."""
    chain = [experiments[name]]
    while before := chain[-1].get("start", {}).get("from"):
        chain.append(experiments[before])
    return chain


def _stays_frozen(chain: list[dict]) -> bool:
    """Whether no stage before has trained what this one freezes."""
    own, *before = [_trained(item) for item in chain]
    return own != "all" and all(
        stage in (own, "head")
        or (isinstance(stage, int) and isinstance(own, int) and stage <= own)
        or (isinstance(stage, list) and isinstance(own, list) and set(stage) <= set(own))
        for stage in before
    )


def _trained(item: dict) -> Any:
    """What a stage trains: all, head (so does a probe), a number of children or their names."""
    if "probe" in item:
        return "head"
    return item["recipe"]["unfreeze"] if "recipe" in item else "all"


def _check_weights(name: str, block: dict, experiments: Mapping[str, dict]) -> None:
    found = [key for key in SOURCES if block[key] is not None]
    if len(found) != 1:
        raise FewskyError(
            f"config: weights.{name}: wanted one of {', '.join(SOURCES)}; found "
            f"{', '.join(found) or 'none'}. Give one."
        )
    if (block["mean"] is None) != (block["std"] is None):
        raise FewskyError(
            f"config: weights.{name}: wanted mean and std together; found one of them. Give both."
        )
    if block["from"] is not None:
        _known(f"weights.{name}.from", block["from"], experiments)
        if "recipe" not in experiments[block["from"]]:
            raise FewskyError(
                f"config: weights.{name}.from: wanted an experiment with a network of its own; "
                f"found {block['from']}. Choose another."
            )


def _check_links(
    name: str, item: dict, experiments: Mapping[str, dict], weights: Mapping[str, dict]
) -> None:
    where = f"experiments.{name}"
    used = _own_weights(item)
    if used is not None and used not in weights:
        raise FewskyError(
            f"config: {where}: wanted weights of this file; found '{used}'. "
            f"{nearest(used, weights)}"
        )
    for key, other in (
        ("start.from", item.get("start", {}).get("from")),
        ("teacher", item.get("teacher")),
        *(("ensemble.of", member) for member in item.get("ensemble", {}).get("of", [])),
    ):
        if other is None:
            continue
        _known(f"{where}.{key}", other, experiments)
        if experiments[other]["task"] != item["task"]:
            raise FewskyError(
                f"config: {where}.{key}: wanted an experiment of the task {item['task']}; found "
                f"{other} of {experiments[other]['task']}. Choose one of the same task."
            )
        if not set(item["budgets"]) <= set(experiments[other]["budgets"]):
            raise FewskyError(
                f"config: {where}.{key}: wanted its budgets {_words(item)} in {other}, too, since "
                f"another has seen other labels; found {_words(experiments[other])}. Add "
                "them there."
            )
        draws, made = item["draws"], experiments[other]["draws"]
        if made is not None and (draws is None or draws > made) and key != "ensemble.of":
            raise FewskyError(
                f"config: {where}.{key}: wanted {draws or 'all'} draws in {other}, too; found "
                f"{made} there. Lower its draws, or raise those."
            )
        kind = next((k for k in ("opponent", "ensemble") if k in experiments[other]), None)
        if kind and key == "start.from":
            raise FewskyError(
                f"config: {where}.{key}: wanted an experiment with weights; found the {kind} "
                f"{other}. Choose a probe or a network."
            )
    _check_pseudo(where, item)


def _words(item: dict) -> str:
    return ", ".join(map(str, item["budgets"]))


def _check_pseudo(where: str, item: dict) -> None:
    pseudo = item.get("pseudo")
    needs = pseudo is not None and pseudo["labels"] != "self"
    if needs == ("teacher" in item):
        return
    wanted = (
        "a teacher for those pseudo-labels" if needs else "pseudo beside a teacher that it uses"
    )
    raise FewskyError(
        f"config: {where}: wanted {wanted}; found none. Name an experiment of the same task as "
        "teacher and say in pseudo how its labels are used."
    )


def _check_first(name: str, block: dict, experiments: Mapping[str, dict]) -> None:
    """An experiment that supplies weights keeps all of its own, so it starts from none."""
    if block["from"] is None or experiments[block["from"]]["weights"] is None:
        return
    raise FewskyError(
        f"config: weights.{name}.from: wanted an experiment without starting weights; found "
        f"{block['from']}, which has {experiments[block['from']]['weights']}. Choose another."
    )


def _known(where: str, name: str, experiments: Mapping[str, dict]) -> None:
    if name not in experiments:
        raise FewskyError(
            f"config: {where}: wanted an experiment of this file; found '{name}'. "
            f"{nearest(name, experiments)}"
        )
