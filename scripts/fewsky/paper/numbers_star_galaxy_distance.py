"""Numbers of the section on distance as an input: who has a redshift."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from fewsky.files import load_table
from fewsky.paper.numbers import Numbers, keyed

CLASSES = ("galaxy", "star")
MAKERS = {"distance": "rule cut_patches, from the redshifts in the catalogues of the patches"}


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
