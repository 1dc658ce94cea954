"""The catalogue of S-PLUS with SDSS's spectroscopic classes: twelve AUTO magnitudes an object."""

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
from fewsky.surveys.splus import CLASSES, NUMBERS


def select_objects(files: pd.DataFrame, store: Path, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The drawn objects with the columns of objects.csv and then those of splus.NUMBERS.

    Magnitudes are AB; 99 and -99, S-PLUS's words for "not detected" and "not measured", stay. Full
    width is in pixels. Raises FewskyError, one line, on a table that is none.
    """
    path = Path(store) / files["path"].iloc[0]
    raw = read_answer(path)
    demand_columns(path.name, raw, ("objid", "ra", "dec", "class", *NUMBERS))
    objects = pd.DataFrame({
        "object_id": "splus-" + raw["objid"],
        **positions(path.name, raw),
        "label": labels(path.name, raw["class"], CLASSES),
        **numbers(path.name, raw, NUMBERS),
    })  # fmt: skip
    return drawn(path.name, objects, settings, tuple(CLASSES.values()), NUMBERS)
