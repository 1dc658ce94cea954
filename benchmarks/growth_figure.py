"""The figure of growth: time and memory a field against the number of fields."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.growth_told import FLAT
from fewsky.figures import style

PANELS = (
    ("core-seconds a field", ("cpu of",)),
    ("peak memory, MB", ("memory of",)),
    ("cost over that at the fewest fields", ("cpu of the workflow", "wall of", "memory of")),
)


def draw(told: Mapping[str, Any], pdf: str | Path, png: str | Path) -> None:
    """Three panels over the number of fields: time by rule, memory by rule, both as ratios."""
    fig = style.figure(style.PAGE, 3.1)
    axes = fig.subplots(1, 3)
    looks = {row["name"]: (style.CYCLE[k % 7], style.MARKERS[k % 7])
             for kind in ("cpu", "memory")
             for k, row in enumerate(chosen(told["figures"], (kind,)))}  # fmt: skip
    looks["wall of the workflow"] = (style.GREY, "X")
    for ax, (label, starts) in zip(axes, PANELS, strict=True):
        rows = chosen(told["figures"], starts)
        key = "ratios" if "over" in label else "values"
        for row in rows:
            colour, marker = looks[row["name"]]
            ax.plot(row["fields"], row[key], color=colour, marker=marker, label=row["name"])
        _dress(ax, told, label)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22))
    axes[0].set_ylim(bottom=0)
    axes[1].set_ylim(bottom=0)
    axes[2].axhspan(1 - FLAT, 1 + FLAT, color=style.GREY, alpha=0.2, lw=0)
    style.letter(axes)
    style.save(fig, pdf, png, simulated=told["simulated"])


def chosen(rows: Iterable[Mapping[str, Any]], starts: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """The costs whose names start so."""
    return [row for row in rows if row["name"].startswith(starts)]


def _dress(ax: Axes, told: Mapping[str, Any], label: str) -> None:
    side = "{} x {}".format(*told["frame_px"])
    ax.set(xscale="log", ylabel=label, xlabel=f"fields of {side} pixels")
    ax.xaxis.set_major_locator(FixedLocator([run["fields"] for run in told["runs"]]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_minor_locator(NullLocator())
