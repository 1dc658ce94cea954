"""What pretexts are and what starting weights have learned, as the text tells them."""

from collections.abc import Mapping
from typing import Any

from fewsky.bands import COLOURS
from fewsky.contrasted import is_published

DIVIDED = "divide"  # the scale of targets in label-the-sky
Settings = Mapping[str, Any]


def pretexts_of(settings: Settings) -> list[str]:
    """Experiments that learn without classes: those that the chapter names, then others."""
    chapter, items = settings["chapter"], settings["experiments"]
    named = [*chapter["pretexts"], *chapter["targets"]]
    others = [weights.get("from") for weights in settings["weights"].values()]
    return [
        name
        for name in dict.fromkeys([*named, *others])
        if "recipe" in items.get(name, {}) and "targets" in settings["tasks"][items[name]["task"]]
    ]


def pretext_told(name: str, settings: Settings) -> dict[str, Any]:
    """What the text says of a pretext: its kind, its targets, the number of its bands."""
    item = settings["experiments"][name]
    task = settings["tasks"][item["task"]]
    dataset = settings["datasets"][task["dataset"]]
    return {
        "experiment": name,
        "task": item["task"],
        "about": item.get("about", ""),
        "kind": experiment_kind(name, settings),
        "columns": list(task["targets"]["columns"]),
        "divided": task["targets"]["scale"] == DIVIDED,
        "bands": len(item["model"].get("bands") or dataset["bands"]),
        "colours": (item["model"].get("bands") or dataset["bands"]) == COLOURS,
        "coarse": is_coarse(dataset, settings["surveys"][dataset["survey"]]),
    }


def is_coarse(dataset: Mapping[str, Any], survey: Mapping[str, Any]) -> bool:
    """Whether images have fewer pixels than those of their survey, as far as this is known."""
    field, pixel = survey.get("field_arcsec"), survey.get("pixel_arcsec")
    return bool(field and pixel) and dataset["size"] < round(field / pixel)


def start_kind(weights: str, settings: Settings) -> str:
    """What starting weights have learned: properties, measured, contrastive, masked or labels from
    an experiment of ours; published or random where they come from elsewhere.
    """
    block = settings["weights"][weights]
    if block.get("from"):
        return experiment_kind(block["from"], settings)
    return "published" if is_published(block) else "random"


def experiment_kind(name: str, settings: Settings) -> str:
    """What an experiment learns from; `measured` where all its targets are those of the image."""
    item = settings["experiments"][name]
    targets = settings["tasks"][item["task"]].get("targets")
    if targets is None:
        return "labels"
    if not targets["columns"]:
        return item["recipe"]["loss"]
    measured = all(column.startswith("feat_") for column in targets["columns"])
    return "measured" if measured else "properties"
