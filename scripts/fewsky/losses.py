"""Which losses serve which tasks, by name; nothing heavy."""

from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError

OF_CLASSES = ("auto", "binary", "softmax")
OF_TARGETS = ("mae", "mse", "huber")
WITHOUT_TARGETS = ("contrastive", "masked")
OF_BOXES = ("own",)  # the detector's
# Settings of a recipe that one loss alone reads.
OWN = {
    "contrastive": ("projection", "temperature", "jitter"),
    "masked": ("mask_cell", "mask_share"),
    "own": ("jitter",),
}


def check_loss(where: str, loss: str, task: Mapping[str, Any]) -> None:
    """Raise FewskyError where a loss does not fit a task, which has targets, boxes or classes.

    `where` names the setting in the error.
    """
    targets = task.get("targets")
    if task.get("boxes"):
        fits, kind = OF_BOXES, "with boxes"
    elif targets is None:
        fits, kind = OF_CLASSES, "with classes"
    elif targets["columns"]:
        fits, kind = OF_TARGETS, "with target columns"
    else:
        fits, kind = WITHOUT_TARGETS, "without target columns"
    if loss not in fits:
        raise FewskyError(
            f"{where}: wanted {' or '.join(filter(None, [', '.join(fits[:-1]), fits[-1]]))} for a "
            f"task {kind}; found {loss}. Correct it, or choose another task."
        )


def has_one_output(loss: str, n_classes: int) -> bool:
    """Whether two classes share one output, the log-odds of the second, rather than one each."""
    return n_classes == 2 and loss != "softmax"


def check_start(where: str, item: Mapping[str, Any], other: Mapping[str, Any], n: int) -> None:
    """Raise FewskyError where `item` has other outputs than `other`, which it starts from.

    `n` is the number of classes of their task; a probe has one output a class.
    """
    loss = item["recipe"]["loss"]
    before = other["recipe"]["loss"] if "recipe" in other else "softmax"
    if has_one_output(loss, n) != has_one_output(before, n):
        raise FewskyError(
            f"config: {where}.recipe.loss: wanted {before}, as that of {item['start']['from']}, "
            f"which it starts from and whose outputs it takes over; found {loss}. Write {before}."
        )


def of_its_loss(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe without the settings of losses that it does not use: they change no job of it."""
    every = {key for keys in OWN.values() for key in keys}
    others = every - set(OWN.get(recipe["loss"], ()))
    return {key: value for key, value in recipe.items() if key not in others}
