"""Numbers of splits and of cards, the same for every chapter; `room` stands before each key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from fewsky.files import load_json
from fewsky.metrics.stats import LEVEL
from fewsky.paper.numbers import Numbers, keyed
from fewsky.splits.groups import link_distance
from fewsky.splits.twins import label_noise

COUNTED = ("pool", "val", "test", "unlabelled", "guard", "duplicate")
OF_RUN = {
    "parameters": ",d",
    "trainable_parameters": ",d",
    "steps": ",d",
    "epochs": "d",
    "images_seen": ",d",
    "tuned_with": ",d",
}


def of_split(room: str, path: str | Path, task: Mapping[str, Any]) -> Numbers:
    """Objects by part and class, and how the parts were kept apart.

    `task` has `patch_arcsec`, the side of a patch; only a split by radius has a `link_arcsec`.
    """
    audit, split = load_json(path), task["split"]
    labels = task["classes"] or ["object"]
    link = link_distance(task) if split["by"] == "radius" else None
    leak = audit["random_split_leak"]
    values: dict[str, tuple[Any, str]] = {
        "draws": (split["draws"], "d"),
        "folds": (split.get("folds", 0), "d"),
        "link_arcsec": (link, ".0f"),
        "duplicates": (audit["duplicates_removed"], ",d"),
        "twins": (audit.get("twins", 0), ",d"),
        **of_twins(audit, len(task["classes"])),
        "near_copies": (audit["pairs_near_copy"], ",d"),
        "shared_pixels": (audit["pairs_sharing_pixels"], ",d"),
        "random.splits": (leak["splits"], "d"),
        "random.share_leaked": (leak["test_share_leaked"], ".1%"),
    }
    for part in COUNTED:
        counts = audit["counts"].get(part, {})
        values[part] = (sum(counts.values()), ",d")
        for name in labels:
            values[f"{part}.{name}"] = (counts.get(name, 0), ",d")
    tested = [values[f"test.{name}"][0] for name in labels]
    values["mode_accuracy"] = (max(tested) / sum(tested) if sum(tested) else None, ".3f")
    used = ("pool", "val", "test", "unlabelled")
    values["used"] = (sum(values[part][0] for part in used), ",d")
    return keyed(values, path, room)


def of_twins(audit: Mapping[str, Any], n_classes: int) -> dict[str, tuple[Any, str]]:
    """How often twins agree and the label noise that this tells, with exact binomial intervals."""
    n, agreement = audit.get("twins", 0), audit.get("twin_label_agreement")
    values = {
        "twin_agreement": (agreement, ".1%"),
        "label_noise": (audit.get("label_noise"), ".1%"),
    }
    if n and n_classes > 1:  # of one class all twins agree
        ends = binomtest(round(n * agreement), n).proportion_ci(LEVEL)
        most = 1 - 1 / n_classes  # of twins whose labels are drawn at random
        for end, share, other in (("lower", ends.low, ends.high), ("upper", ends.high, ends.low)):
            values[f"twin_agreement.{end}"] = (share, ".1%")
            values[f"label_noise.{end}"] = (label_noise(min(1 - other, most), n_classes), ".1%")
    return values


def of_cards(room: str, paths: Mapping[str, str | Path]) -> Numbers:
    """Size, steps and labels of each experiment at its largest budget, from its first card."""
    numbers: Numbers = {}
    for name, path in paths.items():
        last = max(load_json(path).get("runs", []), key=lambda run: run["budget"], default={})
        values = {key: (last[key], form) for key, form in OF_RUN.items() if key in last}
        if last:
            values["labels"] = (last["budget"], ",d")
        numbers |= keyed(values, path, f"{room}.{name}")
    return numbers
