"""What the catalogue says of a whole frame: its galaxies and stars, and how bright they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.wcs import WCS

from fewsky.console import FewskyError, say
from fewsky.cutouts.magnitudes import best_magnitude
from fewsky.surveys.sdss_objects import read_catalogue, select_objects


def frame_catalogue(
    raw: pd.DataFrame,
    store: Path,
    field: str,
    survey: Mapping[str, Any],
    wcs: WCS,
    seen: np.ndarray,
) -> pd.DataFrame:
    """Catalogued galaxies and stars of a frame: ra, dec (degrees), label, magnitude.

    Selected as for patches: the survey's primaries, blends by their parts; and only where `seen`
    `(y, x)` has data. The magnitude is the reference band's, that of the best model for galaxies
    and of the PSF for stars. `raw` is the shard's list in the raw room, `survey` says the fields'
    kinds of catalogue. Raises FewskyError where the field has no catalogue.
    """
    band = survey["reference_band"]
    listed = read_catalogue(raw, store, field, survey, wcs, seen.shape, band)
    if listed.empty:
        raise FewskyError(
            f"{field}: wanted a catalogue to score detections with; found none. Name one in the "
            "survey, or take the field out of paper.detection.frames."
        )
    objects, _ = select_objects(listed, {})
    places = zip("yx", seen.shape, strict=True)
    row, column = (objects[axis].round().clip(0, n - 1).astype(int) for axis, n in places)
    objects = objects[seen[row, column]].reset_index(drop=True)
    magnitude = best_magnitude(objects, band)
    say(f"{field}: {objects['label'].value_counts().to_dict()} of {len(listed)} catalogued")
    return objects[["ra", "dec", "label"]].assign(magnitude=magnitude)
