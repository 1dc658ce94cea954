"""Settings that a search found, put in their places; apart, so that trainings hang on no more."""

import copy
from collections.abc import Mapping
from typing import Any


def with_values(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with values at dotted paths, where a number counts items: `model.filters.0`."""
    found = copy.deepcopy(dict(settings))
    for path, value in values.items():
        *parents, last = path.split(".")
        place = found
        for parent in parents:
            place = place[int(parent) if isinstance(place, list) else parent]
        place[int(last) if isinstance(place, list) else last] = value
    return found


def with_found(settings: dict[str, Any], best: Mapping[str, Any] | None) -> dict[str, Any]:
    """A training's settings with those of a search (its `best.json`), and the labels it saw."""
    if best is None:
        return settings
    return {**with_values(settings, best["found"]), "tuned_with": best["tuned_with"]}
