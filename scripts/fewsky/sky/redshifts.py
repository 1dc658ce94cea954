"""SkyServer's answers about redshifts, as the sky's own catalogue would get them.

As in the archive they are asked of the catalogue and not of the truth: photometric redshifts exist
for primaries that the pipeline typed as galaxies, a star among these included, and for no others.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fewsky.sky.catalogue import luptitude
from fewsky.sky.photo import GALAXY
from fewsky.sky.properties_files import csv_bytes
from fewsky.sky.resolve import PRIMARY
from fewsky.sky.scan import REFERENCE, Scan
from fewsky.surveys.sdss import Field
from fewsky.surveys.sdss_asked import redshift_row

# Median redshift at r = 17.5 and its growth a magnitude, of galaxies in a flux-limited survey, and
# their spread about it in the logarithm.
MEDIAN, GROWTH, SPREAD = 0.10, 0.13, 0.35
# Error of a photometric redshift at r = 17.5, in units of 1 + z (Beck et al. 2016 print .02 for
# their spectroscopic sample), its growth a magnitude, and the most it gets to.
ERROR, ERROR_GROWTH, ERROR_MOST = 0.02, 0.15, 0.15
OUTLIERS, FAILURES = 0.03, 0.02  # shares: a redshift from anywhere below 1; none at all (-9999)
SPECTRA_MAG, SPECTRUM_ERROR = 17.77, 1e-4  # limit in r of SDSS's main galaxy sample
NOTHING = -9999.0


def redshift_files(
    scan: Scan, tables: Mapping[int, np.ndarray], asked: Mapping[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """Address and content of the answer about each field: its own objects and its neighbours'.

    `tables` are resolved photoObj rows by field, `asked` has `redshifts` and `urls` of the survey.
    """
    found = {field: _redshifts(scan, field, table, asked) for field, table in tables.items()}
    for field in tables:
        near = [found[one] for one in (field - 1, field, field + 1) if one in found]
        row = redshift_row(asked, Field(scan.run, scan.camcol, field))
        yield row["url"], csv_bytes(pd.concat(near).sort_values("objid"))


def _redshifts(scan: Scan, field: int, table: np.ndarray, asked: Mapping[str, Any]) -> pd.DataFrame:
    """Rows objid, redshift, redshift_error. All detections draw: who is shown changes none."""
    rng = scan.generator(field, "redshifts")
    flux, ivar = table["MODELFLUX"], np.maximum(table["MODELFLUX_IVAR"], 1e-9)
    mag = luptitude(flux, ivar)[0][:, REFERENCE].astype(float)
    true = MEDIAN * 10 ** (GROWTH * (mag - 17.5)) * np.exp(rng.normal(0, SPREAD, len(mag)))
    error = np.minimum(ERROR * 10 ** (ERROR_GROWTH * (mag - 17.5)), ERROR_MOST) * (1 + true)
    told = np.abs(true + error * rng.standard_normal(len(mag)))
    chance, anywhere = rng.random(len(mag)), rng.random(len(mag))
    told = np.where(chance < OUTLIERS, anywhere, told)
    shown = (table["MODE"] == PRIMARY) & (table["OBJC_TYPE"] == GALAXY)
    if asked["redshifts"] == "specobj":
        shown &= mag < SPECTRA_MAG
        told, error = true, np.full(len(mag), SPECTRUM_ERROR)
    else:
        failed = chance > 1 - FAILURES
        told, error = (np.where(failed, NOTHING, values) for values in (told, error))
    rows = {
        "objid": np.char.decode(table["OBJID"], "ascii"),
        "redshift": np.round(told, 5),
        "redshift_error": np.round(error, 5),
    }
    return pd.DataFrame(rows)[shown]
