"""Helpers of the detection chapter's figures: what stands in a picture, and what of it was found.

Boxes are (x0, y0, x1, y1) in pixels of the image as stored, edges and not centres.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from fewsky.boxes.geometry import covered, iou
from fewsky.boxes.table import edges_of
from fewsky.console import FewskyError
from fewsky.figures import style
from fewsky.files import load_table

OVERLAP = 0.5  # intersection over union from which a detection finds a box
FOUND, KNOWN, INVENTED, MISSED = "found", "known", "invented", "missed"
DIFFICULT, RIGHT, MISNAMED = "difficult", "found and rightly named", "misnamed"
NIGHT = "#1A1A1A"
ROOM = 0.85  # share of a picture's width beyond which words would run out of it
# Colour and line of a box by what became of it; on dark sky all of them are light.
LOOKS: Mapping[str, dict[str, Any]] = {
    FOUND: {"edgecolor": style.SKY, "linestyle": "-"},
    RIGHT: {"edgecolor": style.SKY, "linestyle": "-"},
    KNOWN: {"edgecolor": "white", "linestyle": "-", "linewidth": 0.45},
    MISNAMED: {"edgecolor": style.YELLOW, "linestyle": "-."},
    INVENTED: {"edgecolor": style.VERMILLION, "linestyle": "-"},
    MISSED: {"edgecolor": style.YELLOW, "linestyle": "--"},
    DIFFICULT: {"edgecolor": "#BBBBBB", "linestyle": ":"},
}
# The same for bars on white, by the metric's name.
SHARES = {
    "found_right": (RIGHT, style.SKY),
    "misnamed": (MISNAMED, style.YELLOW),
    "missed": (MISSED, style.GREY),
}


class Seen(NamedTuple):
    """What became of detections `(n,)` and of boxes `(m,)` of one image, a word each.

    A detection is found, invented, or difficult where it lies in a difficult box; a box is found,
    missed or difficult.
    """

    found: np.ndarray
    boxes: np.ndarray


def matched(found: pd.DataFrame, true: pd.DataFrame) -> Seen:
    """What COCO's matching at OVERLAP says of the detections in one image.

    `found` has edges and score, `true` is a boxes table. The best score chooses first, of the boxes
    still free the one that it overlaps most.
    """
    order = np.argsort(-found["score"].to_numpy(float), kind="stable")
    hard = true["difficult"].to_numpy(bool)
    boxes = np.where(hard, DIFFICULT, MISSED).astype(object)
    told = np.full(len(found), INVENTED, object)
    if len(true) == 0:
        return Seen(told, boxes)
    near = iou(edges_of(found), edges_of(true))
    within = covered(edges_of(found), edges_of(true))[:, hard].max(axis=1, initial=0)
    for row in order:
        free = np.where(boxes == MISSED, near[row], 0)
        if free.max() >= OVERLAP:
            told[row], boxes[free.argmax()] = FOUND, FOUND
        elif within[row] >= OVERLAP:
            told[row] = DIFFICULT
    return Seen(told, boxes)


def sure_score(found: pd.DataFrame, boxes: pd.DataFrame) -> float:
    """The score from which on detections have the largest F1; -inf without any that finds a box.

    To be taken of validation images. `found` has image, edges and score, and names every image.
    """
    words, scores, counted = [], [], 0
    for name, own in found.groupby("image"):
        own, true = own.dropna(subset=["score"]), boxes[boxes["image"] == name]
        words.append(matched(own, true).found)
        scores.append(own["score"].to_numpy(float))
        counted += int((~true["difficult"]).sum())
    words, scores = (np.concatenate([*parts, []]) for parts in (words, scores))
    order = np.argsort(-scores[words != DIFFICULT], kind="stable")
    hits = np.cumsum(words[words != DIFFICULT][order] == FOUND)
    if len(hits) == 0 or not hits[-1]:
        return float("-inf")
    scores = scores[words != DIFFICULT][order]
    last = np.append(np.diff(scores) != 0, True)  # equal scores enter together
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + counted)
    return float(scores[last][f1[last].argmax()])


def predictions_of(path: str | Path) -> pd.DataFrame:
    """Predictions of one run: of the first draw, at its largest budget, without folds.

    Raises FewskyError where no image of a test part is among them.
    """
    table = load_table(path)
    if "draw" in table:
        table = table[table["draw"] == table["draw"].min()]
    table = table[table["fold"] == -1]
    table = table[table["budget"] == table["budget"].max()]
    if not (table["part"] == "test").any():
        raise FewskyError(
            f"{path}: wanted detections in a test part; found none. Name an experiment of a task "
            "without folds in paper.detection.shown."
        )
    return table


def at_steps(names: Sequence[str], n: int) -> list[str]:
    """So many names at equal steps through their order; all of them where there are fewer."""
    names = sorted(set(names))
    n = min(n, len(names))
    return [names[k * len(names) // n] for k in range(n)]


def worst(found: pd.DataFrame, boxes: pd.DataFrame, n: int) -> list[str]:
    """Names of the images in which most was missed or invented; of equal ones the first by name.

    `found` names every image, with a row without score where nothing was found.
    """
    faults = {}
    for name, own in found.groupby("image"):
        seen = matched(own.dropna(subset=["score"]), boxes[boxes["image"] == name])
        faults[name] = (seen.found == INVENTED).sum() + (seen.boxes == MISSED).sum()
    ranked = sorted(faults, key=lambda name: (-faults[name], name))
    return [name for name in ranked[:n] if faults[name]]


def photograph(ax, image: np.ndarray) -> None:
    """Show an image `(band, y, x)` of 0 to 1, or of bytes, in the coordinates of its boxes."""
    bands = image if len(image) == 3 else np.repeat(image[:1], 3, axis=0)
    high, wide = bands.shape[1:]
    whole = bands if bands.dtype == np.uint8 else np.nan_to_num(bands).clip(0, 1)
    ax.imshow(whole.transpose(1, 2, 0), origin="upper", extent=(0, wide, high, 0),
              interpolation="antialiased")  # fmt: skip
    style.picture(ax)
    ax.set(xlim=(0, wide), ylim=(high, 0))


def frame(ax, edges: Sequence[float], word: str, words: str = "") -> None:
    """Draw one box with the look of its word, and some words inside its upper edge."""
    x0, y0, x1, y1 = map(float, edges)
    look = {"linewidth": 0.9, **LOOKS[word]}
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, **look))
    if words:
        right = x0 > ROOM * ax.get_xlim()[1]
        ax.annotate(words, (x1 if right else x0, y0), (-1.5 if right else 1.5, -1.5),
                    textcoords="offset points", size=6.5, va="top", ha="right" if right else "left",
                    color=look["edgecolor"],
                    path_effects=[withStroke(linewidth=1.4, foreground="black")])  # fmt: skip


def score_words(score: float) -> str:
    """A score with two digits, `.85`."""
    return f"{score:.2f}".replace("0.", ".", 1) if abs(score) < 1 else f"{score:.2f}"


def key_of_boxes(fig, words: Mapping[str, str], columns: int) -> None:
    """A legend of boxes below the figure, dark as the pictures; `words` by the look's name."""
    handles = [Patch(fill=False, **{"linewidth": 1.2, **LOOKS[word]}) for word in words]
    fig.legend(handles, list(words.values()), loc="outside lower center", frameon=True,
               facecolor=NIGHT, edgecolor="none", labelcolor="white", framealpha=1,
               ncols=columns)  # fmt: skip
