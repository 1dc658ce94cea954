"""Redshifts joined to an SDSS field's objects by their object id, never by the order of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.surveys.asked_table import demand_columns, numbers, read_answer
from fewsky.surveys.catalogue_table import catalogue_error
from fewsky.surveys.sdss_asked import KIND

COLUMNS = ("redshift", "redshift_error", "redshift_known")
UNMEASURED = -9000.0  # SDSS writes -9999 where it found none


def with_redshifts(
    objects: pd.DataFrame, raw: pd.DataFrame, store: Path, shard: Mapping[str, Any], field: str
) -> pd.DataFrame:
    """The objects of a field with COLUMNS, where the survey asks for redshifts; else as they are.

    `redshift_known` is 1 or 0; an object without a redshift, as every star is, has NaN in the
    others: none is made up. Raises FewskyError where the answer is missing or broken.
    """
    if KIND not in shard:
        return objects
    if objects.empty:
        return objects.assign(**dict.fromkeys(COLUMNS, np.nan))
    rows = raw[(raw["kind"] == KIND) & (raw["field"] == field)]
    if rows.empty:
        raise FewskyError(
            f"{KIND} of {field}: wanted them in the shard's list of raw files; found none. Delete "
            "the list and run again."
        )
    found = read_redshifts(Path(store) / rows["path"].iloc[0])
    joined = objects.merge(found, how="left", on="object_id", validate="many_to_one")
    known = joined["redshift"].notna()
    say(f"{field}: {int(known.sum())} of {len(joined)} objects have a redshift")
    return joined.assign(redshift_known=known.astype(float))


def read_redshifts(path: Path) -> pd.DataFrame:
    """object_id (SDSS's objID as text), redshift and redshift_error of a field's answer.

    What SDSS could not measure is left out; of several redshifts of one object the one with the
    smallest error is kept. An answer without rows is sound: a repeat scan has no primaries.
    """
    table = read_answer(path, may_be_empty=True)
    demand_columns(path.name, table, ("objid", "redshift", "redshift_error"))
    if not table["objid"].str.fullmatch(r"\d+").all():
        strange = table.loc[~table["objid"].str.fullmatch(r"\d+"), "objid"].iloc[0]
        raise catalogue_error(path, "SDSS object ids, whole numbers", f"'{strange}'")
    values = numbers(path.name, table, ("redshift", "redshift_error"))
    values = values.where(values > UNMEASURED).assign(object_id=table["objid"])
    values["redshift_error"] = values["redshift_error"].where(values["redshift_error"] >= 0)
    values = values.dropna(subset="redshift").sort_values("redshift_error", kind="stable")
    return values.drop_duplicates("object_id").reset_index(drop=True)
