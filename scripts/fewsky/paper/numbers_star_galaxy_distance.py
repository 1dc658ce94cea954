"""Numbers of the section on distance as an input: who has a redshift."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.files import load_table
from fewsky.paper import distance
from fewsky.paper.numbers import Numbers, keyed
from fewsky.paper.numbers_scores import comparisons

CLASSES = ("galaxy", "star")
MAKERS = {"distance": "rule cut_patches, from the redshifts in the catalogues of the patches"}


def collect(
    settings: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[Numbers, dict[str, Any] | None]:
    """Numbers and facts of the section; none of both where the paper has no such block."""
    block = settings["chapter"].get("distance")
    if not block:
        return {}, None
    named = settings["comparisons"]
    pairs = [row for path in files["comparisons"].values() for row in comparisons(path, named)]
    facts = distance.facts(block, pairs, settings["survey"].get("redshifts", "none"))
    return of_redshifts(files["catalogs"]), facts


def of_redshifts(catalogs: Iterable[str | Path]) -> Numbers:
    """Shares of the catalogue's galaxies and stars that have a redshift, and what these tell.

    `agreement` is the share of both together whose class is told by having one: galaxies with and
    stars without. Objects seen in two fields count twice.
    """
    catalogs = list(catalogs)
    columns = ["label", "redshift", "redshift_known"]
    table = pd.concat([load_table(path, columns=columns) for path in catalogs])
    table = table[table["label"].isin(CLASSES)]
    known = table["redshift_known"] == 1
    right = known == (table["label"] == "galaxy")
    values: dict[str, tuple[float | None, str]] = {
        "objects": (len(table), ",d"),
        "agreement": (right.mean() if len(table) else None, ".1%"),
        "median": (table["redshift"].median(), ".2f"),
    }
    for name in CLASSES:
        own = known[table["label"] == name]
        values[f"{name}.share"] = (own.mean() if len(own) else None, ".1%")
        values[f"{name}.known"] = (int(own.sum()), ",d")
    return keyed(values, catalogs[0], "distance")
