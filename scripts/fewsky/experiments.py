"""Experiments as config.yaml writes them, made whole: inherited, varied, given their recipe."""

import copy
from collections.abc import Iterator, Mapping

from fewsky.console import FewskyError
from fewsky.schema import check, fill, nearest


def expand(experiments: Mapping[str, dict]) -> tuple[dict[str, dict], dict[str, list[str]]]:
    """Experiments with `extends` and `vary` carried out, and the names made by each `vary`."""
    expanded, families = {}, {}
    for name in experiments:
        item = _inherit(name, experiments, ())
        variants = list(_vary(name, item))
        families[name] = [variant for variant, _ in variants]
        for variant, settings in variants:
            if variant in expanded:
                raise FewskyError(
                    f"config: experiments.{variant}: wanted one experiment of that name; found "
                    "two. Rename one, or a value of vary."
                )
            expanded[variant] = settings
    return expanded, families


def _inherit(name: str, experiments: Mapping[str, dict], chain: tuple[str, ...]) -> dict:
    if name in chain:
        circle = " -> ".join([*chain[chain.index(name) :], name])
        raise FewskyError(
            f"config: experiments.{name}: wanted extends to end somewhere; found the circle "
            f"{circle}. Take one of them out."
        )
    if name not in experiments:
        raise FewskyError(
            f"config: experiments.{chain[-1]}.extends: wanted an experiment of this file; found "
            f"'{name}'. {nearest(name, experiments)}"
        )
    item = copy.deepcopy(experiments[name])
    parent = item.pop("extends", None)
    if parent is None:
        return item
    inherited = _inherit(parent, experiments, (*chain, name))
    inherited.pop("vary", None)
    return merge(inherited, item)


def merge(base: dict, over: dict) -> dict:
    """`base` with the values of `over` laid over it, at any depth of mappings."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def _vary(name: str, item: dict) -> Iterator[tuple[str, dict]]:
    vary = item.pop("vary", None)
    if vary is None:
        yield name, item
        return
    [(path, values)] = vary.items()
    for value in values:
        variant = copy.deepcopy(item)
        *parents, last = path.split(".")
        place = variant
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
        suffix = str(value).lower().replace("_", "-").replace(".", "p")
        yield f"{name}-{suffix}", variant


def complete(name: str, item: dict, recipes: Mapping[str, dict], schema: dict) -> dict:
    """An experiment with its recipe merged, checked and filled in."""
    where = f"experiments.{name}"
    kinds = [kind for kind in ("model", "opponent", "probe", "ensemble") if kind in item]
    if kinds == ["model", "probe"]:  # beside a probe the model says which bands it sees
        kinds.remove("model")
    if "model" not in kinds and "start" in item:
        kinds.append("start")
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        raise FewskyError(
            f"config: {where}: wanted either a model (or a start), a probe, an opponent or an "
            f"ensemble; found {found}. Give one."
        )
    if "task" not in item:
        raise FewskyError(f"config: {where}: wanted the key 'task'; found none. Add it.")
    if kinds[0] in ("model", "start"):
        item["recipe"] = _recipe(where, item.get("recipe", {}), recipes)
    check(item, schema["$defs"]["experiment"], schema, where)
    return fill(item, schema["$defs"]["experiment"], schema)


def _recipe(where: str, recipe: dict, recipes: Mapping[str, dict]) -> dict:
    recipe = dict(recipe)
    used = recipe.pop("use", None)
    if used is None:
        return recipe
    if used not in recipes:
        raise FewskyError(
            f"config: {where}.recipe.use: wanted a recipe of this file; found '{used}'. "
            f"{nearest(used, recipes)}"
        )
    return merge(recipes[used], recipe)
