"""Tables of many trainings joined into one, bins of metrics, and the look of each experiment."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from fewsky.figures import style
from fewsky.files import load_json, load_table


def joined(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Tables at models/EXPERIMENT/draw-K/ in one, with columns experiment and draw.

    Of each experiment and draw only the largest budget is kept. A table at draw-all has the column
    draw itself.
    """
    tables = []
    for path in map(Path, paths):
        table = load_table(path).assign(experiment=path.parts[-3])
        if "draw" not in table:
            table["draw"] = draw_of(path)
        tables.append(table[table["budget"] == table["budget"].max()])
    return pd.concat(tables, ignore_index=True)


def draw_of(path: Path) -> int:
    """Number of the draw whose folder holds a file."""
    return int(path.parts[-2].removeprefix("draw-"))


def kept_epochs(histories: Iterable[str | Path], cards: Iterable[str | Path]) -> pd.DataFrame:
    """Rows of the histories at the epoch whose weights were kept, by each model's card."""
    runs = [
        {"experiment": card["experiment"], "draw": card["draw"],
         **{key: run[key] for key in ("budget", "fold", "epoch")}}
        for card in map(load_json, cards)
        for run in card["runs"]
    ]  # fmt: skip
    return joined(histories).merge(pd.DataFrame(runs))


def in_bins(rows: pd.DataFrame, start: str) -> pd.DataFrame:
    """Metrics rows whose subset is a bin such as `r 18.0-18.5`: with its columns low and high.

    `start` is what stands before the numbers, "r " for magnitudes. Rows come in order of the bins.
    """
    pattern = rf"^{re.escape(start)}(-?inf|-?[\d.]+)-(inf|[\d.]+)(?: \w+)?$"
    edges = rows["subset"].str.extract(pattern)
    found = rows.assign(low=edges[0].astype(float), high=edges[1].astype(float))
    return found.dropna(subset=["low", "high"]).sort_values("low", kind="stable")


def looks(experiments: Sequence[str]) -> dict[str, dict[str, str]]:
    """Colour and marker of each experiment, the same wherever they are named in this order."""
    return {
        name: {
            "color": style.CYCLE[k % len(style.CYCLE)],
            "marker": style.MARKERS[k % len(style.MARKERS)],
        }
        for k, name in enumerate(experiments)
    }
