"""Maps of what starting weights see, with their measures: read, put in words, drawn."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from fewsky.figures import style
from fewsky.files import load_table
from fewsky.paper.tables import number

MEASURES = {"knn_accuracy": "kNN", "silhouette": "sil.", "ari": "ARI", "nmi": "NMI"}
LETTER = 0.066  # inches, the width of a letter of a title
MANY = 2000  # points from which the PDF holds them as a picture


class Seen(NamedTuple):
    """What some weights see of a task: the map of its objects, and the measures by their name."""

    points: pd.DataFrame
    measures: pd.DataFrame


def load_seen(points: Iterable[str | Path], tables: Iterable[str | Path]) -> dict[tuple, Seen]:
    """Every representation by (task, weights), from files at representations/TASK/WEIGHTS."""
    found = {}
    for place, table in zip(map(Path, points), tables, strict=True):
        name = (place.parent.name, place.stem)
        found[name] = Seen(load_table(place), load_measures(table))
    return found


def load_measures(path: str | Path) -> pd.DataFrame:
    """Measures of a representation: value, lower, upper and n, indexed by metric."""
    return load_table(path).set_index("metric")


def looks(classes: Sequence[str]) -> dict[str, dict[str, str]]:
    """Colour and marker of each class; more than seven differ in the pair of them."""
    n = len(style.CYCLE)
    return {
        name: {"color": style.CYCLE[k % n], "marker": style.MARKERS[(k + k // n) % n]}
        for k, name in enumerate(classes)
    }


def measures_words(measures: pd.DataFrame) -> str:
    """Measures in two lines, as they stand below a map."""
    told = [f"{words} {number(measures['value'][name], 2)}" for name, words in MEASURES.items()]
    return f"{told[0]}, {told[1]}\n{told[2]}, {told[3]}"


def title_of(words: str, width: float) -> str:
    """Words in lines that fit above a map so many inches wide, with the letter of the panel."""
    return fill(words, max(int(width / LETTER) - 4, 8))


def words_of(label: str) -> str:
    """A class in words."""
    return label.replace("-", " ")


def draw_map(ax: Axes, seen: Seen, classes: Sequence[str], title: str, width: float) -> None:
    """The map of a task's objects, a colour and marker a class, in an axes `width` inches wide."""
    n = len(seen.points)
    size = min(max(800 * width / max(n, 1), 1.5), 10)
    for name, look in looks(classes).items():
        own = seen.points[seen.points["label"] == name]
        ax.scatter(own["x"], own["y"], s=size, alpha=0.7, lw=0, label=words_of(name),
                   rasterized=n > MANY, **look)  # fmt: skip
    ax.set(xticks=[], yticks=[], box_aspect=1)
    ax.spines[:].set(visible=True, color="#CCCCCC")
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(title=title_of(title, width))
    ax.set_xlabel(measures_words(seen.measures))
