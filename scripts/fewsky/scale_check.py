"""The settings of paper.star-galaxy.scale held against the rest of config.yaml; nothing heavy."""

from collections.abc import Mapping
from typing import Any

from fewsky.chapters_checks import known_experiments
from fewsky.console import FewskyError
from fewsky.field_budgets import fields_of, probes_of
from fewsky.schema import known


def check_scale(where: str, block: Mapping[str, Any], plan: Any) -> None:
    """Raise FewskyError, one line, where the curves or the costs cannot be made."""
    for key in ("fields", "sizes"):
        known_experiments(f"{where}.{key}", block[key], plan)
        tasks = {plan.experiments[name]["task"] for name in block[key]}
        if len(tasks) > 1:
            raise FewskyError(
                f"config: {where}.{key}: wanted experiments of one task; found those of "
                f"{' and '.join(sorted(tasks))}. Name others."
            )
    _check_fields(f"{where}.fields", block["fields"], plan)
    _check_sizes(f"{where}.sizes", block["sizes"], plan)
    if block["price"]:
        _check_price(f"{where}.price", block["price"], plan)


def _check_fields(where: str, names: list[str], plan: Any) -> None:
    counts = {tuple(fields_of(plan.experiments[name])) for name in names}
    if len(counts) > 1 or any(0 in numbers for numbers in counts):
        raise FewskyError(
            f"config: {where}: wanted experiments with the same budgets, all of them numbers of "
            f"fields; found {sorted(counts)}. Write budgets such as [1 field, 2 fields]."
        )


def _check_sizes(where: str, names: list[str], plan: Any) -> None:
    crops = [plan.experiments[name].get("model", {}).get("crop") for name in names]
    if None in crops or sorted(set(crops)) != crops:
        raise FewskyError(
            f"config: {where}: wanted experiments with a model.crop each, the smallest first; "
            f"found {', '.join(map(str, crops))}. Put them in order, or name others."
        )


def _check_price(where: str, block: Mapping[str, Any], plan: Any) -> None:
    known(f"{where}.dataset", block["dataset"], plan.datasets, "dataset")
    dataset, probes = plan.datasets[block["dataset"]], probes_of(block)
    fields = plan.surveys[dataset["survey"]].get("fields") or []
    for name in block["fields"]:
        known(f"{where}.fields", name, fields, "field of the survey")
    for name in probes:
        known(f"{where}.probes", name, plan.experiments, "experiment")
    items = {name: plan.experiments[name] for name in probes}
    bad = [
        name
        for name, item in items.items()
        if "opponent" not in item and ("recipe" not in item or item["weights"] or item.get("start"))
    ]
    classes = {tuple(plan.tasks[item["task"]]["classes"]) for item in items.values()}
    if not probes or bad or len(classes) > 1 or dataset["edge"] != "flag":
        found = f"{bad[0]} among the probes" if bad else f"edge: {dataset['edge']}"
        raise FewskyError(
            f"config: {where}: wanted a dataset with edge: flag and opponents or networks from "
            f"nothing that answer one question; found {found}, {len(probes)} probes, "
            f"{len(classes)} sets of classes. Mend it."
        )
