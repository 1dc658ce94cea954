"""objects.csv: the columns that every list of objects with images has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def read_text(
    source: Any, name: object, error: Callable | None = None, **options: Any
) -> pd.DataFrame:
    """A CSV as text, its first line as names of columns without blanks; what lacks is "".

    `options` go to pandas, `error` makes the error (by default `table_error`). Raises FewskyError
    on what is none, on a line with more cells than the first, and on a name that repeats.
    """
    error = error or table_error
    try:
        raw = pd.read_csv(source, dtype=str, keep_default_na=False, header=None, **options)
    except (ValueError, pd.errors.ParserError) as fault:
        raise error(name, "a CSV with a line of column names", str(fault)) from None
    names = [str(cell).strip() for cell in raw.iloc[0].fillna("")]
    again = next((one for one in names if one and names.count(one) > 1), None)
    if again:
        raise error(name, "each column once", f"'{again}' twice")
    return raw.iloc[1:].set_axis(names, axis=1).reset_index(drop=True).fillna("")


def load_objects(path: str | Path) -> pd.DataFrame:
    """objects.csv with words as text, whatever they look like, and empty numbers as NaN."""
    kinds = dict.fromkeys(WORDS, str)
    table = load_table(path, dtype=kinds, keep_default_na=False, na_values=[""])
    return table.assign(**{name: table[name].fillna("") for name in WORDS})


def table_error(path: object, wanted: str, found: str) -> FewskyError:
    """What to raise for a list of objects that is not as it should be."""
    return FewskyError(f"{path}: wanted {wanted}; found {found}. Mend it and run again.")
