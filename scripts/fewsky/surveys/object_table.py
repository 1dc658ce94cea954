"""objects.csv: the columns that every list of objects with images has."""

from pathlib import Path

import numpy as np
import pandas as pd
from astropy.coordinates import SkyCoord

from fewsky.console import FewskyError
from fewsky.files import load_table

COLUMNS = ["object_id", "shard", "ra", "dec", "label", "kind", "status", "name", "field", "glon",
           "glat", "diameter_arcsec", "domain"]  # fmt: skip
NUMBERS = ("ra", "dec", "glon", "glat", "diameter_arcsec")
WORDS = [name for name in COLUMNS if name not in NUMBERS]


def finish(table: pd.DataFrame, others: tuple[str, ...] = ()) -> pd.DataFrame:
    """The table with COLUMNS and then `others`, in order; what it lacks is empty.

    Galactic coordinates in degrees follow from ra and dec (ICRS) where they are known.
    """
    table = table.reindex(columns=[*COLUMNS, *others])
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in NUMBERS}
    table = table.assign(**numbers)
    known = (table["ra"].notna() & table["dec"].notna()).to_numpy()
    if known.any():
        places = SkyCoord(table["ra"][known], table["dec"][known], unit="deg").galactic
        table.loc[known, "glon"] = np.round(places.l.deg, 6)
        table.loc[known, "glat"] = np.round(places.b.deg, 6)
    return table.assign(
        **{name: table[name].astype(object).fillna("").astype(str) for name in WORDS}
    )


def load_objects(path: str | Path) -> pd.DataFrame:
    """objects.csv with words as text, whatever they look like, and empty numbers as NaN."""
    kinds = dict.fromkeys(WORDS, str)
    table = load_table(path, dtype=kinds, keep_default_na=False, na_values=[""])
    return table.assign(**{name: table[name].fillna("") for name in WORDS})


def table_error(path: object, wanted: str, found: str) -> FewskyError:
    """What to raise for a list of objects that is not as it should be."""
    return FewskyError(f"{path}: wanted {wanted}; found {found}. Mend it and run again.")
