"""Helpers of the figure that tests starts without labels on nebulae, resolution by resolution."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fewsky.paper.tables import scored

Starts = Mapping[str, Mapping[str, int]]
NOTHING = "none"  # the start that has learned nothing
LIMITS = ["value", "lower", "upper"]
WORDS = {
    "none": "random weights",
    "imagenet": "ImageNet",
    "contrastive": "contrastive",
    "masked": "masked squares",
}


def start_words(start: str) -> str:
    """A start in words; one that is not among them by its name, hyphens as spaces."""
    return WORDS.get(start, start.replace("-", " "))


def resolutions(starts: Starts) -> list[int]:
    """Sides of the images in pixels, the coarsest first; `starts` gives that of each experiment."""
    return sorted({size for sizes in starts.values() for size in sizes.values()})


def by_size(metrics: pd.DataFrame, starts: Starts, metric: str, subset: str = "") -> pd.DataFrame:
    """One metric at the largest number of labels: start, size, subset, value, lower, upper.

    `subset` is what names of subsets begin with; without it that of all objects is given. Objects
    are those of the test part or, where there are folds, of all folds.
    """
    tables = [_of_start(metrics, start, sizes, metric) for start, sizes in starts.items()]
    table = pd.concat(tables, ignore_index=True)
    if not subset:
        return table[table["subset"] == "all"]
    return table[table["subset"].str.startswith(f"{subset} ")]


def _of_start(metrics, start: str, sizes: Mapping[str, int], metric: str) -> pd.DataFrame:
    own = metrics[metrics["experiment"].isin(list(sizes))]
    part = "folds" if (own["part"] == "folds").any() else "test"
    rows = scored(own, list(sizes), part=part)
    rows = rows[rows["metric"] == metric].dropna(subset=["value"])
    return rows.assign(start=start, size=rows["experiment"].map(sizes))[
        ["start", "size", "subset", *LIMITS]
    ]


def gains(comparisons: pd.DataFrame, starts: Starts) -> pd.DataFrame:
    """How much better each start is than the one that has learned nothing, paired, by size.

    Columns start, size, value, lower, upper: the difference of the compared metric. A resolution at
    which either was not compared is left out.
    """
    base = {size: name for name, size in starts[NOTHING].items()}
    pairs = comparisons.set_index(["a", "b"])
    rows = []
    for start, sizes in starts.items():
        for name, size in sizes.items():
            other = base.get(size)
            found = None if start == NOTHING else _difference(pairs, name, other)
            if found is not None:
                rows.append({"start": start, "size": size, **found})
    return pd.DataFrame(rows, columns=["start", "size", *LIMITS])


def _difference(pairs: pd.DataFrame, name: str, other: str | None) -> dict[str, float] | None:
    for key, sign in (((name, other), 1), ((other, name), -1)):
        if key in pairs.index:
            row = pairs.loc[[key]].iloc[0]
            edges = sorted(sign * row[["lower", "upper"]].to_numpy(float))
            return dict(zip(LIMITS, (sign * row["difference"], *edges), strict=True))
    return None


def bins_of(subsets: Sequence[str], column: str) -> list[tuple[str, str]]:
    """Subsets that are bins of a column, from the lowest, with what is written below each.

    `peaks_r 2-4` is written `2 to < 4`, the last one `≥ 4`.
    """
    found = {}
    for name in set(subsets):
        low, _, high = name.removeprefix(f"{column} ").rpartition("-")
        words = f"≥ {low}" if high == "inf" else f"{low} to < {high}"
        found[float(low)] = (name, words.replace("-", "−"))
    return [found[low] for low in sorted(found)]


def moved(places: np.ndarray, k: int, n: int, step: float) -> np.ndarray:
    """Places of the k-th of n starts, moved sideways a little to keep them apart."""
    return places + step * (k - (n - 1) / 2)
