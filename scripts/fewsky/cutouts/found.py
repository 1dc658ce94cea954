"""Objects of a field that has no catalogue: the sources of its reference band."""

import numpy as np
import pandas as pd
from astropy.wcs import WCS

from fewsky.aligned.stars import subtract_sky
from fewsky.sky.detect import detect
from fewsky.surveys.catalogue_table import finish
from fewsky.surveys.sdss import parse_field

USUAL_FWHM_ARCSEC = 1.4  # where the frame's own stars gave none


def find_sources(
    plane: np.ndarray, field: str, wcs: WCS, fwhm_arcsec: float, pixel_arcsec: float
) -> pd.DataFrame:
    """Sources with a 5-sigma peak on one band `(y, x)`, with the columns of every catalogue.

    Nothing is known of them but x, y (0-based pixels), ra and dec (degrees); blends are taken
    apart. `object_id` is FIELD-NUMBER, from the bottom row upwards.
    """
    sky = subtract_sky(plane)
    width = fwhm_arcsec if np.isfinite(fwhm_arcsec) and fwhm_arcsec > 0 else USUAL_FWHM_ARCSEC
    image = np.where(sky.known, sky.image, 0).astype(np.float32)
    found, _ = detect(np.ascontiguousarray(image), float(sky.rms), width / pixel_arcsec)
    found = found[found["children"] == 0].sort_values(["y", "x"], ignore_index=True)
    place = parse_field(field)
    ra, dec = wcs.all_pix2world(found["x"], found["y"], 0) if len(found) else ([], [])
    table = pd.DataFrame({"x": found["x"], "y": found["y"], "ra": ra, "dec": dec})
    table["object_id"] = [f"{field}-{number}" for number in range(len(table))]
    return finish(field, table.assign(field=field, run=place.run, camcol=place.camcol, label=""))
