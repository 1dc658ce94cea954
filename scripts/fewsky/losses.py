"""Which losses serve which tasks, by name; nothing heavy."""

from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError

OF_CLASSES = ("auto", "binary", "softmax")
OF_TARGETS = ("mae", "mse", "huber")
WITHOUT_TARGETS = ("contrastive", "masked")


def check_loss(where: str, loss: str, targets: Mapping[str, Any] | None) -> None:
    """Raise FewskyError where a loss does not fit a task; `targets` is None for a task of classes.

    `where` names the setting in the error.
    """
    if targets is None:
        fits, kind = OF_CLASSES, "with classes"
    elif targets["columns"]:
        fits, kind = OF_TARGETS, "with target columns"
    else:
        fits, kind = WITHOUT_TARGETS, "without target columns"
    if loss not in fits:
        raise FewskyError(
            f"{where}: wanted {', '.join(fits[:-1])} or {fits[-1]} for a task {kind}; found "
            f"{loss}. Choose one of them, or another task."
        )
