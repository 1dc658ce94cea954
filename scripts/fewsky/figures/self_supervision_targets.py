"""Helpers of the ablation by targets and bands: gains over nothing at the fewest labels."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fewsky.figures import style
from fewsky.figures.atlas import curve

Row = Mapping[str, str]
KEY = ["task", "start"]  # what a line of a panel is; the ways of a start share it
EDGES = {"gain": "value", "gain_lower": "lower", "gain_upper": "upper"}
LINE, EDGE = 0.36, 0.65  # inches: the height of a line of a panel, and of what stands around
# Colours are starts in the atlas's figures, so ways are told by marks alone.
LOOKS = {
    "probe": {"color": style.BLACK, "marker": "o", "mfc": "white"},
    "lpft": {"color": style.BLACK, "marker": "s"},
    "tuned": {"color": style.GREY, "marker": "^"},
}


def panels(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of the ablation by panel, in the order of their first row."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["panel"], []).append(row)
    return found


def labels(rows: Sequence[Row]) -> dict[tuple[str, str], str]:
    """Words of each line of a panel by task and start, the first on top.

    The bands are told where lines differ in them; the task and the start where two lines would
    read alike.
    """
    lines = {(row["task"], row["start"]): row for row in rows}
    differ = len({row["bands"] for row in rows}) > 1
    words = {key: _told(row, differ) for key, row in lines.items()}
    for k in range(len(KEY)):
        every = list(words.values())
        values = {key[k] for key in words}
        words = {
            key: f"{told}, {key[k]}" if every.count(told) > 1 and len(values) > 1 else told
            for key, told in words.items()
        }
    return words


def _told(row: Row, bands: bool) -> str:
    words = row["words"]
    return f"{words}, {row['bands']}" if bands and row["bands"] not in words else words


def gains(curves: pd.DataFrame, rows: Sequence[Row], metric: str) -> pd.DataFrame:
    """The gain of each row over nothing at its smallest number of labels.

    Columns task, start, way, budget, value, lower, upper and `nothing`, the score of the training
    from nothing at that number. Raises FewskyError where a curve lacks the measure.
    """
    found = []
    for row in rows:
        told = curve(curves, row, metric).iloc[0]
        nothing = curve(curves, {**row, "experiment": row["nothing"]}, metric).iloc[0]
        edges = {new: told[old] for old, new in EDGES.items()}
        where = {key: row[key] for key in (*KEY, "way")}
        found.append({**where, "budget": told["budget"], **edges, "nothing": nothing["value"]})
    return pd.DataFrame(found)


def budget_words(budgets: Sequence[int]) -> str:
    """Numbers of labels in words: `50 labels`, `50–60 labels`."""
    low, high = min(budgets), max(budgets)
    return f"{low:,} labels" if low == high else f"{low:,}–{high:,} labels"


def grid(lines: Sequence[int]) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each number of lines, side by side in pairs, and its axes.

    Lines are equally far apart in all panels, the first on top.
    """
    across = min(len(lines), 2)
    most = [max(lines[k : k + across]) for k in range(0, len(lines), across)]
    heights = [EDGE + LINE * n for n in most]
    fig = style.figure(style.COLUMN if across == 1 else style.PAGE, sum(heights) + 0.3)
    axes = fig.subplots(len(heights), across, squeeze=False, sharex=True,
                        gridspec_kw={"height_ratios": heights}).ravel()  # fmt: skip
    for ax in axes[len(lines) :]:
        ax.remove()
    for k, ax in enumerate(axes[: len(lines)]):
        ax.tick_params(labelbottom=True)
        ax.set_ylim(most[k // across] - 0.5, -0.5)
    return fig, list(axes[: len(lines)])


def points(ax: Axes, table: pd.DataFrame, y: Sequence[float], way: str) -> None:
    """Gains of one way with bars from `lower` to `upper`; a missing limit has no bar."""
    below = (table["value"] - table["lower"]).fillna(0).clip(lower=0)
    above = (table["upper"] - table["value"]).fillna(0).clip(lower=0)
    look = {"ls": "none", "capsize": 1.5, "elinewidth": 0.8, "capthick": 0.8, **LOOKS[way]}
    ax.errorbar(table["value"], y, xerr=[below, above], **look)


def handles(ways: Mapping[str, str]) -> list[Line2D]:
    """Entries of a legend, one a way; `ways` has their words."""
    return [Line2D([], [], ls="none", label=words, **LOOKS[way]) for way, words in ways.items()]
