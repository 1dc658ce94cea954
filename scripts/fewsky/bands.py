"""Bands of a dataset's images: those of its survey, or the three colours of a composite."""

from typing import Any

from fewsky.console import FewskyError
from fewsky.schema import listed

COLOURS = ["red", "green", "blue"]


def bands_in(dataset: dict, survey: dict) -> list[str]:
    """Bands of a dataset's images in the order of the tensor's second axis."""
    return COLOURS if dataset.get("composite") else survey["bands"]


def check_bands(plan: Any) -> None:
    """Raise FewskyError, one line, where a composite or a model names bands that are not there."""
    for name, dataset in plan.datasets.items():
        if dataset.get("composite"):
            _check_composite(name, dataset, plan.surveys[dataset["survey"]])
    for name, item in plan.experiments.items():
        dataset = plan.datasets[plan.tasks[item["task"]]["dataset"]]
        bands = bands_in(dataset, plan.surveys[dataset["survey"]])
        wanted = item.get("model", {}).get("bands") or []
        _check_named(f"experiments.{name}.model.bands", wanted, bands, "the task's images")


def _check_composite(name: str, dataset: dict, survey: dict) -> None:
    where, block = f"datasets.{name}.composite", dataset["composite"]
    _check_named(f"{where}.bands", block["bands"], survey["bands"], dataset["survey"])


def _check_named(where: str, wanted: list[str], bands: list[str], of: str) -> None:
    missing = [band for band in wanted if band not in bands]
    if missing:
        raise FewskyError(
            f"config: {where}: wanted bands of {of} ({listed(bands)}); found {listed(missing)}. "
            "Name others."
        )
