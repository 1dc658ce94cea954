"""The figure of growth: time and memory a field against the number of fields."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.growth_told import FLAT
from fewsky.figures import style

# Panels: label, how the costs begin that it shows, and what of them.
PANELS = (
    ("seconds a field", ("cpu of the workflow", "wall of"), "values"),
    ("core-seconds of one more field", ("cpu of one more",), "values"),
    ("peak memory, MB", ("memory of",), "values"),
    ("cost over that at the fewest fields", ("cpu of one more", "memory of"), "ratios"),
)
RULES = ("simulate_scan", "align_fields", "cut_patches", "Snakemake")
LINES = {"cpu": "-", "memory": "--", "wall": ":"}
WORDS = {
    "cpu of one more field, ": "",
    "memory of a job of ": "",
    "memory of ": "",
    "cpu of one more field": "all, with Snakemake",
    "cpu of the workflow": "core-seconds",
    "wall of the workflow": "wall time",
    "wall of one more field": "wall time, one more",
}


def draw(told: Mapping[str, Any], pdf: str | Path, png: str | Path) -> None:
    """Four panels over the number of fields: time, time by rule, memory by rule, and ratios."""
    fig = style.figure(style.PAGE, 4.6)
    axes = fig.subplots(2, 2).ravel()
    for ax, (label, starts, key) in zip(axes, PANELS, strict=True):
        rows = chosen(told["figures"], starts)
        for row in rows:
            ax.plot(row["fields"], row[key], label=worded(row["name"]), **look(row["name"]))
        _dress(ax, told, label)
        if rows:  # one number of fields says nothing of one more
            ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    axes[-1].axhspan(1 - FLAT, 1 + FLAT, color=style.GREY, alpha=0.2, lw=0)
    for ax in axes:
        ax.margins(y=0.1)
        ax.set_ylim(bottom=0)
    kinds = {"time of one more": "-", "memory": "--"}
    lines = [Line2D([], [], color=style.BLACK, ls=line, label=kind) for kind, line in kinds.items()]
    axes[-1].legend(handles=lines, loc="center left", bbox_to_anchor=(1.02, 0.5))
    style.letter(axes)
    style.save(fig, pdf, png, simulated=told["simulated"])


def look(name: str) -> dict[str, Any]:
    """Colour and marker by the rule that costs, line by what it costs."""
    k = next((k for k, rule in enumerate(RULES) if rule in name), len(RULES))
    k += name.startswith("wall of one")
    return {"color": style.CYCLE[k], "marker": style.MARKERS[k], "ls": LINES[name.split()[0]]}


def worded(name: str) -> str:
    """A cost's name beside an axis that says the rest."""
    start = next(start for start in WORDS if name.startswith(start))
    return WORDS[start] + name.removeprefix(start)


def chosen(rows: Iterable[Mapping[str, Any]], starts: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """The costs whose names start so."""
    return [row for row in rows if row["name"].startswith(starts)]


def _dress(ax: Axes, told: Mapping[str, Any], label: str) -> None:
    side = "{} x {}".format(*told["frame_px"])
    ax.set(xscale="log", ylabel=label, xlabel=f"fields of {side} pixels")
    ax.xaxis.set_major_locator(FixedLocator([run["fields"] for run in told["runs"]]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_minor_locator(NullLocator())
