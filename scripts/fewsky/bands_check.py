"""Bands and middles of images that models see, and bands that weights of others learned from."""

from typing import Any

from fewsky.bands import bands_in
from fewsky.console import FewskyError
from fewsky.schema import listed


def check_bands(plan: Any) -> None:
    """Raise FewskyError, one line, where a composite or a model names bands that are not there.

    And where starting weights have learned from others than those that an experiment shows them.
    """
    for name, dataset in plan.datasets.items():
        if dataset.get("composite"):
            _check_composite(name, dataset, plan.surveys[dataset["survey"]])
    for name, item in plan.experiments.items():
        bands, wanted, _ = _bands_of(item, plan)
        _check_named(f"experiments.{name}.model.bands", wanted or [], bands, "the task's images")
        _check_crop(f"experiments.{name}.model.crop", item, plan)
    for name, item in plan.experiments.items():
        source = plan.weights[item["weights"]]["from"] if item["weights"] else None
        if source is not None:
            _check_learned(f"experiments.{name}", item, source, plan)


def _bands_of(item: dict, plan: Any) -> tuple[list[str], list[str] | None, str]:
    """Bands of an experiment's images, those that its model names, and their survey."""
    dataset = plan.datasets[plan.tasks[item["task"]]["dataset"]]
    bands = bands_in(dataset, plan.surveys[dataset["survey"]])
    return bands, item.get("model", {}).get("bands"), dataset["survey"]


def _check_learned(where: str, item: dict, source: str, plan: Any) -> None:
    """Within a survey weights see the bands that they learned from, in their order.

    Other surveys have other bands; yet one that both have stands at one place.
    """
    every, named, survey = _bands_of(item, plan)
    every_there, named_there, survey_there = _bands_of(plan.experiments[source], plan)
    seen, learned = named or every, named_there or every_there
    if survey == survey_there:
        fits = seen == learned
    else:
        fits = all(band not in learned or learned.index(band) == k for k, band in enumerate(seen))
    if not fits:
        raise FewskyError(
            f"config: {where}: wanted the bands {listed(learned)}, which the weights "
            f"{item['weights']} have learned from in {source}; found {listed(seen)}. Name the "
            "bands in its model, or start from other weights."
        )


def _check_crop(where: str, item: dict, plan: Any) -> None:
    """The middle that a network sees has a centre and fits; stored features know no middle."""
    crop = item.get("model", {}).get("crop")
    if crop is None:
        return
    size = plan.datasets[plan.tasks[item["task"]]["dataset"]]["size"]
    if crop % 2 == 0 or size % 2 == 0 or crop > size or item["weights"]:
        raise FewskyError(
            f"config: {where}: wanted an odd side of at most {size} px, that of the task's images "
            f"(odd, too), in a network that starts from nothing; found {crop}. Mend it, or take it "
            "out."
        )


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
