"""Scores and comparisons as the text quotes them, the same for every chapter."""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fewsky.files import load_table
from fewsky.paper.numbers import Numbers, interval, number
from fewsky.paper.tables import p_value

FORMS = {"confusion": ".1f", "count": ",d", "share": ".1%", "majority": ".3f", "yield": ".1f"}
# Of the subsets of the test part, the text quotes these measures only.
ROOMS = ("score", "truth")
QUOTED = ("accuracy", "mcc", "error_rate", "auroc")


def of_metrics(
    path: str | Path, bins_of: Iterable[str], part: str = "test", rooms: tuple[str, str] = ROOMS
) -> Numbers:
    """Scores on a part, aggregated over draws, at each experiment's largest budget.

    Keys are score.EXPERIMENT.MEASURE against the catalogue and truth.EXPERIMENT.MEASURE against
    the truth, or those of other `rooms`; a subset stands before the measure. Bins of magnitude,
    neighbours and kinds are kept for the experiments in `bins_of`.
    """
    table = load_table(path)
    rows = table[(table["draw"] == -1) & (table["part"] == part)]
    largest = rows.groupby("experiment")["budget"].transform("max")
    rows = rows[(rows["budget"] == largest) & (rows["fold"] == rows["fold"].min())]
    room_of = dict(zip(("catalogue", "truth"), rooms, strict=True))
    binned = set(bins_of)
    numbers: Numbers = {}
    for row in rows.itertuples():
        whole = row.subset == "all"
        in_bin = not whole and not row.subset.startswith(("snr>", "matched"))
        if not whole and (row.metric not in QUOTED or (in_bin and row.experiment not in binned)):
            continue
        room = room_of[row.reference]
        stem = f"{room}.{row.experiment}" + ("" if whole else f".{row.subset}")
        numbers |= interval(f"{stem}.{row.metric}", row, _form(row.metric), path)
        numbers[f"{stem}.n"] = number(int(row.n), ",d", path)
        numbers[f"{room}.{row.experiment}.budget"] = number(int(row.budget), ",d", path)
    return numbers


def _form(metric: str) -> str:
    return FORMS.get(metric.split("_")[0], ".3f")


def bins(path: str | Path, experiment: str, pattern: str) -> list[dict[str, str]]:
    """Bins of an experiment in the order of the table: subset name, and its range in words.

    `pattern` matches the subset's name and has the groups low and high, for example
    "r (?P<low>.+)-(?P<high>.+)"; an open end is infinite.
    """
    table = load_table(path)
    names = dict.fromkeys(table.loc[table["experiment"] == experiment, "subset"])
    matches = {name: re.fullmatch(pattern, name) for name in names}
    return [{"name": n, "words": _range(m["low"], m["high"])} for n, m in matches.items() if m]


def _range(low: str, high: str) -> str:
    if low == "-inf":
        return f"below {high}"
    return f"above {low}" if high == "inf" else f"{low} to {high}"


def _chance(p: float, path: str | Path) -> str:
    """What stands behind the letter p: `= 0.012`, or `< 0.001`, as tables print it."""
    if math.isnan(p):
        return str(number(p, ".3f", path)["text"])
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def comparisons(path: str | Path, named: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Comparisons of a task as the text prints them, those named beforehand first.

    A named one with too few draws is not `primary`: its p is not corrected and it counts as
    exploratory.
    """
    rows = load_table(path, keep_default_na=False, na_values=[""])
    forms = {key: "+.3f" for key in ("difference", "lower", "upper")}
    forms |= {"minimum_detectable": ".3f", "n_replicates": "d"}
    known = {(pair["a"], pair["b"], pair["metric"]) for pair in named}
    told = [
        {
            **{
                key: number(float(getattr(row, key)), form, path)["text"]
                for key, form in forms.items()
            },
            **{key: _chance(float(getattr(row, key)), path) for key in ("p", "p_holm")},
            **{key: str(getattr(row, key)) for key in ("a", "b", "metric", "verdict")},
            "primary": bool(row.primary),
            "named": (row.a, row.b, row.metric) in known,
        }
        for row in rows.itertuples()
    ]
    return sorted(told, key=lambda pair: not pair["named"])
