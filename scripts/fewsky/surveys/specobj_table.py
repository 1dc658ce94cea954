"""The CSV of SDSS's spectroscopic classes: objects with their magnitudes, sizes and redshifts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.surveys.asked_table import (
    demand_columns,
    drawn,
    labels,
    numbers,
    positions,
    read_answer,
)
from fewsky.surveys.specobj import CLASSES, NUMBERS


def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The drawn objects with the columns of objects.csv and then those of specobj.NUMBERS.

    Magnitudes are SDSS's asinh magnitudes, not corrected for dust; radii arcsec; -9999 is SDSS's
    word for "not measured" and stays. Raises FewskyError, one line, on a table that is none.
    """
    path = Path(store) / files["path"].iloc[0]
    raw = read_answer(path)
    demand_columns(path.name, raw, ("objid", "ra", "dec", "class", *NUMBERS))
    objects = pd.DataFrame({
        "object_id": "sdss-" + raw["objid"],
        **positions(path.name, raw),
        "label": labels(path.name, raw["class"], CLASSES),
        **numbers(path.name, raw, NUMBERS),
    })  # fmt: skip
    return drawn(path.name, objects, settings, tuple(CLASSES.values()), NUMBERS)
