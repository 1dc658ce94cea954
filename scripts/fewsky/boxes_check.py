"""Tasks with boxes held against the rest of config.yaml; nothing heavy.

Each check raises FewskyError, one line.
"""

from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError

DETECTORS = ("ssdlite", "effdet")  # of fewsky.networks
OPPONENTS = ("central-box", "segments")
REFUSED = ("probe", "ensemble", "search", "teacher", "pseudo")
AUGMENT = ("none", "rotation", "reflection", "d4", "affine")  # what boxes can follow
# What a detector's recipe cannot ask for, by the value that leaves it alone.
PLAIN = {
    "augment_mode": "random",
    "augment_of": "all",
    "psf": "none",
    "test_views": 1,
    "class_weights": "none",
    "rebalance": 0,
    "unfreeze": "all",
    "processes": 1,
    "monitor": "val_loss",
}

CHOICES = {"augment": ", ".join(AUGMENT), "affine": "neither rotation_deg nor shear_deg"}


def check_boxes_task(where: str, task: Mapping[str, Any]) -> None:
    """Check where the boxes of a task come from, and that all of its images count as labelled."""
    boxes = task["boxes"]
    if (boxes["from"] == "folder") != (boxes["folder"] is not None):
        found = "none" if boxes["folder"] is None else f"{boxes['folder']} and from {boxes['from']}"
        raise FewskyError(
            f"{where}.boxes.folder: wanted a folder with from: folder, and none else; found "
            f"{found}. Name one, or take it out."
        )
    if task["split"]["unlabelled_fraction"]:
        raise FewskyError(
            f"{where}.split.unlabelled_fraction: wanted 0 with boxes, which no pseudo-label "
            f"replaces; found {task['split']['unlabelled_fraction']:g}. Leave it out."
        )


def check_boxes_experiment(where: str, item: Mapping[str, Any], task: Mapping[str, Any]) -> None:
    """Check that boxes are looked for by what finds boxes, and nothing else is."""
    finds = "boxes" in task
    if "opponent" in item:
        _check_kind(f"{where}.opponent.family", item["opponent"]["family"], OPPONENTS, finds)
    if "model" in item:
        _check_kind(f"{where}.model.name", item["model"]["name"], DETECTORS, finds)
    if not finds:
        return
    if found := [key for key in REFUSED if item.get(key) is not None]:
        raise FewskyError(
            f"{where}.{found[0]}: wanted a detector or an opponent for a task with boxes; found "
            f"{', '.join(found)}, which needs classes. Leave it out."
        )
    if "recipe" in item:
        check_detector(f"{where}.recipe", item["recipe"])
        if item["model"].get("extra"):
            raise FewskyError(
                f"{where}.model.extra: wanted none for a detector; found "
                f"{', '.join(item['model']['extra'])}. Leave it out."
            )


def _check_kind(where: str, found: str, of_boxes: tuple[str, ...], finds: bool) -> None:
    """Raise FewskyError where a task with boxes is answered by what finds none, or the reverse."""
    if (found.partition("-")[0] in of_boxes or found in of_boxes) == finds:
        return
    wanted = f"one of {', '.join(of_boxes)} for" if finds else "none that looks for boxes in"
    task = "a task with boxes" if finds else "a task without"
    raise FewskyError(f"{where}: wanted {wanted} {task}; found {found}. Choose another.")


def check_detector(where: str, recipe: Mapping[str, Any]) -> None:
    """Check that a recipe asks for nothing that boxes cannot follow."""
    found = {key: recipe.get(key, plain) for key, plain in PLAIN.items()}
    faults = {key: value for key, value in found.items() if value != PLAIN[key]}
    if recipe["augment"] not in AUGMENT:
        faults = {"augment": recipe["augment"], **faults}
    affine = recipe["affine"]
    if recipe["augment"] == "affine" and (affine["rotation_deg"] or affine["shear_deg"]):
        faults["affine"] = "a turn or a shear"
    for key, found in faults.items():
        wanted = CHOICES.get(key) or PLAIN[key]
        raise FewskyError(
            f"{where}.{key}: wanted {wanted} for a detector, whose boxes follow the images; found "
            f"{found}. Correct it."
        )
