"""The settings of the section on distance as an input, held against the rest of config.yaml."""

from collections.abc import Mapping
from typing import Any

from fewsky.chapters_checks import having, in_task, known_experiments
from fewsky.console import FewskyError
from fewsky.extra_columns import column_of

NETWORKS = ("without", "flagged", "mean", "flag", "drawn")
MISSING = {"flagged": "flag", "mean": "mean", "drawn": "drawn"}


def check_distance(where: str, block: Mapping[str, Any] | None, plan: Any) -> None:
    """Raise FewskyError, one line, for a block whose experiments are not what their place says."""
    if not block:
        return
    known_experiments(where, block, plan)
    in_task(where, block, f"{where}.without", plan.experiments[block["without"]]["task"], plan)
    for key in NETWORKS:
        having(f"{where}.{key}", block[key], "recipe", "a network of its own", plan)
    having(f"{where}.forest", block["forest"], "opponent", "an opponent", plan)
    for key in NETWORKS:
        if block[key]:
            _check_inputs(f"config: {where}.{key}", key, plan.experiments[block[key]])


def _check_inputs(where: str, key: str, item: Mapping[str, Any]) -> None:
    extra = item["model"].get("extra", [])
    columns = {column_of(name) for name in extra}
    told = any(name.startswith("redshift") for name in columns)
    if told == (key == "without"):
        wanted = "no redshift" if key == "without" else "a redshift or its flag"
        raise FewskyError(
            f"{where}: wanted an experiment with {wanted} in model.extra; found "
            f"{', '.join(extra) or 'none'}. Name another."
        )
    missing = item["model"].get("missing", "mean")
    if missing != MISSING.get(key, missing):
        raise FewskyError(
            f"{where}: wanted an experiment with missing: {MISSING[key]}; found {missing}. Name "
            "another."
        )
