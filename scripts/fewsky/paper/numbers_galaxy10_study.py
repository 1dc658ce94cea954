"""What the printed numbers of Tessa and Terranova imply: recomputed from these alone."""

import numpy as np

from fewsky.metrics.printed import hard_label_range
from fewsky.metrics.stats import wilcoxon_exact
from fewsky.paper.numbers import Numbers, keyed

SOURCE = "scripts/fewsky/paper/numbers_galaxy10_study.py, from published.csv and constants.csv"
FOLDS = 5
MISPRINTED = "edge-on-rounded-bulge"
# VGG16 by Simonyan & Zisserman (2015), configuration D: channels and convolutions of each block.
VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
SIDE_LAST, DENSE, CLASSES = 2, 64, 9


def of_study(known: Numbers) -> Numbers:
    """Keys g10.study.WHAT; `known` holds the published numbers and the constants."""
    values = {
        **_of_parts(known),
        **_of_areas(known),
        **_of_network(),
        "vgg.printed": (known["published.s1-vgg-block5-trainable"]["value"], ",d"),
        "weights.sum": (weights_sum(_all(known, "published.s1-weight-")), ".4f"),
        "wilcoxon.folds": (FOLDS, "d"),
        "wilcoxon.least": (wilcoxon_exact(np.arange(1.0, FOLDS + 1), primary=False)[1], ".4f"),
    }
    return keyed(values, SOURCE, "g10.study")


def _all(known: Numbers, stem: str) -> dict[str, float]:
    """Values by the end of their key."""
    return {k.removeprefix(stem): item["value"] for k, item in known.items() if k.startswith(stem)}


def weights_sum(weights: dict[str, float]) -> float:
    """The sum of 1 / (C w_c), which is one for weights N / (C n_c) of the C classes."""
    return sum(1 / (len(weights) * weight) for weight in weights.values())


def _of_parts(known: Numbers) -> dict[str, tuple[float, str]]:
    """Sizes of the parts that its numbers add up to, and the slips that the sums show."""
    constant = _all(known, "constant.g10_")
    tested = _all(known, "published.s1-test-count-")
    test, images = sum(tested.values()), constant["sdss_images"]
    parts = {"train": constant["s1_train"], "val": constant["s1_val"], "test": test}
    total = sum(parts.values())
    shares = {part: (n / total, ".1%") for part, n in parts.items()}
    printed = tested[MISPRINTED] - constant["s1_misprint"]
    return {
        "test": (test, ",d"),
        "test.misprinted": (test - printed, ",d"),
        "total": (total, ",d"),
        "left": (images - constant["sdss_boxy"], ",d"),
        **{f"{part}.share": share for part, share in shares.items()},
        "tight.tested": (tested["tight-spiral"] / constant["sdss_tight"], ".1%"),
        "medium.tested": (tested["medium-spiral"] / constant["sdss_medium"], ".1%"),
        "listed.sum": (images + constant["sdss_cigar_listed"] - constant["sdss_cigar"], ",d"),
    }


def _of_areas(known: Numbers) -> dict[str, tuple[float, str]]:
    """Between what the printed accuracy and recall put the area under hard-label ROC curves."""
    sizes = list(_all(known, "published.s1-test-count-").values())
    found = {}
    for row in ("simple", "dropout-bn"):
        accuracy, recall = (
            known[f"published.s1-scratch-{row}-{metric}"]["value"]
            for metric in ("accuracy", "macro-recall")
        )
        low, high = hard_label_range(accuracy, recall, sizes)
        found |= {f"hard.{row}.low": (low, ".3f"), f"hard.{row}.high": (high, ".3f")}
    return found


def _of_network() -> dict[str, tuple[float, str]]:
    """Weights of VGG16 with a dense layer of 64 and nine outputs, for images of 69 px."""
    blocks, before = [], 3
    for wide, n in VGG16:
        blocks.append(sum(9 * (before if k == 0 else wide) * wide + wide for k in range(n)))
        before = wide
    flat = SIDE_LAST**2 * before
    head = flat * DENSE + DENSE + DENSE * CLASSES + CLASSES
    return {
        "vgg.head": (head, ",d"),
        "vgg.all": (sum(blocks) + head, ",d"),
        "vgg.block5": (blocks[-1] + head, ",d"),
    }
